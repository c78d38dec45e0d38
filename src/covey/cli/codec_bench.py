"""`covey codec bench`: the image codec beside other formats, on a user's own pictures."""

from __future__ import annotations

import platform
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from covey import __version__
from covey.cli import options
from covey.cli.coding_jobs import Codec, Effort, MaxPixels, codec_of
from covey.cli.terminal import Terminal
from covey.types import InputError, UsageError

if TYPE_CHECKING:
    from covey.codec_bench.formats import Format
    from covey.codec_bench.measuring import Bench

codecs = typer.Typer(
    help="Look at image codecs. Needs pip install 'covey[codec]'.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_JSON, _PAGE = "bench.json", "bench.html"


@codecs.callback()
def _several() -> None:
    """Keeps the name of the only command, which others join."""


@codecs.command()
@options.flat
def bench(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A picture that Pillow opens, or a folder of them.")
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            metavar="FOLDER",
            help=f"Folder for {_JSON}, all points of each picture, and {_PAGE}, their curves.",
        ),
    ] = None,
    model: Codec = None,
    points: Annotated[
        int, typer.Option(min=2, max=100, help="Settings of each format, small files to good ones.")
    ] = 8,
    formats: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="Only these beside Covey, with commas: jpeg, webp, avif, heic, jxl.  [default: "
            "all that Pillow writes here]",
        ),
    ] = None,
    effort: Effort = 1,
    max_images: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Only so many of a folder, evenly by name."),
    ] = None,
    max_pixels: MaxPixels = 2**28,
    threads: options.Threads = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Compare the codec with other formats on your own pictures: size, quality, seconds.

    Every picture is coded at several settings of each format and decoded again. Several pictures
    are done at a time, each on one thread, whose own seconds are told.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey.cli.interrupt import interruptible
    from covey.cli.machine import peak_memory_mb

    codec = codec_of(model)
    from covey.cli.codec_bench_words import bench_lines, bench_remarks, wrote_line
    from covey.codec_bench.coders import covey_coder, with_points
    from covey.codec_bench.measuring import bench as run_bench
    from covey.codec_bench.page import write_bench_page
    from covey.codec_bench.summary import table_of
    from covey.io.result_folder import result_folder
    from covey.io.summary import write_summary
    from covey.resources import available_threads

    wanted, missing = _formats(formats)
    _check_out(out)
    paths = _pictures(source, max_images)
    coders = [covey_coder(codec, effort), *(each.coder() for each in wanted)]
    with terminal.progress() as tell:
        work = partial(
            run_bench,
            paths,
            [with_points(coder, points) for coder in coders],
            root=source if source.is_dir() else source.parent,
            most_pixels=max_pixels,
            threads=threads or available_threads(),
            tell=tell,
        )
        found = interruptible(work)
    table = table_of(found)
    machine = _machine()
    command = shlex.join(["covey", *sys.argv[1:]])
    facts: dict[str, Any] = {
        "version": __version__,
        "command": command,
        "codec": codec.mark.hex(),
        "machine": machine,
        "pictures": found.pictures,
        "megapixels": round(found.megapixels, 4),
        "at_once": found.at_once,
        "skipped": found.skipped,
        "missing": missing,
        "notes": found.notes,
        "levels": table.levels,
        "coders": table.rows,
        "seconds": round(terminal.seconds, 3),
        "outputs": [] if out is None else [str(out / name) for name in (_JSON, _PAGE)],
    }
    if out is not None:
        with result_folder(out) as folder:
            write_summary(folder / _JSON, facts | {"curves": _curves(found, images=True)})
            write_bench_page(folder / _PAGE, found, facts=machine, missing=missing, command=command)
    facts |= {"curves": _curves(found, images=False), "peak_memory_mb": peak_memory_mb()}
    words = [*bench_lines(found, table), *bench_remarks(found, missing), wrote_line(out, _PAGE)]
    terminal.answer(words, facts)


def _formats(names: str | None) -> tuple[list[Format], dict[str, str]]:
    """Formats that are compared with, and why others are not there.

    Raises:
        UsageError: If one that was asked for is unknown or not there.
    """
    from covey.codec_bench.formats import FORMATS

    asked = list(dict.fromkeys(map(str.strip, names.lower().split(",")))) if names else [*FORMATS]
    for name in asked:
        if name not in FORMATS:
            raise UsageError(f"--formats: {name!r} is none of {', '.join(FORMATS)}")
    missing = {name: why for name in asked if (why := FORMATS[name].why_missing())}
    if names and missing:
        name, why = next(iter(missing.items()))
        raise UsageError(f"--formats: {name} cannot be written: {why}")
    there = [FORMATS[name] for name in asked if name not in missing]
    return there, {FORMATS[name].name: why for name, why in missing.items()}


def _check_out(out: Path | None) -> None:
    """Refuses a folder that cannot be written, before any work is done."""
    from covey.io.result_folder import check_result_folder

    if out is not None:
        if out.exists() and not out.is_dir():
            raise UsageError(f"{out}: is a file; name a folder")
        check_result_folder(out, ())


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


def _machine() -> dict[str, str]:
    """Processor, system and libraries, in words."""
    from importlib.metadata import version

    from covey.resources import available_threads, processor_name

    return {
        "processor": f"{processor_name()}, {available_threads()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **{name: version(name) for name in ("pillow", "torch", "numpy")},
    }
