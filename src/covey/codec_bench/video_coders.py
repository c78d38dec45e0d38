"""What clips are coded by: Covey's video codec and coders of PyAV under one contract."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from covey.codec_bench.av_settings import AvSetting, frames_of, packets_of, without_remarks
from covey.codec_bench.held_clip import HeldClip
from covey.io.video_source import Pixels
from covey.io.yuv import rgb_of
from covey.types import InputError

if TYPE_CHECKING:
    from covey.codec.video.model import VideoCodec

QUALITIES = (0, 20, 40, 60, 80, 100)
"""Of Covey, from small files to good ones."""

GROUP = 128
"""Frames of a group of Covey's, as others do not begin anew either."""

Tick = Callable[[], None]
"""Called after each frame."""


@dataclass(frozen=True, slots=True)
class VideoCoder:
    """A way to code clips.

    Attributes:
        name: Of a curve.
        version: Of what codes.
        dial: Settings, from the smallest files to the best ones.
        encode: A clip at a setting, as bytes in pieces.
        decode: The pieces, and the clip's height and width, to (h, w, 3) uint8 each.
    """

    name: str
    version: str
    dial: tuple[int, ...]
    encode: Callable[[HeldClip, int, Tick], list[bytes]]
    decode: Callable[[Sequence[bytes], tuple[int, int]], Iterator[Pixels]]


def covey_video_coder(codec: VideoCodec, effort: int) -> VideoCoder:
    """Covey's video codec on one thread, at qualities from 0 to 100; a file is one piece.

    Args:
        codec: The model.
        effort: 0 or 1.
    """
    from covey.codec.video.container import VideoReader
    from covey.video_reading import decode_clip
    from covey.video_target import VideoTarget
    from covey.videos import encode_clip, header_of

    def encode(clip: HeldClip, quality: int, tick: Tick) -> list[bytes]:
        file = io.BytesIO()
        told = 0

        def tell(done: int) -> None:
            nonlocal told
            for _ in range(told, done):
                tick()
            told = max(told, done)

        encode_clip(
            codec,
            clip,
            file,
            header_of(codec, clip, b""),
            VideoTarget(quality=quality),
            group=GROUP,
            effort=effort,
            tell=tell,
        )
        return [file.getvalue()]

    def decode(pieces: Sequence[bytes], size: tuple[int, int]) -> Iterator[Pixels]:
        for frame in decode_clip(codec, VideoReader(io.BytesIO(b"".join(pieces)))):
            if frame.damage or frame.pixels is None:
                raise InputError(f"frame {frame.number} {frame.damage}")
            yield frame.pixels

    return VideoCoder(f"Covey, effort {effort}", codec.mark.hex(), QUALITIES, encode, decode)


def av_coder(setting: AvSetting) -> VideoCoder:
    """A coder of PyAV, which must be there; a packet is a piece.

    Frames of odd sizes are grown to even ones for 4:2:0, and cut again. What coders write of
    themselves does not count.
    """
    import av

    def encode(clip: HeldClip, quantiser: int, tick: Tick) -> list[bytes]:
        frames = map(_even, clip.pixels) if "420" in setting.pixels else iter(clip.pixels)
        packets = packets_of(setting, frames, clip.frame_rate, quantiser, tick)
        return without_remarks(packets, setting.decoder)

    def decode(pieces: Sequence[bytes], size: tuple[int, int]) -> Iterator[Pixels]:
        for frame in frames_of(setting, pieces):
            yield rgb_of(frame)[: size[0], : size[1]]

    version = f"PyAV {av.__version__}, FFmpeg {av.ffmpeg_version_info}"
    return VideoCoder(setting.name, version, setting.dial, encode, decode)


def _even(pixels: Pixels) -> Pixels:
    """With the last row and column again where there is an odd number."""
    height, width = pixels.shape[:2]
    if height % 2 == 0 and width % 2 == 0:
        return pixels
    return np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
