"""Films of any kind that PyAV opens, and folders of frames."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from covey.extras import require
from covey.io.frame_folder import RATE, FolderSource
from covey.io.video_source import MOST_PIXELS, Frame, Pixels, VideoSource
from covey.io.yuv import rgb_of
from covey.types import InputError

_NO_FILMS = {"tty"}  # FFmpeg paints text files
_HDR = {16, 18}  # transfer curves: PQ and HLG
_MOST_ERRORS = 100
"""Packets that cannot be decoded, one after another, before a film counts as ended."""


def open_video(
    path: str | Path, frame_rate: Fraction = RATE, most_pixels: int = MOST_PIXELS
) -> VideoSource:
    """Opens a film, or a folder of PNG or JPEG files as one.

    Args:
        path: A file that FFmpeg opens, a pattern of names such as `f%03d.png`, or a folder.
        frame_rate: Of a folder, whose pictures do not say.
        most_pixels: Larger frames are refused before they are decoded.

    Raises:
        InputError: If there is no such file, it is no video, or nothing of it can be decoded.
        MissingExtraError: If PyAV is not installed, for what is no folder.
    """
    if Path(path).is_dir():
        return FolderSource(Path(path), frame_rate, most_pixels)
    return FilmSource(Path(path), most_pixels)


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A container of PyAV, which reads no other places than files.

    Raises:
        InputError: If there is no such file, or it is no film.
        MissingExtraError: If PyAV is not installed.
    """
    av = require("av", "video")
    if not path.exists() and "%" not in path.name:
        raise InputError(f"{path}: there is no such file")
    try:
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"})
    except (av.FFmpegError, OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read as a video: {why}") from None
    try:
        if container.format.name in _NO_FILMS:
            raise InputError(f"{path}: cannot be read as a video: it is text")
        yield container
    finally:
        container.close()


class FilmSource:
    """The first video stream of a file.

    Attributes:
        As of `VideoSource`.
    """

    def __init__(self, path: Path, most_pixels: int = MOST_PIXELS) -> None:
        """Reads what the file says of itself, and its first frame.

        Raises:
            InputError: As `open_video` says.
        """
        self.name, self._path, self._most = str(path), path, most_pixels
        self.notes: list[str] = []
        with opened(path) as container:
            stream = _stream_of(container, path)
            self.time_base: Fraction = stream.time_base or 1 / RATE
            rate = stream.average_rate or stream.guessed_rate or stream.base_rate
            self.frame_rate = Fraction(rate) if rate and rate > 0 else RATE
            self.expected_frames = _frames_in(container, stream, self.frame_rate)
            self._size = (stream.codec_context.width, stream.codec_context.height)
            self._check_size(*self._size)
            self.notes += _notes_of_streams(container, stream)
            first = next(self._decoded(container, stream), None)
            if first is None:
                raise InputError(f"{path}: nothing of its video can be decoded")
            self._size = (first.width, first.height)
            self._check_size(*self._size)
            self._turns = _turns(first)
            self.notes += _notes_of_frame(first, stream)
        turned = self._size[:: -1 if self._turns % 2 else 1]
        self.width, self.height = turned

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """As `VideoSource` says; frames that are skipped are decoded, so that none is missed."""
        with opened(self._path) as container:
            stream = _stream_of(container, self._path)
            number, latest = 0, None
            step = max(1, round(1 / (self.frame_rate * self.time_base)))
            for frame in self._decoded(container, stream):
                pts = frame.pts
                if pts is None:
                    pts = 0 if latest is None else latest + step
                elif latest is not None and pts <= latest:
                    self._tell("has time stamps that do not rise; those were moved")
                    pts = latest + 1
                if (frame.width, frame.height) != self._size:
                    raise InputError(
                        f"{self.name}: frame {number} has {frame.width} x {frame.height} pixels, "
                        f"and the first one {self._size[0]} x {self._size[1]}; all must have one "
                        "size"
                    )
                if frame.is_corrupt:
                    self._tell("is damaged; some frames are not as they were")
                if frame.interlaced_frame:
                    self._tell("is interlaced; both fields are kept as one frame")
                if number >= start:
                    yield pts, self._upright(rgb_of(frame))
                number, latest = number + 1, pts
            if stream.frames > number:
                self._tell(f"{number} of its {stream.frames} frames can be decoded")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def _upright(self, pixels: Pixels) -> Pixels:
        return np.ascontiguousarray(np.rot90(pixels, self._turns)) if self._turns else pixels

    def _decoded(self, container: Any, stream: Any) -> Iterator[Any]:
        """Frames of PyAV; what is damaged between them is told and left out."""
        av = require("av", "video")
        packets = container.demux(stream)
        failed = 0
        while failed < _MOST_ERRORS:
            try:
                packet = next(packets, None)
                if packet is None:
                    return
                found = packet.decode()
                failed = 0
            except (av.FFmpegError, ValueError, OSError):
                self._tell("is damaged; what can be decoded of it is used")
                failed += 1
                continue
            yield from found

    def _check_size(self, width: int, height: int) -> None:
        if width * height > self._most:
            raise InputError(
                f"{self.name}: has {width:,} x {height:,} pixels, more than {self._most:,}; allow "
                "more if you have the memory"
            )

    def _tell(self, note: str) -> None:
        if note not in self.notes:
            self.notes.append(note)


def _stream_of(container: Any, path: Path) -> Any:
    """The first video stream that is no cover."""
    for stream in container.streams.video:
        if not _is_cover(stream) and stream.codec_context is not None:
            stream.thread_type = "AUTO"
            return stream
    raise InputError(f"{path}: has no video stream")


def _is_cover(stream: Any) -> bool:
    return "attached_pic" in str(stream.disposition)


def _frames_in(container: Any, stream: Any, rate: Fraction) -> int | None:
    if stream.frames:
        return int(stream.frames)
    if stream.duration and stream.time_base:
        return max(1, round(stream.duration * stream.time_base * rate))
    if container.duration:
        length = container.duration - max(0, container.start_time or 0)
        return max(1, round(Fraction(length, 1_000_000) * rate))
    return None


def _turns(frame: Any) -> int:
    """Quarter turns to the left that make a frame upright."""
    return round(frame.rotation / 90) % 4


def _notes_of_streams(container: Any, used: Any) -> list[str]:
    others = sum(stream is not used and not _is_cover(stream) for stream in container.streams.video)
    counts = {
        ("further video stream", "further video streams"): others,
        ("further audio stream", "further audio streams"): len(container.streams.audio) - 1,
        ("stream of subtitles", "streams of subtitles"): len(container.streams.subtitles),
        ("cover picture", "cover pictures"): sum(map(_is_cover, container.streams.video)),
    }
    return [
        f"has a {one}, which is not kept"
        if count == 1
        else f"has {count} {many}, which are not kept"
        for (one, many), count in counts.items()
        if count > 0
    ]


def _notes_of_frame(frame: Any, stream: Any) -> list[str]:
    notes = []
    parts = frame.format.components
    if any(part.is_alpha for part in parts) and not frame.format.name.startswith("pal"):
        notes.append("has transparency, which is not kept")
    if max((part.bits for part in parts), default=8) > 8:
        notes.append("has more than 8 bits a channel; the upper 8 are kept")
    if int(frame.color_trc) in _HDR:
        notes.append("is in high dynamic range, which is kept as if it were not")
    if frame.rotation % 90:
        notes.append(f"is turned by {frame.rotation} degrees; it is turned to the nearest quarter")
    if (stream.sample_aspect_ratio or 1) != 1:
        notes.append(f"has pixels of {stream.sample_aspect_ratio}, which is not kept")
    return notes
