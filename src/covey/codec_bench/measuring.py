"""Codes pictures at every point of every dial, and measures what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock

from covey.codec.image.picture import Picture
from covey.codec_bench.coders import Coder
from covey.codec_bench.curves import Curve, Measured, Point
from covey.codec_bench.formats import lone_threads
from covey.io.pictures import image_of, picture_of, read_picture
from covey.metrics.rate import LEAST_SIDE, ms_ssim, psnr
from covey.picture_folder import Job, each_job
from covey.types import CoveyError, InputError

MOST_PSNR = 100.0
"""In dB, of an exact copy."""

_TRIED_SIDE = 64  # pixels, of what is coded before anything is timed


@dataclass(frozen=True, slots=True)
class Bench:
    """What was measured.

    Attributes:
        curves: By the names of the coders, in their order, each over the same pictures.
        pictures: Names, in the order of `images` of all points.
        megapixels: Of all together.
        at_once: Pictures that were coded at a time; seconds are of one thread all the same.
        skipped: Pictures that could not be read or coded, and why.
        notes: What of others was left out.
    """

    curves: dict[str, Curve]
    pictures: list[str]
    megapixels: float
    at_once: int
    skipped: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def bench(
    paths: Sequence[Path],
    coders: Sequence[Coder],
    *,
    root: Path | None = None,
    most_pixels: int = 2**28,
    threads: int = 1,
    tell: Callable[[str, float], None] = lambda stage, done: None,
) -> Bench:
    """Codes every picture by every coder at every point of its dial.

    Only pixels are compared: pictures are turned upright, transparency and colour profiles left
    out. A picture that cannot be read, or that a coder refuses, is left out of all curves.

    Args:
        paths: Pictures that Pillow opens, at least one.
        coders: What codes them, at least one.
        root: Folder that names of pictures begin from; names are whole paths if None.
        most_pixels: Larger pictures are refused.
        threads: Pictures at a time, each on one thread.
        tell: Called with what is done and the share of it.

    Raises:
        InputError: If no picture can be measured.
        CoveyError: If a coder does not work.
    """
    import torch

    before = torch.get_num_threads()
    at_once = max(1, min(threads, len(paths)))
    steps = sum(len(coder.dial) for coder in coders)
    done, lock = 0, Lock()

    def step(count: int = 1) -> None:
        nonlocal done
        with lock:
            done += count
            tell("coding", done / (steps * len(paths)))

    def work(job: Job) -> tuple[int, list[str], list[list[Measured]]]:
        torch.set_num_threads(1)
        begun = 0
        try:
            picture, notes = read_picture(job.source, most_pixels)
            bare, told = plain(picture)
            rows = []
            for coder in coders:
                clock = _clock(coder, at_once)
                row = []
                for point in coder.dial:
                    row.append(measured(str(job.target), bare, coder, point, clock=clock))
                    begun += 1
                    step()
                rows.append(row)
            return bare.pixels[:, :, 0].size, notes + told, rows
        except CoveyError:
            step(steps - begun)
            raise

    names = {path: str(path if root is None else path.relative_to(root)) for path in paths}
    jobs = [Job(path, Path(names[path])) for path in paths]
    found, skipped = {}, {}
    with lone_threads():
        _try(coders)
        for job, result in each_job(jobs, work, at_once):
            if isinstance(result, CoveyError):
                skipped[names[job.source]] = str(result)
            else:
                found[job.source] = result
    torch.set_num_threads(before)
    if not found:
        why = next(iter(skipped.values()))
        raise InputError(why if len(paths) == 1 else f"none of the pictures can be coded; {why}")
    kept = [path for path in paths if path in found]
    curves = {
        coder.name: Curve(
            coder.version,
            tuple(
                Point.of(dial, [found[path][2][place][number] for path in kept])
                for number, dial in enumerate(coder.dial)
            ),
        )
        for place, coder in enumerate(coders)
    }
    return Bench(
        curves,
        [names[path] for path in kept],
        sum(found[path][0] for path in kept) / 1e6,
        at_once,
        dict(sorted(skipped.items())),
        [*_flattered(kept), *(f"{names[path]} {note}" for path in kept for note in found[path][1])],
    )


def measured(
    name: str,
    picture: Picture,
    coder: Coder,
    point: int,
    *,
    clock: Callable[[], float] | None = time.process_time,
) -> Measured:
    """Codes a picture at a point, and looks at the file and at what it decodes to.

    Args:
        name: Of the picture.
        picture: Upright, without transparency and profile.
        coder: What codes it.
        point: Of its dial.
        clock: Tells seconds of the processor; None where no clock can.

    Raises:
        InputError: If the coder refuses the picture.
    """
    now = clock or (lambda: 0.0)
    began = now()
    try:
        data = coder.encode(picture, point)
        coded = now()
        pixels = coder.decode(data)
    except (OSError, ValueError, RuntimeError, MemoryError) as error:
        raise InputError(f"{name}: {coder.name} cannot hold it: {error}") from None
    decoded = now()
    height, width = picture.pixels.shape[:2]
    large = min(height, width) >= LEAST_SIDE
    return Measured(
        name,
        len(data),
        8 * len(data) / (height * width),
        round(min(psnr(picture.pixels, pixels), MOST_PSNR), 4),
        round(ms_ssim(picture.pixels, pixels), 6) if large else None,
        round(coded - began, 4) if clock else None,
        round(decoded - coded, 4) if clock else None,
    )


def plain(picture: Picture) -> tuple[Picture, list[str]]:
    """A picture upright and as pixels alone, and notes on what was left out."""
    notes = ["has transparency, which is left out"] if picture.alpha is not None else []
    bare = replace(picture, alpha=None, profile=b"")
    if picture.orientation != 1:
        bare, _ = picture_of(image_of(bare))
    return bare, notes


def _flattered(paths: Sequence[Path]) -> list[str]:
    """What pictures that were JPEG files before say for JPEG."""
    files = sum(path.suffix.lower() in (".jpg", ".jpeg") for path in paths)
    if not files:
        return []
    return [f"{files} of {len(paths)} pictures were JPEG files already, which flatters JPEG"]


def _clock(coder: Coder, at_once: int) -> Callable[[], float] | None:
    """What tells the seconds of a coder while so many pictures are coded."""
    if coder.alone:
        return time.thread_time
    return time.process_time if at_once == 1 else None


def _try(coders: Sequence[Coder]) -> None:
    """Codes a small picture by all, so that none fails later, and libraries are loaded."""
    import numpy as np

    ramp = np.arange(_TRIED_SIDE * _TRIED_SIDE * 3, dtype=np.uint32) * 7 % 251
    picture = Picture(ramp.astype(np.uint8).reshape(_TRIED_SIDE, _TRIED_SIDE, 3))
    for coder in coders:
        measured("a small picture", picture, coder, coder.dial[0])
