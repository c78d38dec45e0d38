"""One frame to bytes and back, of five kinds.

    picture   latents as the image codec has them
    motion    latents of motion; of what the prediction by motion leaves, latents behind those of
              the frame before; decoded to x + g(a(x) + r) - g(a(x)), x the prediction. Without the
              latter it is the prediction
    change    the same with the frame before as x, and no motion: noise and light do not move
    still     latents of the frame behind those of the last picture or still frame: no motion, and
              nothing of what was decoded wrongly in between
    repeat    nothing: the frame before is shown again, and what stands on it stands on that one

Probabilities are decided by what was read alone, never by pixels, so that frames can be read on any
machine. A payload is the number of words of motion (a varint, only in frames by motion), these, and
all other words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from covey.codec.entropy.coder import Words
from covey.codec.image.config import LATENT
from covey.codec.image.frozen import SIXTEENTHS
from covey.codec.image.tile_coding import PARTS, CodedTile, Foreseeing, decode_tile, encode_tile
from covey.codec.image.windows import Pixels
from covey.codec.rate_index import MIXES
from covey.codec.video.block_search import block_motion
from covey.codec.video.model import VideoCodec
from covey.codec.video.motion import ForeseenFrame
from covey.codec.video.varints import Cursor, MalformedError, varint
from covey.types import Float32, InputError

Latents = NDArray[np.int32]
"""(latents, h, w) sixteenths."""


class Kind(IntEnum):
    """Of a frame."""

    PICTURE = 0
    MOTION = 1
    STILL = 2
    REPEAT = 3
    CHANGE = 4


@dataclass(frozen=True, slots=True)
class Reference:
    """What a frame leaves to those that follow.

    Attributes:
        pixels: (h, w, 3) uint8 as decoded, in whole cells.
        latents: Of the last picture or still frame.
        rate: At which those are.
        left: Of the residual of this frame; None where it has none.
    """

    pixels: Pixels
    latents: Latents
    rate: int
    left: Latents | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A frame that is to be coded.

    Attributes:
        pixels: (h, w, 3) uint8 in whole cells of 32 pixels.
        planes: (1, 3, h, w), the same in [0, 1].
        latents: (1, latents, h / 16, w / 16), before they are rounded.
        rate: Number of the rate that it is coded at.
    """

    pixels: Pixels
    planes: Tensor
    latents: Tensor
    rate: int

    @classmethod
    def of(cls, codec: VideoCodec, pixels: Pixels, rate: int) -> Incoming:
        """Of its pixels."""
        planes = _planes(pixels)
        return cls(pixels, planes, _analysed(codec, planes, rate), rate)


@dataclass(frozen=True, slots=True)
class CodedFrame:
    """A frame as it is written.

    Attributes:
        kind: Of the frame.
        payload: Its bytes.
        after: What it leaves.
    """

    kind: Kind
    payload: bytes
    after: Reference


def encode_picture_frame(codec: VideoCodec, coming: Incoming, effort: int = 1) -> CodedFrame:
    """Codes a frame as it is.

    Args:
        codec: The model.
        coming: The frame.
        effort: 0 rounds latents, 1 weighs their bits against errors.
    """
    image = codec.image
    z = image.hyper(_in_fours(coming.latents))[0].numpy()
    tile = _coded(codec, image.foresight, coming, z, effort)
    after = Reference(_painted(codec, tile.latents, coming.rate), tile.latents, coming.rate)
    return CodedFrame(Kind.PICTURE, _as_bytes(tile.words), after)


def encode_still_frame(
    codec: VideoCodec, coming: Incoming, before: Reference, effort: int = 1
) -> CodedFrame:
    """Codes a frame behind the latents of an earlier one of its rate; otherwise as a picture."""
    known = _real(before.latents)
    z = codec.still_hyper.of(_in_fours(coming.latents), _in_fours(known))[0].numpy()
    tile = _coded(codec, codec.still.behind(before.latents), coming, z, effort)
    after = Reference(_painted(codec, tile.latents, coming.rate), tile.latents, coming.rate)
    return CodedFrame(Kind.STILL, _as_bytes(tile.words), after)


