"""`covey compress`: pictures to .cvi files, clips to .cvv files, folders of either or both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from covey import __version__
from covey.cli import options
from covey.cli.coding_clips import FILMS, VideoOptions, code_clips
from covey.cli.coding_clips import SUFFIX as CLIP
from covey.cli.coding_jobs import (
    MOST_OF_FRAMES,
    MOST_OF_PICTURES,
    Codec,
    Effort,
    MaxPixels,
    Overwrite,
    Todo,
    codec_of,
    done_all,
    todo_of,
    write,
    wrote,
)
from covey.cli.compress_video import clip_lines, compress_video, video_codec_of
from covey.cli.interrupt import WriteGate, ends_as_if_interrupted, interruptible
from covey.cli.terminal import Terminal
from covey.extras import require
from covey.picture_folder import files_in, jobs_of
from covey.types import InputError, UsageError

if TYPE_CHECKING:
    from covey.codec.rate_index import Numbers
    from covey.picture_folder import Job
    from covey.picture_set import CodedSet


REGION_GAIN = 25.0
"""Of quality, unless another is asked for."""


@dataclass(frozen=True, slots=True)
class Compressed:
    """What became of a picture; sizes in bytes, `rate` in [0, 8999]."""

    source: str
    output: str
    width: int
    height: int
    source_bytes: int
    bytes: int
    bpp: float
    rate: int
    passes: int
    notes: list[str]


@options.flat
def compress(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="A picture that Pillow opens, or a folder of pictures and clips; for OUT.cvv a "
            "clip that FFmpeg opens, or a folder of its frames.",
        ),
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", metavar="OUT", help="File .cvi, or folder for a folder; .cvv for a clip."
        ),
    ],
    quality: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="From 0 to 100, in 9000 steps.  [default: 50]"),
    ] = None,
    bpp: Annotated[float | None, typer.Option(help="Bits a pixel at most.")] = None,
    size: Annotated[
        int | None,
        typer.Option(
            parser=options.as_bytes, metavar="SIZE", help="Bytes of each file at most, like 200KB."
        ),
    ] = None,
    psnr: Annotated[float | None, typer.Option(help="PSNR in dB at least.")] = None,
    bitrate: Annotated[
        int | None,
        typer.Option(
            parser=options.as_bytes,
            metavar="RATE",
            help="Bits a second of a clip at most, like 800K.",
        ),
    ] = None,
    target_total: Annotated[
        int | None,
        typer.Option(
            parser=options.as_bytes,
            metavar="SIZE",
            help="Bytes of all files of a folder together at most, like 2GB: all by one rate.",
        ),
    ] = None,
    region: Annotated[
        Path | None,
        typer.Option(
            metavar="MASK",
            help="A picture of the same size, upright, white where it should be better; in squares "
            "of 32 pixels.",
        ),
    ] = None,
    region_gain: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="By how much quality it is better there.  [default: 25]"),
    ] = None,
    group: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1024,
            help="Frames of a clip from one picture to the next, at most; what is lost of a file "
            "costs so many at most.  [default: 32]",
        ),
    ] = None,
    audio: Annotated[
        bool | None, typer.Option("--audio/--no-audio", help="Keep the audio of a clip as it is.")
    ] = None,
    frame_rate: Annotated[
        Fraction | None,
        typer.Option(
            parser=options.as_rate,
            metavar="RATE",
            help="Frames a second of a folder of frames, like 30000/1001.  [default: 25]",
        ),
    ] = None,
    effort: Effort = 1,
    model: Codec = None,
    max_pixels: MaxPixels = MOST_OF_PICTURES,
    overwrite: Overwrite = False,
    threads: options.Threads = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Compress pictures by a learned codec.

    A folder is done several pictures at a time, its files laid out alike in OUT; those that are
    there and not older than their pictures are left, so that an interrupted run goes on. Kept are 8
    bits a channel, transparency, colour profile and orientation; no other EXIF, no XMP.

    A clip goes to one file, some groups of frames at a time; its audio is kept as it is. An
    interrupted run leaves OUT.cvv.part, which the same command goes on from. Clips of a folder go
    to NAME.cvv beside the .cvi files of its pictures, one after another.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    of_pictures = {
        "--target-total": target_total,
        "--region": region,
        "--region-gain": region_gain,
        "--effort 2": True if effort > 1 else None,
    }
    of_clips = {"--bitrate": bitrate, "--group": group, "--audio": audio}
    to_clip = out.suffix.lower() == CLIP
    films = [] if to_clip or not source.is_dir() else files_in(source, FILMS)
    if to_clip or films:
        _refuse(of_pictures, "pictures", "OUT is a clip" if to_clip else f"{source} holds clips")
    else:
        _refuse(of_clips, "clips", "OUT does not end in .cvv")
    if not to_clip:
        _refuse({"--frame-rate": frame_rate}, "a folder of frames", "OUT does not end in .cvv")
    for module in ("torch", "constriction"):
        require(module, "codec")
    from covey.resources import available_threads
    from covey.video_target import VideoTarget
    from covey.videos import GROUP

    threads = threads or available_threads()
    asked = VideoOptions(
        VideoTarget(quality, bpp, bitrate, size, psnr),
        GROUP if group is None else group,
        effort,
        audio is not False,
        frame_rate,
        MOST_OF_FRAMES if max_pixels == MOST_OF_PICTURES else max_pixels,
        threads,
    )
    if to_clip:
        compress_video(source, out, asked, terminal, model=model, overwrite=overwrite)
        return
    from covey.cli.machine import peak_memory_mb
    from covey.codec.region import region_rates
    from covey.io.photographs import SUFFIXES
    from covey.io.picture_sources import mask_from
    from covey.io.pictures import SUFFIX, read_picture
    from covey.picture_set import encode_set
    from covey.pictures import Target, encode_to

    pictured = not films or bool(files_in(source, SUFFIXES))
    if films and pictured:
        both = f"{source} holds pictures and clips; do them apart"
        _refuse({"--bitrate": bitrate}, "clips", both)
        _refuse({"--model": model}, "one of both", both)
    clip_codec = video_codec_of(model) if films else None
    codec = codec_of(model) if clip_codec is None or pictured else clip_codec.image
    target = Target(quality, bpp, size, psnr)
    if target_total is not None and target != Target():
        raise UsageError("--target-total sets the rate of all; leave out what is asked of each")
    if target_total is not None and not source.is_dir():
        raise UsageError(f"{source}: is no folder; ask for the --size of a file")
    if region is not None and source.is_dir():
        raise UsageError("--region is of one picture, and IN is a folder")
    jobs = jobs_of(source, out, SUFFIXES, SUFFIX) if pictured else []
    if not source.is_dir() and out.suffix.lower() != SUFFIX:
        raise UsageError(f"{out}: must end in {SUFFIX}, or in .cvv for a clip")
    alone = not source.is_dir()
    todo = todo_of(jobs, overwrite, alone=alone)
    clips = todo_of(jobs_of(source, out, FILMS, CLIP) if films else [], overwrite, alone=False)
    if target_total is not None and todo.left:
        raise UsageError(
            f"{out}: holds {todo.left} of the files already, and --target-total is of all; "
            "--overwrite writes them anew"
        )
    coded: list[dict[str, Any]] = []
    lost: dict[str, str] = {}
    with ends_as_if_interrupted(), terminal.progress() as tell:

        def work(job: Job, at_once: int, gate: WriteGate) -> Compressed:
            picture, notes = read_picture(job.source, max_pixels)
            rates: Callable[[int], Numbers] = int
            if region is not None:
                gain = REGION_GAIN if region_gain is None else region_gain
                rates = region_rates(mask_from(region, picture, max_pixels), gain)
            single = at_once == 1
            found = encode_to(
                picture,
                target,
                codec,
                rates=rates,
                effort=effort,
                threads=threads if single else 1,
                tick=(lambda done: tell("compressing", done)) if single else (lambda done: None),
            )
            data = found.made.data
            write(job, data, gate)
            height, width = picture.pixels.shape[:2]
            return _compressed(job, (width, height), len(data), found.rate, found.passes, notes)

        if clip_codec is not None:  # one after another, as each has all threads
            coded, lost = code_clips(clips.jobs, clip_codec, asked, terminal, tell)
        if target_total is None:
            results, failed = done_all(
                todo.jobs, work, threads, "compressing", tell, terminal, alone=not films
            )
        else:
            code = partial(
                encode_set,
                todo.jobs,
                target_total,
                codec,
                effort=effort,
                threads=threads,
                max_pixels=max_pixels,
                tell=tell,
            )
            results, failed = _all_by_one_rate(code, out, tell)
        failed = failed | lost
    before, after = (_sum(results, name) + sum(each[name] for each in coded) for name in _SIZES)
    outputs = [each.output for each in results] + [each["outputs"][0] for each in coded]
    whole = Todo([*todo.jobs, *clips.jobs], todo.left + clips.left, {*todo.there, *clips.there})
    facts = {
        "version": __version__,
        "codec": codec.mark.hex(),
        "video_codec": None if clip_codec is None else clip_codec.mark.hex(),
        "files": [asdict(each) for each in results],
        "clips": coded,
        "failed": failed,
        "left": whole.left,
        "replaced": whole.replaced(outputs),
        "bytes": after,
        "source_bytes": before,
        "seconds": round(terminal.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    words = [line for each in coded for line in clip_lines(each)]
    terminal.answer(_compress_words(results, words, failed, whole, outputs, out), facts)
    if failed:
        what = "files" if films else "pictures"
        raise InputError(f"{len(failed)} of {len(whole.jobs)} {what} could not be compressed")


def _refuse(given: dict[str, Any], of: str, why: str) -> None:
    """Refuses options that are not None."""
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"{name} is for {of}, and {why}")


def _sum(results: Sequence[Compressed], name: str) -> int:
    return sum(getattr(each, name) for each in results)


_SIZES = ("source_bytes", "bytes")


def _all_by_one_rate(
    code: Callable[[Path], CodedSet], out: Path, tell: Callable[[str, float], None]
) -> tuple[list[Compressed], dict[str, str]]:
    """Results of all pictures of a folder that share a total, and why others failed."""
    from covey.io.atomic import scratch_folder

    gate = WriteGate()
    with scratch_folder(out) as scratch:

        def run() -> CodedSet:
            found = code(scratch)
            for number, each in enumerate(found.files, 1):
                write(each.job, each.path.read_bytes(), gate)
                tell("writing", number / len(found.files))
            return found

        found = interruptible(run, gate)
    results = [
        _compressed(
            each.job, (each.width, each.height), each.bytes, found.rate, found.passes, each.notes
        )
        for each in found.files
    ]
    return results, found.failed


def _compressed(
    job: Job, size: tuple[int, int], n_bytes: int, rate: int, passes: int, notes: list[str]
) -> Compressed:
    return Compressed(
        str(job.source),
        str(job.target),
        *size,
        job.source.stat().st_size,
        n_bytes,
        round(8 * n_bytes / (size[0] * size[1]), 4),
        rate,
        passes,
        notes,
    )


def _compress_words(
    results: Sequence[Compressed],
    of_clips: Sequence[str],
    failed: dict[str, Any],
    todo: Todo,
    outputs: Sequence[str],
    out: Path,
) -> list[str]:
    from covey.byte_sizes import format_bytes

    lines = [f"Note: {each.source} {note}." for each in results for note in each.notes]
    lines += [f"{name}: {why}" for name, why in failed.items()]
    if results:
        before, after = (_sum(results, name) for name in _SIZES)
        pixels = sum(each.width * each.height for each in results)
        lines.append(
            f"{format_bytes(before)} became {format_bytes(after)}, {8 * after / pixels:.3f} bits a "
            "pixel."
        )
    return [*lines, *of_clips, wrote(outputs, todo, out)]
