"""Codes a clip at every point of every dial, and measures what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol

import numpy as np

from covey.codec_bench.curves import Curve, Measured, Point
from covey.codec_bench.held_clip import HeldClip
from covey.codec_bench.measuring import MOST_PSNR
from covey.codec_bench.summary import Unit
from covey.codec_bench.video_coders import Tick, VideoCoder
from covey.metrics.rate import psnr
from covey.threads import torch_threads
from covey.types import CoveyError, InputError

_TRIED_SIDE = 64  # pixels, of what is coded before anything is timed


class Tell(Protocol):
    """Hears how far work is."""

    def __call__(self, stage: str, fraction: float, note: str = "") -> None:
        """Is called with what is done, the share of it, and how fast that is."""
        ...


@dataclass(frozen=True, slots=True)
class ClipBench:
    """What was measured.

    Attributes:
        curves: By the names of the coders, in their order; of one "image", the clip.
        clip: What was coded.
        at_once: Points that were coded at a time; seconds are not known where there were several.
        own: What the first coder made at each point of its dial.
        skipped: Coders that could not code it, and why.
    """

    curves: dict[str, Curve]
    clip: HeldClip
    at_once: int
    own: Mapping[int, Sequence[bytes]] = field(repr=False)
    skipped: dict[str, str]

    @property
    def unit(self) -> Unit:
        """One frame."""
        return Unit("frame", "frame", self.clip.height * self.clip.width / 1e6)


def bench_clip(
    clip: HeldClip,
    coders: Sequence[VideoCoder],
    *,
    threads: int = 1,
    tell: Tell = lambda stage, fraction, note="": None,
) -> ClipBench:
    """Codes a clip by every coder at every point of its dial.

    Args:
        clip: The clip.
        coders: What codes it; one that cannot is left out, but for the first.
        threads: Points at a time, each on one thread. Seconds are those of the processor, of the
            whole process, as coders have threads of their own; with several at a time nobody can
            tell whose they are.
        tell: Called with what is done.

    Raises:
        CoveyError: If the first cannot code it.
    """
    points = [(coder, point) for coder in coders for point in coder.dial]
    at_once = max(1, min(threads, len(points)))
    clock = time.process_time if at_once == 1 else None
    progress = {coder.name: _Progress(clip, coder, tell) for coder in coders}
    skipped: dict[str, str] = {}
    found: dict[str, list[Point]] = {coder.name: [] for coder in coders}
    own: dict[int, Sequence[bytes]] = {}

    def work(job: tuple[VideoCoder, int]) -> None:
        coder, point = job
        if coder.name in skipped:
            return
        try:
            row, pieces = measured_clip(
                clip, coder, point, clock=clock, tick=progress[coder.name].tick
            )
        except CoveyError as error:
            if coder is coders[0]:
                raise
            skipped[coder.name] = str(error)
        else:
            found[coder.name].append(Point.of(point, [row]))
            if coder is coders[0]:
                own[point] = pieces

    with torch_threads(1):
        for coder in coders:
            _try(coder, skipped, needed=coder is coders[0])
        with ThreadPoolExecutor(at_once) as pool:
            for _ in pool.map(work, points):
                pass
    curves = {
        coder.name: Curve(
            coder.version, tuple(sorted(found[coder.name], key=lambda p: coder.dial.index(p.dial)))
        )
        for coder in coders
        if coder.name not in skipped
    }
    return ClipBench(curves, clip, at_once, own, skipped)


def measured_clip(
    clip: HeldClip,
    coder: VideoCoder,
    point: int,
    *,
    clock: Callable[[], float] | None = time.process_time,
    tick: Tick = lambda: None,
) -> tuple[Measured, list[bytes]]:
    """Codes a clip at a point, and looks at what it decodes to.

    Args:
        clip: The clip.
        coder: What codes it.
        point: Of its dial.
        clock: Tells seconds of the processor; None where no clock can.
        tick: Called when a frame is coded, and when it is decoded.

    Returns:
        What was measured, PSNR the mean over frames, and what the coder made.

    Raises:
        InputError: If the coder refuses the clip, or gives back another number of frames.
    """
    now = clock or (lambda: 0.0)
    began = now()
    pieces = coder.encode(clip, point, tick)
    encoding = now() - began
    decoding = 0.0
    qualities: list[float] = []
    frames = coder.decode(pieces, (clip.height, clip.width))
    for wanted in clip.pixels:
        began = now()
        pixels = next(frames, None)
        decoding += now() - began
        if pixels is None:
            raise InputError(
                f"{coder.name} gives back {len(qualities)} of {len(clip.pixels)} frames at {point}"
            )
        qualities.append(min(psnr(wanted, pixels), MOST_PSNR))
        tick()
    size = sum(map(len, pieces))
    row = Measured(
        clip.name,
        size,
        8 * size / (len(clip.pixels) * clip.height * clip.width),
        round(float(np.mean(qualities)), 4),
        None,
        round(encoding, 4) if clock else None,
        round(decoding, 4) if clock else None,
    )
    return row, pieces


class _Progress:
    """Tells how far a coder is, and how many frames a second it codes and decodes."""

    def __init__(self, clip: HeldClip, coder: VideoCoder, tell: Tell) -> None:
        self._name, self._tell, self._lock = coder.name, tell, Lock()
        self._total = 2 * len(clip.pixels) * len(coder.dial)
        self._done, self._began = 0, 0.0

    def tick(self) -> None:
        """A frame is coded or decoded."""
        with self._lock:
            now = time.perf_counter()
            self._began = self._began or now
            self._done += 1
            pace = (self._done - 1) / 2 / max(now - self._began, 1e-9)
            note = f"{pace:.1f} frames a second" if self._done > 1 else ""
            self._tell(self._name, min(1.0, self._done / self._total), note)


def _try(coder: VideoCoder, skipped: dict[str, str], *, needed: bool) -> None:
    """Codes a small clip, so that libraries and weights are loaded before anything is timed."""
    ramp = np.arange(_TRIED_SIDE * _TRIED_SIDE * 3, dtype=np.uint32) * 7 % 251
    picture = ramp.astype(np.uint8).reshape(_TRIED_SIDE, _TRIED_SIDE, 3)
    small = HeldClip("a small clip", [picture, np.roll(picture, 3, axis=1)])
    try:
        measured_clip(small, coder, coder.dial[0])
    except CoveyError as error:
        if needed:
            raise
        skipped[coder.name] = str(error)
