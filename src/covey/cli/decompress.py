"""`covey decompress`: .cvi files to pictures, .cvv files to clips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from covey import __version__
from covey.cli import options
from covey.cli.coding_jobs import (
    MOST_OF_FRAMES,
    MOST_OF_PICTURES,
    Codec,
    MaxPixels,
    Overwrite,
    codec_of,
    done_all,
    todo_of,
    write,
    wrote,
)
from covey.cli.interrupt import WriteGate, ends_as_if_interrupted
from covey.cli.terminal import Terminal
from covey.extras import require
from covey.types import InputError, UsageError

if TYPE_CHECKING:
    from covey.picture_folder import Job


@options.flat
def decompress(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A .cvi file, or a folder of them; a .cvv file.")
    ],
    *,
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            metavar="OUT",
            help="Picture, its format by its name; or a folder. Of a .cvv file a clip (.mp4, .mkv, "
            ".mov, .y4m), or a folder of frames.",
        ),
    ],
    suffix: Annotated[
        str | None,
        typer.Option(metavar="SUFFIX", help="Format of the pictures of a folder.  [default: .png]"),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="A damaged file is no failure: keep what can be read.")
    ] = False,
    start: Annotated[
        int | None, typer.Option(min=0, help="Of a clip, number of the first frame that is wanted.")
    ] = None,
    frames: Annotated[
        int | None, typer.Option(min=1, help="Of a clip, how many frames are wanted.")
    ] = None,
    crf: Annotated[
        int | None,
        typer.Option(
            min=0, max=51, help="Of a clip, quality of the H.264 that is written; 0 best."
        ),
    ] = None,
    model: Codec = None,
    max_pixels: MaxPixels = MOST_OF_PICTURES,
    overwrite: Overwrite = False,
    threads: options.Threads = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Turn .cvi files into pictures again.

    Of a damaged or cut off file what can be read is written, what could not is told, and the exit
    code is 3 unless --force is given. Of a folder, pictures that are there and not older than their
    files are left; those of damaged files are dated 1970, and so done anew by the next run.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    if source.suffix.lower() == ".cvv" and not source.is_dir():
        from covey.cli.decompress_video import decompress_video
        from covey.resources import available_threads

        if suffix is not None:
            raise UsageError(f"--suffix is for folders of pictures; name the format as of {out}")
        decompress_video(
            source,
            out,
            start=start or 0,
            count=frames,
            model=model,
            force=force,
            max_pixels=MOST_OF_FRAMES if max_pixels == MOST_OF_PICTURES else max_pixels,
            overwrite=overwrite,
            crf=crf,
            threads=threads or available_threads(),
            terminal=terminal,
        )
        return
    for name, value in (("--start", start), ("--frames", frames), ("--crf", crf)):
        if value is not None:
            raise UsageError(f"{name} is for clips, whose IN ends in .cvv")
    for module in ("torch", "constriction"):
        require(module, "codec")
    from covey.cli.machine import peak_memory_mb
    from covey.io.files import listed
    from covey.io.pictures import SUFFIX, picture_file
    from covey.picture_folder import files_in, jobs_of
    from covey.pictures import decode_bytes
    from covey.resources import available_threads

    threads = threads or available_threads()
    suffix = f".{(suffix or 'png').removeprefix('.')}"
    alone = not source.is_dir()
    clips = [] if alone else files_in(source, (".cvv",))
    if clips and not files_in(source, (SUFFIX,)):
        raise InputError(
            f"{source}: holds no {SUFFIX} files, but clips, which are decompressed one at a time, "
            f"as {clips[0]}"
        )
    codec = codec_of(model)
    jobs = jobs_of(source, out, (SUFFIX,), suffix)
    todo = todo_of(jobs, overwrite, alone=alone)
    damaged: dict[str, list[str]] = {}
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

        results, failed = done_all(todo.jobs, work, threads, "decompressing", tell, terminal)
    facts = {
        "version": __version__,
        "codec": codec.mark.hex(),
        "outputs": results,
        "damaged": damaged,
        "failed": failed,
        "left": todo.left,
        "clips": [str(each) for each in clips],
        "replaced": todo.replaced(results),
        "seconds": round(terminal.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    words = [f"{name}: {'; '.join(each)}" for name, each in damaged.items()]
    words += [f"{name}: {why}" for name, why in failed.items()] if len(jobs) > 1 else []
    if clips:
        words.append(
            f"Note: {source} holds clips, too ({listed([str(each) for each in clips])}); they are "
            "decompressed one at a time."
        )
    words.append(wrote(results, todo, out))
    terminal.answer(words, facts)
    if failed or (damaged and not force):
        n = len(failed) + (0 if force else len(damaged))
        hint = "" if failed else "; --force makes that no failure"
        raise InputError(f"{n} of {len(todo.jobs)} files are damaged or could not be read{hint}")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
