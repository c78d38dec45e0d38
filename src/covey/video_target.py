"""Groups of a clip coded at rates that lead to a target."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from covey.codec.rate_search import largest_below, smallest_above
from covey.codec.video.frames import Kind
from covey.codec.video.groups import CodedGroup, encode_group
from covey.codec.video.model import VideoCodec
from covey.codec.video.pacing import Pacer
from covey.io.video_source import Frame, VideoSource
from covey.pictures import QUALITY, rate_of
from covey.types import InputError, UsageError

_LEAST_PER_FRAME = 6  # bytes of one that repeats
_PER_FRAME, _PER_GROUP = 13, 20  # bytes beside payloads, at most about
_LOOSE = 0.1  # how near the first group comes to what it may take
_TIGHT = 0.005
_FAR = 1.5  # times what a group may take, that it is coded anew
_CLOSE = 0.05  # dB


@dataclass(frozen=True, slots=True)
class VideoTarget:
    """What a file should be; one of these, or none for quality 50.

    Attributes:
        quality: From 0 to 100, evenly over all rates.
        bpp: Bits a pixel at most, of frames alone.
        bitrate: Bits a second at most, of frames alone.
        size: Bytes of the whole file at most.
        psnr: In dB at least, the mean over frames.
    """

    quality: float | None = None
    bpp: float | None = None
    bitrate: float | None = None
    size: float | None = None
    psnr: float | None = None

    def __post_init__(self) -> None:
        names = ("quality", "bpp", "bitrate", "size", "psnr")
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} cannot both be met; give one of them")
        if self.quality is not None and not 0 <= self.quality <= 100:
            raise UsageError(f"quality must lie in [0, 100], got {self.quality}")
        for name in names[1:]:
            value = getattr(self, name)
            if value is not None and not 0 < value < float("inf"):
                raise UsageError(f"{name} must be a number above 0, got {value}")

    def pacer(self, source: VideoSource, frames: int | None, beside: int) -> Pacer | None:
        """Account of what frames may take; None where no bytes are asked for.

        Args:
            source: The clip.
            frames: How many there are, if that is known.
            beside: Bytes of the file that are no frames, audio among them.

        Raises:
            InputError: If there can be no such file.
        """
        if self.bpp is not None:
            return Pacer(self.bpp * source.width * source.height / 8, total=frames)
        if self.bitrate is not None:
            return Pacer(self.bitrate / 8 / float(source.frame_rate), total=frames)
        if self.size is None:
            return None
        if frames is None:
            raise InputError(
                f"{source.name}: does not say how long it is, so no size can be met; ask for a "
                "bitrate"
            )
        left = self.size - beside
        if left <= _LEAST_PER_FRAME * frames:
            raise InputError(
                f"{source.name}: {self.size:,.0f} bytes are too few: header and audio take "
                f"{beside:,}, and {frames:,} frames {_LEAST_PER_FRAME} each or more; ask for more, "
                "or leave the audio out"
            )
        return Pacer(left / frames, left, frames)


class GroupChooser:
    """Codes groups at rates that lead to a target."""

    def __init__(
        self,
        codec: VideoCodec,
        target: VideoTarget,
        pacer: Pacer | None,
        effort: int,
        kinds: Sequence[Kind],
        tick: Callable[[], None],
    ) -> None:
        self._tick = tick
        self._codec, self._target, self._pacer = codec, target, pacer
        self._effort, self._kinds = effort, kinds
        self._last: int | None = None  # rate

    def coded(
        self,
        wave: Sequence[tuple[int, list[Frame], bool]],
        pool: ThreadPoolExecutor,
        spent: float,
    ) -> Iterator[CodedGroup]:
        """Groups of a wave in their order, where so many bytes are spent before it."""
        works: list[Callable[[], CodedGroup]] = []
        if self._pacer is not None:
            self._pacer.spent = spent
        total = sum(len(some) for _, some, _ in wave)
        ends = wave[-1][2]
        for first, some, _ in wave:
            works.append(self._work(first, some, total, ends))
        found = list(pool.map(lambda work: work(), works))
        for coded in found:
            self._last = coded.frames[0].rate
        if self._pacer is not None and self._last is not None:
            n_bytes = sum(each.bytes + _beside(len(each.frames)) for each in found)
            self._pacer.take(self._last, total, n_bytes)
        yield from found

    def _work(
        self, first: int, some: list[Frame], total: int, ends: bool
    ) -> Callable[[], CodedGroup]:
        def at(rate: int) -> CodedGroup:
            return encode_group(
                self._codec,
                some,
                first,
                rate,
                effort=self._effort,
                kinds=self._kinds,
                tick=self._tick,
            )

        if self._target.psnr is not None:
            return lambda: self._good_enough(at, first)
        if self._pacer is None:
            quality = QUALITY if self._target.quality is None else self._target.quality
            return lambda: at(rate_of(quality))
        share = self._pacer.allowed(total, last=ends) * len(some) / total - _beside(len(some))
        rate = self._pacer.next_rate(total)
        if rate is None or ends:
            slack = _TIGHT if ends else _LOOSE
            return lambda: _small_enough(at, share, rate, slack)
        return lambda: _near_enough(at, share, rate)

    def _good_enough(self, at: Callable[[int], CodedGroup], first: int) -> CodedGroup:
        """Of the PSNR that is wanted, or the best there is of groups behind the first of the clip.

        So what is refused does not depend on which of several threads is done before, nor on where
        an interrupted run goes on.
        """
        wanted = self._target.psnr
        assert wanted is not None

        def seen(rate: int) -> tuple[float, CodedGroup]:
            coded = at(rate)
            errors = np.maximum(coded.errors, 1e-5)
            return float(np.mean(10 * np.log10(255**2 / errors))), coded

        found = smallest_above(seen, wanted, slack=_CLOSE, first=self._last)
        if not (found.met or first):
            raise InputError(
                f"a PSNR of {wanted:g} dB cannot be reached; the highest is {found.value:.2f}"
            )
        return found.made


def _beside(frames: int) -> int:
    """Bytes of a group that are no payload, at most about."""
    return _PER_GROUP + _PER_FRAME * frames


def _near_enough(at: Callable[[int], CodedGroup], share: float, rate: int) -> CodedGroup:
    """By a rate that was foreseen; searched for if it takes far more than it may."""
    coded = at(rate)
    if coded.bytes <= _FAR * max(share, 1.0):
        return coded
    return _small_enough(at, share, rate, _LOOSE)


def _small_enough(
    at: Callable[[int], CodedGroup], most: float, first: int | None, slack: float
) -> CodedGroup:
    def weighed(rate: int) -> tuple[float, CodedGroup]:
        coded = at(rate)
        return float(max(coded.bytes, 1)), coded

    return largest_below(weighed, max(most, 1.0), slack=slack, first=first).made
