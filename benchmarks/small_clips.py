"""Small coded clips of every kind of frame, by a codec of random weights or any other."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import torch

from covey.codec.image.body import Body
from covey.codec.image.config import BodyConfig
from covey.codec.image.model import ImageCodec
from covey.codec.image.windows import padded
from covey.codec.video.body import VideoBody
from covey.codec.video.config import MotionConfig
from covey.codec.video.container import FrameRecord, Group, VideoHeader, VideoReader, VideoWriter
from covey.codec.video.digest import digest
from covey.codec.video.frames import (
    Incoming,
    Reference,
    encode_change_frame,
    encode_motion_frames,
    encode_picture_frame,
    encode_repeat_frame,
    encode_still_frame,
)
from covey.codec.video.groups import DecodedFrame
from covey.codec.video.model import VideoCodec
from covey.codec.video.records import pack_header
from covey.io.video_source import Pixels
from covey.video_reading import decode_clip

CLIPS = (
    ((64, 64), ("PMMM", "PMWM", "PMRM"), False, 4000),
    ((70, 100), ("PSMS", "PMCM", "PPSR"), True, 8000),
    ((33, 17), ("P", "PSSMC", "PRPMWS"), True, 1500),
)
"""Height and width, kinds of the frames of each group, whether there is audio, rate."""

_RATE = Fraction(30_000, 1001)
_BASE = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class CodedClip:
    """A clip as a file, and what is read of it.

    Attributes:
        data: The file.
        header, audio, groups: What it holds.
        chunks: The file in pieces: header, audio, each group, index.
        frames: As they are decoded.
    """

    data: bytes
    header: VideoHeader
    audio: bytes
    groups: tuple[Group, ...]
    chunks: tuple[bytes, ...]
    frames: tuple[DecodedFrame, ...]

    @property
    def groups_as_written(self) -> tuple[bytes, ...]:
        return self.chunks[-1 - len(self.groups) : -1]


def random_video_codec(seed: int = 0) -> VideoCodec:
    """A tiny codec that was never trained."""
    torch.manual_seed(seed)
    image = Body(BodyConfig(width=12, latents=16, encoder=1, decoder=1, context=16, hyper=8))
    sizes = MotionConfig(width=8, latents=8, encoder=1, decoder=1, context=8, hyper=4, fusion=4)
    body = VideoBody(sizes, image.config)
    with torch.no_grad():
        for name, each in [*image.named_parameters(), *body.named_parameters()]:
            if "foresight" in name and name.endswith(("rate", "bias")):
                each.add_(0.3 * torch.randn(each.shape))
            if "fusion.last" in name or "kernel" in name:
                each.add_(0.02 * torch.randn(each.shape))
    return VideoCodec.of(body, ImageCodec.of(image))


def coded_clips(codec: VideoCodec, seed: int = 0) -> list[CodedClip]:
    """All of `CLIPS`."""
    rng = np.random.default_rng(seed)
    return [_coded(codec, *each, rng) for each in CLIPS]


def _coded(
    codec: VideoCodec,
    size: tuple[int, int],
    kinds: Sequence[str],
    heard: bool,
    rate: int,
    rng: np.random.Generator,
) -> CodedClip:
    pixels = scene(sum(map(len, kinds)), *size, rng)
    pts = np.cumsum(rng.integers(2000, 4000, len(pixels))).tolist()
    audio = small_audio() if heard else b""
    file = io.BytesIO()
    header = VideoHeader(size[1], size[0], codec.image.mark, codec.mark, _BASE, _RATE, rng.bytes(8))
    writer = VideoWriter(file, header)
    writer.audio(audio)
    first = 0
    for some in kinds:
        end = first + len(some)
        writer.group(coded_group(codec, pixels[first:end], pts[first:end], first, some, rate))
        first = end
    places = [place.offset for place in writer.places]
    index = file.tell()
    writer.finish()
    data = file.getvalue()
    reader = VideoReader(file)
    frames = tuple(decode_clip(codec, reader))
    assert not reader.damage
    assert not any(frame.damage for frame in frames)
    cuts = sorted({len(pack_header(header)), *places, index})
    chunks = tuple(data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True))
    groups = tuple(reader.group(number) for number in range(len(kinds)))
    return CodedClip(data, header, audio, groups, chunks, frames)


def coded_group(
    codec: VideoCodec,
    pixels: Sequence[Pixels],
    pts: Sequence[int],
    first: int,
    kinds: str,
    rate: int,
) -> list[FrameRecord]:
    """Frames of the kinds that are wanted: P, M, S, C, R, and W: motion without a rest."""
    found: list[FrameRecord] = []
    before: Reference | None = None
    with torch.inference_mode():
        for number, (kind, frame) in enumerate(zip(kinds, pixels, strict=True), first):
            coming = Incoming.of(codec, padded(frame), rate)
            if kind == "P" or before is None:
                made = encode_picture_frame(codec, coming)
            elif kind in "MW":
                made = encode_motion_frames(codec, coming, before)["MW".index(kind)]
            elif kind == "C":
                made = encode_change_frame(codec, coming, before)
            elif kind == "R":
                made = encode_repeat_frame(before)
            else:
                made = encode_still_frame(codec, coming, before)
            before = made.after
            shown = before.pixels[: frame.shape[0], : frame.shape[1]]
            sums = digest(shown, number)
            found.append(FrameRecord(int(made.kind), rate, pts[number - first], sums, made.payload))
    return found


def small_audio() -> bytes:
    """Some tenths of a second of a tone, as `io.audio_tracks` keeps it."""
    file = io.BytesIO()
    with av.open(file, "w", format="matroska", options={"fflags": "+bitexact"}) as film:
        stream = film.add_stream("aac", rate=8000, layout="mono")
        stream.bit_rate = 8000
        for at in range(0, 3072, 1024):
            tone = np.sin(np.arange(at, at + 1024, dtype=np.float32) / 3)[None]
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 8000, at
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return file.getvalue()


def scene(count: int, height: int, width: int, rng: np.random.Generator) -> list[Pixels]:
    """Frames of waves and noise that move."""
    y, x = np.mgrid[: height + count, : width + 2 * count] / 9.0
    waves = np.stack([np.sin(a * x + b * y + c) for a, b, c in 2 * rng.normal(size=(3, 3))], -1)
    noise = rng.normal(0, 6, waves.shape)
    whole = np.clip(128 + 90 * waves + noise, 0, 255).astype(np.uint8)
    return [
        np.ascontiguousarray(whole[n : n + height, 2 * n : 2 * n + width]) for n in range(count)
    ]


def with_index(chunks: Sequence[bytes], index: bytes) -> bytes:
    """A file of such chunks, the place of its index right."""
    at = sum(map(len, chunks))
    return b"".join(chunks) + index + struct.pack("<Q", at) + b"\xf1CVe"
