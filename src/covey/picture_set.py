"""One rate for a set of pictures: the highest by which all files together are small enough."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from covey.codec.container import MOST_PIXELS
from covey.codec.image.encoding import encode_picture
from covey.codec.image.model import ImageCodec
from covey.codec.rate_search import largest_below
from covey.io.pictures import read_picture
from covey.picture_folder import Job, each_job
from covey.resources import available_threads
from covey.threads import torch_threads
from covey.types import CoveyError, InputError, UsageError


@dataclass(frozen=True, slots=True)
class CodedFile:
    """A picture of the set.

    Attributes:
        job: What it comes of, and what it should become.
        path: Where its file lies now.
        width, height: Pixels.
        bytes: Of the file.
        notes: What of the picture is not kept.
    """

    job: Job
    path: Path
    width: int
    height: int
    bytes: int
    notes: list[str]


@dataclass(frozen=True, slots=True)
class CodedSet:
    """All pictures of a set by one rate.

    Attributes:
        files: In the order of the jobs.
        rate: Number.
        passes: How often all were coded.
        failed: Why pictures could not be, by their names.
    """

    files: list[CodedFile]
    rate: int
    passes: int
    failed: dict[str, str]


def encode_set(
    jobs: Sequence[Job],
    total: int,
    codec: ImageCodec,
    scratch: Path,
    *,
    effort: int = 1,
    threads: int | None = None,
    max_pixels: int = MOST_PIXELS,
    tell: Callable[[str, float], None] = lambda stage, done: None,
) -> CodedSet:
    """Codes pictures by the highest rate by which they take so many bytes together.

    All are coded in each pass, three or four times. Of passes that are small enough the best is
    kept, in files, so that nothing is coded once more and no more than a picture a thread is held.

    Args:
        jobs: The pictures. Nothing is written to their targets.
        total: Bytes at most; within 0.5 % below, if any rate comes there.
        codec: The model.
        scratch: An empty folder for files on the way, `2 * total` bytes at most.
        effort: As for `covey.codec.encode`.
        threads: Pictures at a time; as many as there are cores if None.
        max_pixels: Larger pictures are refused.
        tell: Called with the name of the pass and the share of it that is done.

    Raises:
        InputError: If no picture can be read, or the lowest rate takes more bytes.
        UsageError: If the total is none.
    """
    if total < 1:
        raise UsageError(f"a total must be at least a byte, got {total}")
    best: _Pass | None = None
    failed: dict[str, str] = {}
    passes = 0

    def made(rate: int) -> tuple[float, None]:
        nonlocal best, passes
        passes += 1
        new = _Pass(scratch / str(rate), rate, total)
        left = [job for job in jobs if str(job.source) not in failed]
        results = each_job(left, new.coding(codec, effort, max_pixels), at_once)
        for number, (job, result) in enumerate(results, 1):
            if isinstance(result, CoveyError):
                failed[str(job.source)] = str(result)
            tell(f"pass {passes}", number / len(left))
        if not new.files:
            raise InputError(f"no picture can be read; the first: {next(iter(failed.values()))}")
        beaten: _Pass | None = new
        if new.bytes <= total and (best is None or rate > best.rate):
            beaten, best = best, new
        if beaten is not None:
            shutil.rmtree(beaten.folder)
        return float(new.bytes), None

    at_once = threads or available_threads()
    with torch_threads(1):
        found = largest_below(made, float(total))
    if best is None:
        raise InputError(
            f"{total:,} bytes are too few for all; the smallest files have {found.value:,.0f}"
        )
    files = [best.files[job] for job in jobs if str(job.source) not in failed]
    return CodedSet(files, best.rate, passes, failed)


class _Pass:
    """All pictures by some rate, in files of a folder as long as they may be small enough."""

    def __init__(self, folder: Path, rate: int, most: int) -> None:
        self.folder, self.rate, self.bytes = folder, rate, 0
        self.files: dict[Job, CodedFile] = {}
        self._most, self._lock = most, Lock()
        folder.mkdir()

    def coding(self, codec: ImageCodec, effort: int, most_pixels: int) -> Callable[[Job], None]:
        """A function that codes a picture."""

        def work(job: Job) -> None:
            picture, notes = read_picture(job.source, most_pixels)
            data = encode_picture(codec, picture, self.rate, effort=effort).data
            height, width = picture.pixels.shape[:2]
            with self._lock:
                path = self.folder / f"{len(self.files)}.cvi"
                self.files[job] = CodedFile(job, path, width, height, len(data), notes)
                self.bytes += len(data)
                keeps = self.bytes <= self._most
            if keeps:
                path.write_bytes(data)

        return work
