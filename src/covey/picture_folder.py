"""Many pictures at once: which file becomes which, and one failure in no other's way."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from covey.types import CoveyError, InputError, UsageError

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Job:
    """One file.

    Attributes:
        source: What is read.
        target: What is written.
    """

    source: Path
    target: Path


def is_done(job: Job) -> bool:
    """Whether the target is there, and not older than what it comes of."""
    return job.target.exists() and job.target.stat().st_mtime_ns >= job.source.stat().st_mtime_ns


def date(path: Path, job: Job, *, sound: bool = True) -> None:
    """Sees to it that `is_done` is right of a file that has just been written.

    Args:
        path: The target, or what will become it.
        job: Where it comes from, perhaps dated in the future.
        sound: If not set it is never done: it gets the date of 1970.
    """
    wanted = job.source.stat().st_mtime_ns if sound else 0
    if not sound or path.stat().st_mtime_ns < wanted:
        os.utime(path, ns=(wanted, wanted))


def files_in(folder: Path, suffixes: Sequence[str]) -> list[Path]:
    """Files of a folder and those in it by their suffixes, in small letters; no hidden ones."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes and path.is_file() and path.name[0] != "."
    )


def jobs_of(source: Path, out: Path, suffixes: Sequence[str], becomes: str) -> list[Job]:
    """Files of a folder, or one file, and where their results go.

    Args:
        source: A file, or a folder, with all in it.
        out: A file, or for a folder a folder, which is laid out alike.
        suffixes: Of the files of a folder that are taken, in small letters; hidden ones are not.
        becomes: Suffix of the results in a folder. Where two files would become one, theirs is
            put behind their whole names.

    Raises:
        InputError: If there is nothing.
        UsageError: If one of both is a folder and the other a file, or a result would replace what
            is read.
    """
    if not source.exists():
        raise InputError(f"{source}: there is no such file or folder")
    if not source.is_dir():
        if out.is_dir():
            raise UsageError(f"{out}: is a folder and {source} a file; name a file to write")
        jobs = [Job(source, out)]
    else:
        if out.exists() and not out.is_dir():
            raise UsageError(f"{out}: is a file and {source} a folder; name a folder to write")
        found = files_in(source, suffixes)
        if not found:
            raise InputError(f"{source}: holds no file whose name ends in {', '.join(suffixes)}")
        names = [path.relative_to(source) for path in found]
        often = Counter(name.with_suffix(becomes) for name in names)
        targets = [
            out / name.with_suffix(becomes)
            if often[name.with_suffix(becomes)] == 1
            else out / name.with_name(name.name + becomes)
            for name in names
        ]
        if len(set(targets)) < len(targets):  # a whole name may be another one's short one
            targets = [out / name.with_name(name.name + becomes) for name in names]
        jobs = [Job(path, target) for path, target in zip(found, targets, strict=True)]
    for job in jobs:
        if job.target.resolve() == job.source.resolve():
            raise UsageError(f"{job.target}: would replace what is read; choose another name")
    return jobs


def each_job(
    jobs: Sequence[Job], work: Callable[[Job], Done], at_once: int
) -> Iterator[tuple[Job, Done | CoveyError]]:
    """Does the work of all jobs, some at a time, and gives each result as it comes.

    An error of Covey's own is that job's result; any other ends all.
    """
    waiting = list(jobs)[::-1]
    with ThreadPoolExecutor(at_once) as pool:
        running: dict[Any, Job] = {}
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    job = waiting.pop()
                    running[pool.submit(work, job)] = job
                for done in wait(running, return_when=FIRST_COMPLETED).done:
                    job = running.pop(done)
                    error = done.exception()
                    if error is not None and not isinstance(error, CoveyError):
                        raise error
                    yield job, error if error is not None else done.result()
        finally:
            for left in running:
                left.cancel()