def encode_change_frame(
    codec: VideoCodec, coming: Incoming, before: Reference, effort: int = 1
) -> CodedFrame:
    """Codes what differs from the frame before; otherwise as a picture."""
    return _with_rest(codec, Kind.CHANGE, b"", _planes(before.pixels), coming, before, effort)


def encode_motion_frames(
    codec: VideoCodec, coming: Incoming, before: Reference, effort: int = 1
) -> tuple[CodedFrame, ...]:
    """Codes a frame by motion, with what is left and without it; otherwise as a picture."""
    foreseen, words = foresee_frame(codec, coming.pixels, before.pixels, coming.rate)
    frame = foreseen.image
    head = varint(len(words) // 4) + words
    after = Reference(_pixels(frame), before.latents, before.rate)
    return (
        _with_rest(codec, Kind.MOTION, head, frame, coming, before, effort),
        CodedFrame(Kind.MOTION, head, after),
    )


def encode_repeat_frame(before: Reference) -> CodedFrame:
    """Codes a frame as the one before it, in no bytes."""
    return CodedFrame(Kind.REPEAT, b"", before)


def _with_rest(
    codec: VideoCodec,
    kind: Kind,
    head: bytes,
    frame: Tensor,
    coming: Incoming,
    before: Reference,
    effort: int,
) -> CodedFrame:
    """A frame of its prediction and latents of what that leaves, these behind other bytes."""
    rate = coming.rate
    shown = _analysed(codec, frame, rate)
    rest = Incoming(coming.pixels, coming.planes, coming.latents - shown, rate)
    left = _left(before)
    z = codec.residual_hyper.of(_in_fours(rest.latents), _in_fours(_real(left)))[0].numpy()
    tile = _coded(codec, codec.residual.behind(left), rest, z, effort)
    found = tile.latents if len(tile.words) else np.zeros_like(left)
    pixels = _corrected(codec, frame, shown, found, rate)
    after = Reference(pixels, before.latents, before.rate, found)
    return CodedFrame(kind, head + _as_bytes(tile.words), after)


def foresee_frame(
    codec: VideoCodec, pixels: Pixels, before: Pixels, rate: int
) -> tuple[ForeseenFrame, bytes]:
    """Codes the motion of a frame, and foresees the frame as who decodes it does.

    Args:
        codec: The model.
        pixels: (h, w, 3) uint8 in whole cells of 32 pixels.
        before: The frame before as decoded, alike.
        rate: Number of a rate.

    Returns:
        What is foreseen, a batch of one, and the words of motion; none where there is no motion to
        code.
    """
    x, then = _planes(pixels), _planes(before)
    if not _moves(codec):
        return _foreseen(codec, None, then, rate), b""
    found = torch.from_numpy(block_motion(pixels, before))[None]
    m = codec.motion_analysis(x, then, found, _index(rate))
    z = codec.motion_hyper(_in_fours(m))[0].numpy()
    coded = encode_tile(codec.motion, codec.image.coder, m[0].numpy(), z, rate)
    return _foreseen(codec, coded.latents, then, rate), _as_bytes(coded.words)


def decode_frame(
    codec: VideoCodec,
    kind: int,
    payload: bytes,
    size: tuple[int, int],
    rate: int,
    before: Reference | None,
) -> Reference:
    """Reads a frame.

    Args:
        codec: The model that it was coded by.
        kind: Of the frame.
        payload: Its bytes.
        size: Height and width in whole cells.
        rate: Number of its rate.
        before: What the frame before it left; None for a first one.

    Raises:
        InputError: If it makes no sense, or what it stands on is missing.
    """
    if kind == Kind.PICTURE:
        latents = _read(codec, codec.image.foresight, payload, size, rate)
        return Reference(_painted(codec, latents, rate), latents, rate)
    if before is None:
        raise InputError("the frame that it stands on is missing")
    if kind == Kind.REPEAT:
        if payload:
            raise InputError("it repeats the frame before it, but has bytes")
        return before
    if kind == Kind.STILL:
        if rate != before.rate:
            raise InputError("its rate is not that of the frame that it stands on")
        latents = _read(codec, codec.still.behind(before.latents), payload, size, rate)
        return Reference(_painted(codec, latents, rate), latents, rate)
    frame, rest = _planes(before.pixels), payload
    if kind == Kind.MOTION:
        words, rest = _split(payload)
        motion = _read(codec, codec.motion, words, size, rate) if _moves(codec) else None
        frame = _foreseen(codec, motion, frame, rate).image
    elif kind != Kind.CHANGE:
        raise InputError(f"it is of an unknown kind, {kind}")
    if not rest:
        return Reference(_pixels(frame), before.latents, before.rate)
    left = _read(codec, codec.residual.behind(_left(before)), rest, size, rate)
    shown = _analysed(codec, frame, rate)
    pixels = _corrected(codec, frame, shown, left, rate)
    return Reference(pixels, before.latents, before.rate, left)


def _coded(
    codec: VideoCodec, foresight: Foreseeing, coming: Incoming, z: Float32, effort: int
) -> CodedTile:
    y, rate = coming.latents[0].numpy(), coming.rate
    worth = codec.image.worth(rate) if effort else None
    return encode_tile(foresight, codec.image.coder, y, z, rate, worth=worth)


def _read(
    codec: VideoCodec, foresight: Foreseeing, data: bytes, size: tuple[int, int], rate: int
) -> Latents:
    if len(data) % 4:
        raise InputError("its bytes are no whole words")
    words = np.frombuffer(data, "<u4").astype(np.uint32)
    shape = size[0] // LATENT, size[1] // LATENT
    ends = (0,) * (PARTS - 1) + (len(words),)
    return decode_tile(foresight, codec.image.coder, words, ends, shape, rate).latents


def _analysed(codec: VideoCodec, x: Tensor, rate: int) -> Tensor:
    y: Tensor = codec.image.analysis(x, _index(rate))
    return y


def _painted(codec: VideoCodec, latents: Latents, rate: int) -> Pixels:
    return _pixels(codec.image.synthesis(_real(latents), _index(rate)))


def _moves(codec: VideoCodec) -> bool:
    """Whether there is motion to code."""
    return codec.config.branch != "copy"


def _foreseen(
    codec: VideoCodec, motion: Latents | None, before: Tensor, rate: int
) -> ForeseenFrame:
    """Of a codec without motion the frame before, whatever stands for its latents."""
    latents = before if motion is None else _real(motion)
    found: ForeseenFrame = codec.motion_synthesis(latents, before, _index(rate))
    return found


def _corrected(codec: VideoCodec, frame: Tensor, shown: Tensor, left: Latents, rate: int) -> Pixels:
    """See `body.decoded_residual`; where nothing at all is left the prediction is what it is."""
    if not left.any():
        return _pixels(frame)
    both = torch.cat([shown + _real(left), shown])
    more, without = codec.image.synthesis(both, _index(rate))
    return _pixels(frame + (more - without))


def _left(before: Reference) -> Latents:
    if before.left is not None:
        return before.left
    return np.zeros_like(before.latents)


def _index(rate: int) -> Tensor:
    return torch.tensor([rate / MIXES])


def _real(latents: Latents) -> Tensor:
    return torch.from_numpy(latents.astype(np.float32) / SIXTEENTHS)[None]


def _in_fours(y: Tensor) -> Tensor:
    height, width = y.shape[2:]
    if height % 4 == 0 and width % 4 == 0:
        return y
    return torch.nn.functional.pad(y, (0, -width % 4, 0, -height % 4), mode="replicate")


def _planes(pixels: Pixels) -> Tensor:
    values = pixels.astype(np.float32) / np.float32(255)
    return torch.from_numpy(values).permute(2, 0, 1)[None].contiguous()


def _pixels(x: Tensor) -> Pixels:
    found = x.reshape(x.shape[-3:]).clamp(0, 1).mul(255).round().to(torch.uint8)
    return found.permute(1, 2, 0).contiguous().numpy()


def _as_bytes(words: Words) -> bytes:
    return words.astype("<u4").tobytes()


def _split(payload: bytes) -> tuple[bytes, bytes]:
    """Words of motion, and all others."""
    cursor = Cursor(payload)
    try:
        motion = cursor.take(4 * cursor.varint())
    except MalformedError as error:
        raise InputError(f"its motion cannot be read: {error}") from None
    return motion, cursor.take(cursor.left)
