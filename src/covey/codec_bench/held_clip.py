"""A clip whose frames are held in memory, so that every coder gets the same ones, and at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Self

from covey.io.video_source import MOST_PIXELS, Frame, Pixels, VideoSource
from covey.io.videos import open_video, opened
from covey.resources import memory_bytes, require_memory
from covey.types import InputError

FRAMES = 96
"""Of a clip that are taken, unless more are asked for."""

_WORK = 1500
"""Bytes a pixel of a frame that the networks take while they code, at most about."""

_ALIKE = {"h264": "x264", "hevc": "x265", "av1": "AV1"}
"""By the names of FFmpeg: coders that films are flattered by."""


@dataclass
class HeldClip:
    """Frames in memory; a `VideoSource`, too.

    Attributes:
        name: Of the clip.
        pixels: (h, w, 3) uint8 each, at least one, all of a size.
        frame_rate: Frames a second.
        notes: What of its source is not kept.
    """

    name: str
    pixels: list[Pixels]
    frame_rate: Fraction = Fraction(25)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.height, self.width = self.pixels[0].shape[:2]
        self.time_base = 1 / self.frame_rate
        self.expected_frames: int | None = len(self.pixels)

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """As `VideoSource` says; time stamps count frames."""
        yield from list(enumerate(self.pixels))[start:]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


def hold_clip(
    path: Path,
    most: int = FRAMES,
    most_pixels: int = MOST_PIXELS,
    *,
    at_once: int = 1,
    tell: Callable[[float], None] = lambda done: None,
) -> HeldClip:
    """Reads the first frames of a film, or of a folder of them.

    Args:
        path: See `open_video`.
        most: Frames at most; that there are more is told in the notes.
        most_pixels: Larger frames are refused.
        at_once: Points that will be coded at a time, for the memory that they take.
        tell: Called with the share that is read.

    Raises:
        InputError: If it is no clip, or nothing of it can be decoded.
        MemoryLimitError: If frames, and what codes them, would not fit; before they are read.
        MissingExtraError: If PyAV is not installed, for what is no folder.
    """
    with open_video(path, most_pixels=most_pixels) as source:
        expected = min(most, source.expected_frames or most)
        _require(source, expected, at_once)
        found: list[Pixels] = []
        for _, pixels in islice(source.frames(), most + 1):
            if len(found) == expected < most:  # it is longer than it says
                expected = min(most, 2 * expected)
                _require(source, expected - len(found), at_once)
            found.append(pixels)
            tell(min(1.0, len(found) / expected))
        if not found:
            raise InputError(f"{path}: holds no frame that can be decoded")
        notes = [f"{path} {note}" for note in source.notes]
        if len(found) > most:
            del found[most:]
            length = f" of about {source.expected_frames:,}" if source.expected_frames else ""
            notes.append(
                f"only the first {most:,} frames{length} are compared; --max-frames N takes more"
            )
        notes += _flattered(path)
        return HeldClip(str(path), found, source.frame_rate, notes)


def _require(source: VideoSource, frames: int, at_once: int) -> None:
    """Refuses more frames than fit beside what codes them."""
    area = source.height * source.width
    frame, beside = 2 * 3 * area, at_once * _WORK * area  # as they were, and decoded
    _, free = memory_bytes()
    smaller = "make the frames smaller" + (", or code fewer at a time" if at_once > 1 else "")
    fit = 0 if free is None else (free - beside) // frame
    require_memory(
        f"{source.name}: coding {frames:,} frames of {source.width:,} x {source.height:,} pixels",
        frames * frame + beside,
        None,
        remedy=f"--max-frames {fit} would fit" if fit > 0 else smaller,
    )


def _flattered(path: Path) -> list[str]:
    """What a film that was compressed before says for coders like the one that it was."""
    if path.is_dir():
        return []
    with opened(path) as container:
        name = container.streams.video[0].codec_context.name
    before = next((mine for theirs, mine in _ALIKE.items() if theirs in name), None)
    before = "AV1" if "dav1d" in name else before
    return [f"{path} was compressed by {name} already, which flatters {before}"] if before else []
