"""What `covey compress` and `decompress` share: options, codecs, files one after another."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from covey.cli import options
from covey.cli.interrupt import WriteGate, interruptible
from covey.cli.terminal import Terminal
from covey.types import CoveyError, UsageError

if TYPE_CHECKING:
    from covey.codec.image.model import ImageCodec
    from covey.picture_folder import Job

Done = TypeVar("Done")

Codec = Annotated[
    Path | None,
    typer.Option(
        "--model",
        metavar="MODEL",
        help="Codec by covey train codec; if not given the one that ships with the package.",
    ),
]
Effort = Annotated[
    int,
    typer.Option(
        min=0,
        max=2,
        help="0 rounds latents, 1 weighs their bits against errors, 2 refines them, some hundred "
        "times as long.",
    ),
]
MOST_OF_PICTURES, MOST_OF_FRAMES = 2**28, 2**25
"""Pixels, where no other number is asked for."""

MaxPixels = Annotated[
    int,
    typer.Option(
        parser=options.as_bytes,
        metavar="N",
        help="Pictures of more pixels are refused, like 500M; frames of a clip of more than 34M.",
        show_default="268M",
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Write files anew that are there; without it folders keep all but those that are "
        "older than their sources.",
    ),
]


@dataclass(frozen=True, slots=True)
class Todo:
    """What a run has to do.

    Attributes:
        jobs: What is to be done.
        left: How many are done already.
        there: Of the targets those that are written anew.
    """

    jobs: Sequence[Job]
    left: int
    there: Collection[str]

    def replaced(self, outputs: Sequence[str]) -> int:
        """How many of the files that were written were there before."""
        return sum(each in self.there for each in outputs)


def codec_of(model: Path | None) -> ImageCodec:
    """The codec of a folder, or the one that ships with the package."""
    from covey.extras import require

    for module in ("torch", "constriction"):
        require(module, "codec")
    from covey.codec_weights import default_codec, load_codec

    return default_codec() if model is None else load_codec(model)


def todo_of(jobs: Sequence[Job], overwrite: bool, *, alone: bool) -> Todo:
    """What is to be done; a single file that is there is refused."""
    from covey.picture_folder import is_done

    there = {str(job.target) for job in jobs if job.target.exists()}
    if alone and there and not overwrite:
        raise UsageError(f"{jobs[0].target}: exists already; choose another name, or --overwrite")
    found = [job for job in jobs if overwrite or not is_done(job)]
    return Todo(found, len(jobs) - len(found), there)


def done_all(
    jobs: Sequence[Job],
    work: Callable[[Job, int, WriteGate], Done],
    threads: int,
    stage: str,
    tell: Callable[[str, float], None],
    terminal: Terminal,
    *,
    alone: bool = True,
) -> tuple[list[Done], dict[str, str]]:
    """Results of all jobs, and why others failed; that of a single job is raised.

    Args:
        jobs: What is to be done.
        work: Does one of them, given how many run at once, and the gate to write through.
        threads: At most so many.
        stage: What it is called.
        tell: Called with that and the share done, where several run at once.
        terminal: Where failures are told as they come.
        alone: Whether the failure of a single job is that of the command.
    """
    from covey.picture_folder import each_job
    from covey.threads import torch_threads

    stopped, gate = Event(), WriteGate()
    at_once = max(1, min(threads, len(jobs)))
    results: list[Done] = []
    failed: dict[str, str] = {}

    def run() -> None:
        with torch_threads(1 if at_once > 1 else threads):
            done = each_job(jobs, lambda each: work(each, at_once, gate), at_once)
            for number, (job, found) in enumerate(done, 1):
                if stopped.is_set():
                    return
                if isinstance(found, CoveyError):
                    if len(jobs) == 1 and alone:
                        raise found
                    failed[str(job.source)] = str(found)
                    terminal.remark(f"covey: {found}")
                else:
                    results.append(found)
                if at_once > 1:
                    tell(stage, number / len(jobs))

    try:
        interruptible(run, gate)
    except KeyboardInterrupt:
        stopped.set()
        raise
    return results, failed


def clip_by_clip(
    jobs: Sequence[Job], work: Callable[[Job], dict[str, Any]], terminal: Terminal
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Does clips one after another, as each has all threads.

    Args:
        jobs: What is read and written.
        work: Does one of them, in a folder that is there.
        terminal: Where is said what failed, and how many are done at Ctrl-C.

    Returns:
        What `work` says of each, and why others failed, by source, which stops none.
    """
    found: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    try:
        for job in jobs:
            try:
                make_folder(job.target.parent)
                found.append(work(job))
            except CoveyError as error:
                failed[str(job.source)] = str(error)
                terminal.remark(f"covey: {error}")
    except KeyboardInterrupt:
        terminal.remark(f"covey: {len(found)} of {len(jobs)} clips are done")
        raise
    return found, failed


def wrote(outputs: Sequence[str], todo: Todo, out: Path) -> str:
    """The last line of an answer."""
    if len(outputs) == 1 and not todo.left:
        return f"Wrote {outputs[0]}"
    replaced = todo.replaced(outputs)
    anew = f", {replaced} of them in the place of older ones" if replaced else ""
    left = f"; {todo.left} that were there are left as they are" if todo.left else ""
    return f"Wrote {len(outputs)} files to {out}{anew}{left}"


def make_folder(folder: Path) -> None:
    """Makes a folder that results go to, and those above it, where they are not there.

    Raises:
        UsageError: If it cannot be one.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder}: cannot be a folder: {error.strerror}") from None


def write(job: Job, data: bytes, gate: WriteGate, *, sound: bool = True) -> None:
    """Writes the target of a job, and makes the folder that it goes to.

    Args:
        job: The job.
        data: All bytes of its target.
        gate: What is written through.
        sound: If not set the next run over the same folder does it again.

    Raises:
        UsageError: If it cannot be one, or there can be no such folder.
        CoveyError: If the disk is full or fails.
    """
    from covey.io.atomic import atomic_file
    from covey.picture_folder import date

    with gate:
        make_folder(job.target.parent)
        with atomic_file(job.target) as temporary:
            temporary.write_bytes(data)
            date(temporary, job, sound=sound)
