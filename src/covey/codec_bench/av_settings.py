"""Coders of FFmpeg, by PyAV: one thread, low delay, a fixed quantiser.

No frame waits for a later one, and none but the first is a picture of itself unless the coder finds
a cut. What is coded is packets as a file would hold them, without a container.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from covey.extras import require
from covey.io.video_source import Pixels
from covey.io.yuv import matrix_of, yuv_of
from covey.types import InputError

QUANTISERS = (42, 37, 32, 27, 22, 18)
"""Of H.264 and H.265, from small files to good ones."""

_NO_PICTURES = 10**6  # frames from one that stands alone to the next


@dataclass(frozen=True, slots=True)
class AvSetting:
    """A coder at some setting.

    Attributes:
        name: Of the setting.
        library: What encodes, as FFmpeg calls it.
        decoder: What decodes.
        pixels: Kind of pixels, as FFmpeg calls it.
        options: Of the encoder.
        own: Name of the option that holds the library's own parameters, and those with `{}` for the
            quantiser; none if it has none.
        step: Its quantisers, to one of H.264.
    """

    name: str
    library: str
    decoder: str
    pixels: str
    options: dict[str, str] = field(default_factory=dict)
    own: tuple[str, str] | None = None
    step: float = 1.0

    @property
    def dial(self) -> tuple[int, ...]:
        """Its quantisers, from small files to good ones."""
        return tuple(round(each * self.step) for each in QUANTISERS)

    def why_missing(self) -> str:
        """Why it cannot be used here, in words; empty if it can."""
        try:
            import av
        except ImportError:
            return 'PyAV is not installed; pip install "covey[video]" brings it'
        name = self.library
        try:
            av.codec.Codec(name, "w")
            name = self.decoder
            av.codec.Codec(name, "r")
        except ValueError:
            return f"this PyAV has no {name}"
        return ""

    def options_at(self, quantiser: int) -> dict[str, str]:
        """Of the encoder, at one of its own quantisers."""
        found = {**self.options, "qp": str(quantiser), "threads": "1"}
        if self.own is not None:
            name, parameters = self.own
            found[name] = parameters.format(quantiser)
        return found


_H26X = {"preset": "medium", "tune": "zerolatency"}
_X265 = ("x265-params", "qp={}:pools=1:log-level=none")

AV_SETTINGS: dict[str, tuple[AvSetting, ...]] = {
    "x264": (
        AvSetting("x264 medium, 4:2:0", "libx264", "h264", "yuv420p", _H26X),
        AvSetting("x264 medium, 4:4:4", "libx264", "h264", "yuv444p", _H26X),
    ),
    "x265": (
        AvSetting("x265 medium, 4:2:0", "libx265", "hevc", "yuv420p", _H26X, _X265),
        AvSetting("x265 medium, 4:4:4", "libx265", "hevc", "yuv444p", _H26X, _X265),
    ),
    "av1": (
        AvSetting(
            "SVT-AV1 preset 8, 4:2:0",
            "libsvtav1",
            "libdav1d",
            "yuv420p",
            {"preset": "8"},
            ("svtav1-params", "pred-struct=1:rc=0:lp=1:qp={}"),
            1.25,
        ),
    ),
}
"""By the names that users give them; 4:2:0 is what they are made for, 4:4:4 keeps colours."""


def packets_of(
    setting: AvSetting,
    frames: Iterable[Pixels],
    frame_rate: Fraction,
    quantiser: int,
    tick: Callable[[], None] = lambda: None,
) -> list[bytes]:
    """Codes frames.

    Args:
        setting: Of the coder, which must be there.
        frames: (h, w, 3) uint8, at least one, all of a size.
        frame_rate: Frames a second.
        quantiser: One of its own.
        tick: Called after each frame.

    Raises:
        InputError: If it refuses them.
    """
    av = require("av", "video")
    os.environ.setdefault("SVT_LOG", "0")  # it would write to the terminal
    encoder: Any = None
    packets: list[Any] = []
    try:
        for number, pixels in enumerate(frames):
            if encoder is None:
                encoder = av.CodecContext.create(setting.library, "w")
                encoder.height, encoder.width = pixels.shape[:2]
                encoder.pix_fmt = setting.pixels
                encoder.time_base, encoder.framerate = 1 / frame_rate, frame_rate
                encoder.options = setting.options_at(quantiser)
                encoder.gop_size = _NO_PICTURES
                encoder.thread_count = 1
                with _as_urgent_as_before():
                    encoder.open()
            frame = yuv_of(pixels, setting.pixels, matrix_of(len(pixels)))
            frame.pts = number
            packets += encoder.encode(frame)
            tick()
        packets += encoder.encode(None)
    except (av.FFmpegError, ValueError, OSError) as error:
        size = f"{pixels.shape[1]} x {pixels.shape[0]}"
        raise InputError(f"{setting.name} refuses frames of {size} pixels: {_why(error)}") from None
    return [bytes(packet) for packet in packets]


@contextmanager
def _as_urgent_as_before() -> Iterator[None]:
    """Keeps the thread from being made a real-time one.

    SVT-AV1 does that to whoever opens it as root. All threads that begin later are such ones, too,
    and where they wait for each other in loops, nothing else on the machine goes on.
    """
    if not hasattr(os, "sched_getscheduler"):
        yield
        return
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def frames_of(setting: AvSetting, packets: Sequence[bytes]) -> Iterator[Any]:
    """Frames of PyAV, as they are decoded from what `packets_of` gave.

    Raises:
        InputError: If they cannot be decoded.
    """
    av = require("av", "video")
    decoder = av.CodecContext.create(setting.decoder, "r")
    decoder.thread_count = 1
    try:
        for packet in [*map(av.Packet, packets), None]:
            yield from decoder.decode(packet)
    except (av.FFmpegError, ValueError, OSError) as error:
        raise InputError(f"{setting.name} cannot read its own: {_why(error)}") from None


def without_remarks(packets: Sequence[bytes], decoder: str) -> list[bytes]:
    """The same without what x264 and x265 write of themselves: 600 or 2,400 bytes of text.

    These are messages that are decoded to nothing (SEI, user data), of the size of some whole
    frames of small clips.

    Args:
        packets: As of `packets_of`.
        decoder: What decodes them.
    """
    if decoder not in _UNITS:
        return list(packets)
    return [
        b"".join(unit for unit in _units(data) if not _UNITS[decoder](unit)) for data in packets
    ]


def _units(data: bytes) -> Iterator[bytes]:
    """Pieces of a packet, each with the start code (00 00 01) that it begins with."""
    starts = []
    at = data.find(b"\0\0\1")
    while at >= 0:
        starts.append(at - 1 if at and data[at - 1] == 0 else at)
        at = data.find(b"\0\0\1", at + 3)
    for start, stop in zip(starts, [*starts[1:], len(data)], strict=True):
        yield data[start:stop]


def _is_h264_remark(unit: bytes) -> bool:
    head = unit[unit.index(1) + 1 :]
    return head[0] & 31 == 6 and head[1] == 5


def _is_hevc_remark(unit: bytes) -> bool:
    head = unit[unit.index(1) + 1 :]
    return head[0] >> 1 & 63 == 39 and head[2] == 5


_UNITS = {"h264": _is_h264_remark, "hevc": _is_hevc_remark}


def _why(error: Exception) -> str:
    """What FFmpeg says, without its call."""
    return getattr(error, "strerror", None) or str(error)
