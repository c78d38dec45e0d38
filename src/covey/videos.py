"""Clips to .cvv files, by a quality, a size, a bitrate or a PSNR."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import BinaryIO

import numpy as np
import torch

from covey.codec.rate_search import largest_below, smallest_above
from covey.codec.video.container import VideoHeader, VideoReader, VideoWriter
from covey.codec.video.cuts import CutFinder
from covey.codec.video.frames import Kind
from covey.codec.video.groups import CodedGroup, encode_group, most_frames
from covey.codec.video.model import VideoCodec
from covey.codec.video.pacing import Pacer
from covey.io.video_source import Frame, VideoSource
from covey.pictures import QUALITY, rate_of
from covey.types import InputError, UsageError

GROUP = 32
"""Frames of a group, at most."""

_LEAST_PER_FRAME = 6  # bytes of one that repeats
_PER_FRAME, _PER_GROUP, _CLOSING = 13, 20, 32  # bytes beside payloads, at most about
_PER_PLACE = 6  # of a group in the index
_LOOSE = 0.1  # how near the first group comes to what it may take
_TIGHT = 0.005
_FAR = 1.5  # times what a group may take, that it is coded anew
_CLOSE = 0.05  # dB
_ANY = 2**60  # pixels: nothing is decoded

Tell = Callable[[int], None]
"""Called with how many frames are done."""


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


@dataclass(slots=True)
class EncodedClip:
    """What became of a clip.

    Attributes:
        frames: How many.
        bytes: Of the file.
        errors: Mean squared error of each frame, of values in [0, 255]; of this run alone.
        kinds: How many frames of each kind.
        rates: Of the groups of this run.
        beside: Bytes of the file that are no frames, audio among them.
        met: Whether it is what was asked for.
        smallest: Set if it is not, and all of the file is at the lowest rate.
        seconds: From the first frame to the end of the last.
    """

    frames: int = 0
    bytes: int = 0
    errors: list[float] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)
    rates: list[int] = field(default_factory=list)
    beside: int = 0
    met: bool = True
    smallest: bool = False
    seconds: float = 0.0

    @property
    def psnr(self) -> float:
        """Mean over frames, in dB; at most 100."""
        if not self.errors:
            return float("nan")
        return float(np.mean(10 * np.log10(255**2 / np.maximum(self.errors, 1e-5))))


def encode_clip(
    codec: VideoCodec,
    source: VideoSource,
    file: BinaryIO,
    header: VideoHeader,
    target: VideoTarget,
    *,
    audio: bytes | None = None,
    resume: bool = False,
    group: int = GROUP,
    effort: int = 1,
    kinds: Sequence[Kind] = tuple(Kind),
    threads: int = 1,
    frames: int | None = None,
    tell: Tell = lambda done: None,
    name: str = "the file",
) -> EncodedClip:
    """Codes a clip, some groups at a time; memory does not depend on its length.

    Args:
        codec: The model.
        source: The clip.
        file: Binary, open for reading and writing; empty, or left by a run like this.
        header: Of the file.
        target: What it should be.
        audio: To be kept with it, see `io.audio_tracks`.
        resume: Go on behind the whole groups that the file has.
        group: Frames of a group, at most; fewer where frames are large.
        effort: As for pictures, 0 or 1.
        kinds: Of frames that may be used behind the first of a group.
        threads: Groups at a time.
        frames: How many frames the source has, if that is known better than it says.
        tell: Called as frames are done, by any thread.
        name: Of the file, for messages.

    Raises:
        InputError: If nothing is in the clip, or the target cannot be met.
    """
    writer = VideoWriter.resumed(file, header, name) if resume else VideoWriter(file, header)
    if audio and not writer.frames:
        writer.audio(audio)
    done = EncodedClip(frames=writer.frames)
    expected = frames if frames is not None else source.expected_frames
    most = min(group, most_frames(source.height, source.width))
    beside = file.tell() if not writer.frames else writer.places[0].offset
    done.beside = beside
    pacer = target.pacer(source, expected, beside)
    if pacer is not None:
        pacer.done = writer.frames
    ticks = _Ticks(tell)
    chooser = _Chooser(codec, target, pacer, effort, kinds, ticks)
    waiting = _with_last(_groups(source.frames(writer.frames), most))
    first = writer.frames
    with ThreadPoolExecutor(threads, initializer=_on_one_thread) as pool:
        wave: list[tuple[int, list[Frame], bool]] = []
        for some, last in waiting:
            wave.append((first, some, last))
            first += len(some)
            if len(wave) < threads and not last:
                continue
            ticks.begin(done.frames, first)
            closing = _CLOSING + _PER_PLACE * (len(writer.places) + len(wave))
            for coded in chooser.coded(wave, pool, file.tell() - beside + closing):
                writer.group(coded.frames)
                done.seconds = float(
                    1 / source.frame_rate
                    + (coded.frames[-1].pts - writer.places[0].pts) * source.time_base
                )
                done.frames += len(coded.frames)
                done.errors += coded.errors
                done.rates.append(coded.frames[0].rate)
                for each in coded.frames:
                    kind = Kind(each.kind).name.lower()
                    done.kinds[kind] = done.kinds.get(kind, 0) + 1
                tell(done.frames)
            wave = []
    if not done.frames:
        raise InputError(f"{source.name}: holds no frame that can be decoded")
    writer.finish()
    done.bytes = file.tell()
    done.met = _is_met(target, source, done)
    done.smallest = not done.met and target.psnr is None and _is_at_lowest_rate(file)
    return done


def _is_met(target: VideoTarget, source: VideoSource, done: EncodedClip) -> bool:
    """Of bytes for all of the file, of quality for what this run has seen."""
    if target.psnr is not None:
        return not done.errors or done.psnr >= target.psnr
    if target.size is not None:
        return done.bytes <= target.size
    pacer = target.pacer(source, done.frames, done.beside)
    return pacer is None or done.bytes - done.beside <= pacer.per_frame * done.frames


def _is_at_lowest_rate(file: BinaryIO) -> bool:
    reader = VideoReader(file, most_pixels=_ANY)
    groups = (reader.group(number) for number in range(len(reader.places)))
    return all(frame.rate == 0 for group in groups for frame in group.frames)


class _Ticks:
    """Tells of frames while their groups are coded; one that is coded again counts once."""

    def __init__(self, tell: Tell) -> None:
        self._tell, self._lock = tell, Lock()
        self._done, self._end = 0, 0

    def begin(self, done: int, end: int) -> None:
        """Groups begin behind so many frames and end at others."""
        self._done, self._end = done, end

    def __call__(self) -> None:
        """A frame is coded."""
        with self._lock:
            self._done = min(self._done + 1, self._end)
            self._tell(self._done)


class _Chooser:
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
        self._any = False  # group has been good enough

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
            return lambda: self._good_enough(at)
        if self._pacer is None:
            quality = QUALITY if self._target.quality is None else self._target.quality
            return lambda: at(rate_of(quality))
        share = self._pacer.allowed(total, last=ends) * len(some) / total - _beside(len(some))
        rate = self._pacer.next_rate(total)
        if rate is None or ends:
            slack = _TIGHT if ends else _LOOSE
            return lambda: _small_enough(at, share, rate, slack)
        return lambda: _near_enough(at, share, rate)

    def _good_enough(self, at: Callable[[int], CodedGroup]) -> CodedGroup:
        """Of the PSNR that is wanted, or the best there is if others were."""
        wanted = self._target.psnr
        assert wanted is not None

        def seen(rate: int) -> tuple[float, CodedGroup]:
            coded = at(rate)
            errors = np.maximum(coded.errors, 1e-5)
            return float(np.mean(10 * np.log10(255**2 / errors))), coded

        found = smallest_above(seen, wanted, slack=_CLOSE, first=self._last)
        if not (found.met or self._any):
            raise InputError(
                f"a PSNR of {wanted:g} dB cannot be reached; the highest is {found.value:.2f}"
            )
        self._any = True
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


def _groups(frames: Iterator[Frame], most: int) -> Iterator[list[Frame]]:
    """Frames up to the next scene, or the most that a group has."""
    finder = CutFinder()
    some: list[Frame] = []
    for frame in frames:
        if (finder.begins(frame[1]) or len(some) == most) and some:
            yield some
            some = []
        if not some:
            finder.forget()  # so that one that goes on here finds the same
        some.append(frame)
    if some:
        yield some


def _with_last(groups: Iterator[list[Frame]]) -> Iterator[tuple[list[Frame], bool]]:
    """Each with whether it is the last."""
    before: list[Frame] | None = None
    for some in groups:
        if before is not None:
            yield before, False
        before = some
    if before is not None:
        yield before, True


def _on_one_thread() -> None:
    torch.set_num_threads(1)


def header_of(codec: VideoCodec, source: VideoSource, made_with: bytes) -> VideoHeader:
    """The header of a clip's file."""
    return VideoHeader(
        source.width,
        source.height,
        codec.image.mark,
        codec.mark,
        source.time_base,
        source.frame_rate,
        made_with,
    )
