"""Clips to .cvv files, by a quality, a size, a bitrate or a PSNR."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import IO, BinaryIO

import numpy as np
import torch

from covey.codec.video.container import VideoHeader, VideoReader, VideoWriter
from covey.codec.video.cuts import CutFinder
from covey.codec.video.frames import Kind
from covey.codec.video.groups import most_frames
from covey.codec.video.model import VideoCodec
from covey.io.video_source import Frame, VideoSource
from covey.types import InputError
from covey.video_target import GroupChooser, VideoTarget

GROUP = 32
"""Frames of a group, at most."""

_CLOSING, _PER_PLACE = 32, 10  # bytes of the index, and of a group in it, at most
_ANY = 2**60  # pixels: nothing is decoded
_PIECE = 2**20  # bytes of audio at a time

Tell = Callable[[int], None]
"""Called with how many frames are done."""


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
    audio: IO[bytes] | None = None,
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
    if audio is not None and not writer.frames:
        audio.seek(0)
        while piece := audio.read(_PIECE):
            writer.audio(piece)
    done = EncodedClip(frames=writer.frames)
    expected = frames if frames is not None else source.expected_frames
    most = min(group, most_frames(source.height, source.width))
    beside = file.tell() if not writer.frames else writer.places[0].offset
    done.beside = beside
    pacer = target.pacer(source, expected, beside)
    if pacer is not None:
        pacer.done = writer.frames
    ticks = _Ticks(tell)
    chooser = GroupChooser(codec, target, pacer, effort, kinds, ticks)
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
                done.frames += len(coded.frames)
                done.errors += coded.errors
                done.rates.append(coded.frames[0].rate)
                for each in coded.frames:
                    kind = Kind(each.kind).name.lower()
                    done.kinds[kind] = done.kinds.get(kind, 0) + 1
                tell(done.frames)
            wave = []
    if writer.latest is None:
        raise InputError(f"{source.name}: holds no frame that can be decoded")
    lasts = (writer.latest - writer.places[0].pts) * source.time_base
    done.seconds = float(1 / source.frame_rate + lasts)
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
