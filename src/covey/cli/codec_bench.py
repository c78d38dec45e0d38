"""`covey codec bench`: codecs beside other formats, on a user's own pictures or clip."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from covey import __version__
from covey.cli import options
from covey.cli.codec_bench_parts import JSON, PAGE, SHEET, check_out, chosen, machine
from covey.cli.coding_jobs import (
    MOST_OF_FRAMES,
    MOST_OF_PICTURES,
    Codec,
    Effort,
    MaxPixels,
    codec_of,
)
from covey.cli.terminal import Terminal
from covey.types import InputError, UsageError

if TYPE_CHECKING:
    from covey.codec_bench.measuring import Bench

codecs = typer.Typer(
    help="Look at codecs. Needs pip install 'covey[codec]'.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_POINTS, _POINTS_OF_CLIPS = 8, 6


@codecs.callback()
def _several() -> None:
    """Keeps the name of the only command, which others join."""


@codecs.command()
@options.flat
def bench(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="IN",
            help="A picture that Pillow opens, or a folder of them; a clip that FFmpeg opens, or, "
            "with --video, a folder of its frames.",
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FOLDER",
            help=f"Folder for {JSON}, all points of each picture or of the clip, and {PAGE}, their "
            f"curves; for a clip also {SHEET}, frames and what foresees them.",
        ),
    ] = None,
    video: Annotated[
        bool,
        typer.Option(
            "--video",
            help="IN is a clip; needed for a folder of frames, and where the name does not say so.",
        ),
    ] = False,
    model: Codec = None,
    points: Annotated[
        int | None,
        typer.Option(
            min=2,
            max=100,
            help="Settings of each format, small files to good ones.  [default: 8; 6 for a clip]",
        ),
    ] = None,
    formats: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Only these beside Covey, with commas: jpeg, webp, avif, heic, jxl; of clips "
            "x264, x265, av1.  [default: all that can be written here]",
        ),
    ] = None,
    effort: Effort = 1,
    max_images: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Only so many of a folder, evenly by name."),
    ] = None,
    max_frames: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Only the first frames of a clip, so many.  [default: 96]"
        ),
    ] = None,
    max_pixels: MaxPixels = MOST_OF_PICTURES,
    threads: options.Threads = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Compare the codec with other formats on your own pictures or clip: size, quality, seconds.

    Every picture is coded at several settings of each format and decoded again. Several pictures
    are done at a time, each on one thread, whose own seconds are told.

    A clip is compared with x264, x265 and SVT-AV1, one setting at a time, so that seconds can be
    told; with --threads N, N settings at a time, without seconds.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    if _is_clip(source, video):
        from covey.cli.codec_bench_clip import ClipOptions, compare_clip

        if max_images is not None:
            raise UsageError("--max-images is for pictures; of a clip --max-frames N are taken")
        if effort > 1:
            raise UsageError("--effort 2 is for pictures; a clip takes 0 or 1")
        given = ClipOptions(
            out,
            model,
            points or _POINTS_OF_CLIPS,
            formats,
            effort,
            max_frames,
            MOST_OF_FRAMES if max_pixels == MOST_OF_PICTURES else max_pixels,
            threads or 1,
        )
        compare_clip(source, given, terminal)
        return
    if max_frames is not None:
        raise UsageError("--max-frames is for clips; a folder of frames is one with --video")
    from covey.cli.interrupt import interruptible
    from covey.cli.machine import peak_memory_mb

    codec = codec_of(model)
    from covey.cli.codec_bench_words import bench_lines, bench_remarks, wrote_line
    from covey.codec_bench.coders import covey_coder, with_points
    from covey.codec_bench.formats import FORMATS
    from covey.codec_bench.measuring import bench as run_bench
    from covey.codec_bench.picture_page import write_bench_page
    from covey.codec_bench.summary import table_of
    from covey.io.result_folder import result_folder
    from covey.io.summary import write_summary
    from covey.resources import available_threads

    wanted, missing = chosen(formats, {name: [each] for name, each in FORMATS.items()})
    check_out(out)
    paths = _pictures(source, max_images)
    coders = [covey_coder(codec, effort), *(each.coder() for each in wanted)]
    with terminal.progress() as tell:
        work = partial(
            run_bench,
            paths,
            [with_points(coder, points or _POINTS) for coder in coders],
            root=source if source.is_dir() else source.parent,
            most_pixels=max_pixels,
            threads=threads or available_threads(),
            tell=tell,
        )
        try:
            found = interruptible(work)
        except InputError as error:
            if not _may_be_a_clip(source):
                raise
            raise InputError(f"{error}; if it is a clip, --video says so") from None
    table = table_of(found.curves)
    versions = machine("pillow", "torch", "numpy")
    command = shlex.join(["covey", *sys.argv[1:]])
    facts: dict[str, Any] = {
        "version": __version__,
        "command": command,
        "codec": codec.mark.hex(),
        "machine": versions,
        "pictures": found.pictures,
        "megapixels": round(found.megapixels, 4),
        "at_once": found.at_once,
        "skipped": found.skipped,
        "missing": missing,
        "notes": found.notes,
        "levels": table.levels,
        "coders": table.rows,
        "seconds": round(terminal.seconds, 3),
        "outputs": [] if out is None else [str(out / name) for name in (JSON, PAGE)],
    }
    if out is not None:
        with result_folder(out) as folder:
            write_summary(folder / JSON, facts | {"curves": _curves(found, images=True)})
            write_bench_page(folder / PAGE, found, facts=versions, missing=missing, command=command)
    facts |= {"curves": _curves(found, images=False), "peak_memory_mb": peak_memory_mb()}
    words = [*bench_lines(found, table), *bench_remarks(found, missing), wrote_line(out, PAGE)]
    terminal.answer(words, facts)


def _is_clip(source: Path, video: bool) -> bool:
    """Whether the codec of clips is asked for: by the option, or by the name of a film."""
    if video or source.is_dir():
        return video
    from covey.io.video_source import SUFFIXES

    return source.suffix.lower() in SUFFIXES


def _may_be_a_clip(source: Path) -> bool:
    """Whether a file that is no picture does not say so by its name."""
    from covey.io.photographs import SUFFIXES

    return source.is_file() and source.suffix.lower() not in SUFFIXES


def _pictures(source: Path, most: int | None) -> list[Path]:
    """The picture, or those of a folder, thinned evenly where there are too many."""
    from covey.io.photographs import photograph_paths

    if not source.exists():
        raise InputError(f"{source}: there is no such file or folder")
    if not source.is_dir():
        return [source]
    found = photograph_paths(source)
    if most is None or most >= len(found):
        return found
    return [found[i * len(found) // most] for i in range(most)]


def _curves(found: Bench, *, images: bool) -> dict[str, Any]:
    from covey.codec_bench.curves import curve_facts

    return {name: curve_facts(curve, images=images) for name, curve in found.curves.items()}
