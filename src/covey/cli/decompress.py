"""`covey decompress`: .cvi files to pictures, .cvv files to clips, folders of either or both."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from covey import __version__
from covey.cli import options
from covey.cli.coding_clips import SUFFIX as CLIP
from covey.cli.coding_jobs import (
    MOST_OF_FRAMES,
    MOST_OF_PICTURES,
    Codec,
    MaxPixels,
    Overwrite,
    Todo,
    codec_of,
    done_all,
    todo_of,
    write,
    wrote,
)
from covey.cli.compress_video import video_codec_of
from covey.cli.decoding_clips import DecodingOptions, decode_clips
from covey.cli.decompress_video import decompress_video
from covey.cli.interrupt import WriteGate, ends_as_if_interrupted
from covey.cli.terminal import Terminal
from covey.extras import require
from covey.picture_folder import files_in, jobs_of
from covey.types import InputError, UsageError

if TYPE_CHECKING:
    from covey.picture_folder import Job

_FILMS = (".mkv", ".mp4", ".mov", ".y4m")


@options.flat
def decompress(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="A .cvi or .cvv file, or a folder of either or both."),
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="OUT",
            help="Picture, its format by its name; of a .cvv file a clip (.mp4, .mkv, .mov, .y4m), "
            "or a folder of frames. Of a folder a folder.",
        ),
    ],
    suffix: Annotated[
        str | None,
        typer.Option(metavar="SUFFIX", help="Format of the pictures of a folder.  [default: .png]"),
    ] = None,
    clip_suffix: Annotated[
        str | None,
        typer.Option(
            metavar="SUFFIX",
            help="Format of the clips of a folder; .mkv holds audio of any kind.  [default: .mkv]",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="A damaged file is no failure: keep what can be read.")
    ] = False,
    start: Annotated[
        int | None,
        typer.Option(min=0, help="Of one clip, number of the first frame that is wanted."),
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=1, help="Of one clip, how many frames are wanted.")
    ] = None,
    crf: Annotated[
        int | None,
        typer.Option(min=0, max=51, help="Of clips, quality of the H.264 that is written; 0 best."),
    ] = None,
    model: Codec = None,
    max_pixels: MaxPixels = MOST_OF_PICTURES,
    overwrite: Overwrite = False,
    threads: options.Threads = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Turn .cvi files into pictures again, and .cvv files into clips.

    Of a damaged or cut off file what can be read is written, what could not is told, and the exit
    code is 3 unless --force is given. Of a folder, pictures and clips that are there and not older
    than their files are left, so that an interrupted run goes on; those of damaged files are dated
    1970, and so done anew by the next run. Clips of a folder come one after another.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey.resources import available_threads

    threads = threads or available_threads()
    alone = not source.is_dir()
    most_of_frames = MOST_OF_FRAMES if max_pixels == MOST_OF_PICTURES else max_pixels
    of_clips = DecodingOptions(
        crf, most_of_frames, threads, overwrite=overwrite, start=start or 0, count=frames
    )
    if source.suffix.lower() == CLIP and alone:
        if suffix is not None or clip_suffix is not None:
            name = "--suffix" if suffix is not None else "--clip-suffix"
            raise UsageError(f"{name} is for folders; name the format as of {out}")
        decompress_video(source, out, of_clips, terminal, model=model, force=force)
        return
    for name, value in (("--start", start), ("--frames", frames)):
        if value is not None:
            raise UsageError(f"{name} is for one clip, whose IN ends in .cvv")
    from covey.io.pictures import SUFFIX

    films = [] if alone else files_in(source, (CLIP,))
    pictured = not films or bool(files_in(source, (SUFFIX,)))
    if not films:
        for name, given in (("--crf", crf is not None), ("--clip-suffix", clip_suffix is not None)):
            if given:
                raise UsageError(f"{name} is for clips, and IN holds no .cvv file")
    elif not pictured and suffix is not None:
        raise UsageError(f"--suffix is for pictures, and {source} holds clips; say --clip-suffix")
    elif pictured and model is not None:
        raise UsageError(
            f"--model is for one of both, and {source} holds pictures and clips; do them apart"
        )
    becomes = _clip_suffix(clip_suffix, crf)
    for module in ("torch", "constriction"):
        require(module, "codec")
    from covey.cli.machine import peak_memory_mb
    from covey.io.pictures import picture_file
    from covey.pictures import decode_bytes

    suffix = f".{(suffix or 'png').removeprefix('.')}"
    clip_codec = video_codec_of(model) if films else None
    codec = codec_of(model) if clip_codec is None or pictured else clip_codec.image
    jobs = jobs_of(source, out, (SUFFIX,), suffix) if pictured else []
    todo = todo_of(jobs, overwrite, alone=alone)
    clips = todo_of(jobs_of(source, out, (CLIP,), becomes) if films else [], overwrite, alone=False)
    damaged: dict[str, list[str]] = {}
    decoded: list[dict[str, Any]] = []
    lost: dict[str, str] = {}
    with ends_as_if_interrupted(), terminal.progress() as tell:

        def work(job: Job, at_once: int, gate: WriteGate) -> str:
            single = at_once == 1
            found = decode_bytes(
                _bytes_of(job.source),
                str(job.source),
                codec,
                max_pixels,
                threads=threads if single else 1,
                tick=(lambda done: tell("decompressing", done)) if single else (lambda done: None),
            )
            data = picture_file(found.picture, job.target)
            write(job, data, gate, sound=alone or not found.damage)
            if found.damage:
                damaged[str(job.source)] = list(found.damage)
                terminal.remark(f"covey: {job.source}: {'; '.join(found.damage)}")
            return str(job.target)

        if clip_codec is not None:  # one after another, as each has all threads
            decoded, lost = decode_clips(clips.jobs, clip_codec, of_clips, terminal, tell)
        pictures, failed = done_all(
            todo.jobs, work, threads, "decompressing", tell, terminal, alone=not films
        )
    failed |= lost
    damaged |= {each["source"]: each["damage"] for each in decoded if each["damage"]}
    results = [*pictures, *(each["outputs"][0] for each in decoded)]
    whole = Todo([*todo.jobs, *clips.jobs], todo.left + clips.left, {*todo.there, *clips.there})
    facts = {
        "version": __version__,
        "codec": codec.mark.hex(),
        "video_codec": None if clip_codec is None else clip_codec.mark.hex(),
        "outputs": results,
        "clips": decoded,
        "damaged": damaged,
        "failed": failed,
        "left": whole.left,
        "replaced": whole.replaced(results),
        "seconds": round(terminal.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    words = [f"{name}: {'; '.join(each)}" for name, each in damaged.items()]
    words += [f"{name}: {why}" for name, why in failed.items()] if len(whole.jobs) > 1 else []
    words += [
        f"Note: {each['source']} has audio, which {becomes} does not hold."
        for each in decoded
        if each["audio_left_out"] and not each["damage"]
    ]
    terminal.answer([*words, wrote(results, whole, out)], facts)
    if failed or (damaged and not force):
        n = len(failed) + (0 if force else len(damaged))
        hint = "" if failed else "; --force makes that no failure"
        raise InputError(f"{n} of {len(whole.jobs)} files are damaged or could not be read{hint}")


def _clip_suffix(wanted: str | None, crf: int | None) -> str:
    """Of the clips of a folder."""
    suffix = f".{(wanted or 'mkv').removeprefix('.').lower()}"
    if suffix not in _FILMS:
        raise UsageError(
            f"--clip-suffix {wanted}: clips are written as {', '.join(_FILMS)}; choose one"
        )
    if crf is not None and suffix == ".y4m":
        raise UsageError("--crf is for films by H.264, and .y4m is none")
    return suffix


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
