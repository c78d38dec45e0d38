"""Groups of frames: a picture, and frames behind it, each of the kind that costs least.

    cost   8 bytes + lambda MSE pixels

A frame that came in as the one before it did is shown as that one, and nothing else is tried.

A group stands alone: what is lost of one is lost to no other. Its frames have one rate. Frames that
cannot be read are shown as the one before them; frames behind these are decoded as far as they can
be, and told of up to one that stands on none that is lost. The digest of each says whether it came
out as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from covey.codec.image.config import CELL
from covey.codec.image.model import lambdas_of
from covey.codec.image.windows import Pixels, padded
from covey.codec.video.container import FrameRecord, Group
from covey.codec.video.digest import TOLERANCE, apart, digest
from covey.codec.video.frames import (
    CodedFrame,
    Incoming,
    Kind,
    Reference,
    decode_frame,
    encode_change_frame,
    encode_motion_frames,
    encode_picture_frame,
    encode_repeat_frame,
    encode_still_frame,
)
from covey.codec.video.model import VideoCodec
from covey.types import InputError

_ON_PIXELS = (Kind.MOTION, Kind.CHANGE, Kind.REPEAT)  # others stand on latents, or on nothing
_GROUP_BYTES = 2**28  # pixels of a group take at most so many
_PICTURE_AGAIN = 0.9  # bytes of a frame against those of its picture that make another one tried


def most_frames(height: int, width: int) -> int:
    """Of a group, so that its pixels take a quarter of a gibibyte at most."""
    return max(1, _GROUP_BYTES // (3 * height * width))


@dataclass(frozen=True, slots=True)
class CodedGroup:
    """A group as it is written.

    Attributes:
        frames: Records.
        errors: (frames,) mean squared errors, of values in [0, 255].
    """

    frames: tuple[FrameRecord, ...]
    errors: tuple[float, ...]

    @property
    def bytes(self) -> int:
        """Of all payloads."""
        return sum(len(each.payload) for each in self.frames)


def encode_group(
    codec: VideoCodec,
    frames: Sequence[tuple[int, Pixels]],
    first: int,
    rate: int,
    *,
    effort: int = 1,
    kinds: Sequence[Kind] = tuple(Kind),
    tick: Callable[[], None] = lambda: None,
) -> CodedGroup:
    """Codes a group.

    Args:
        codec: The model.
        frames: Times and (h, w, 3) uint8 pixels, at least one, all of a size.
        first: Number of the first.
        rate: Number of the rate of all.
        effort: As for pictures.
        kinds: That may be used behind the first, which is a picture.
        tick: Called after each frame.
    """
    records, errors = [], []
    before: Reference | None = None
    latest: Pixels | None = None
    intra = 0
    with torch.inference_mode():
        for number, (pts, pixels) in enumerate(frames, first):
            whole = padded(pixels)
            if before is None or latest is None:
                best = encode_picture_frame(codec, Incoming.of(codec, whole, rate), effort)
            elif Kind.REPEAT in kinds and np.array_equal(pixels, latest):
                best = encode_repeat_frame(before)
            else:
                coming = Incoming.of(codec, whole, rate)
                best = _cheapest(codec, coming, pixels.shape[:2], before, effort, kinds, intra)
            if best.kind == Kind.PICTURE:
                intra = len(best.payload)
            before, latest = best.after, pixels
            shown = _cut(before.pixels, pixels.shape[:2])
            records.append(
                FrameRecord(int(best.kind), rate, pts, digest(shown, number), best.payload)
            )
            errors.append(_error(shown, pixels))
            tick()
    return CodedGroup(tuple(records), tuple(errors))


def _cheapest(
    codec: VideoCodec,
    coming: Incoming,
    size: tuple[int, ...],
    before: Reference,
    effort: int,
    kinds: Sequence[Kind],
    intra: int,
) -> CodedFrame:
    """The cheapest of all kinds; a picture only where others come near the bytes of the last."""
    worth = float(lambdas_of(coming.rate)[0, 0]) / 255**2 * size[0] * size[1]
    wanted = _cut(coming.pixels, size)
    tried: list[tuple[float, CodedFrame]] = []

    def take(coded: CodedFrame) -> None:
        error = _error(_cut(coded.after.pixels, size), wanted)
        tried.append((8 * len(coded.payload) + worth * error, coded))

    if Kind.REPEAT in kinds:
        take(encode_repeat_frame(before))
    if Kind.STILL in kinds:
        take(encode_still_frame(codec, coming, before, effort))
    if Kind.CHANGE in kinds:
        take(encode_change_frame(codec, coming, before, effort))
    if Kind.MOTION in kinds:
        for each in encode_motion_frames(codec, coming, before, effort):
            take(each)
    smallest = min((len(each.payload) for _, each in tried if each.payload), default=intra)
    if not tried or (Kind.PICTURE in kinds and smallest > _PICTURE_AGAIN * intra):
        take(encode_picture_frame(codec, coming, effort))
    return min(tried, key=lambda each: each[0])[1]


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """A frame as far as it could be read.

    Attributes:
        number: From the first of the clip.
        pts: Its time.
        pixels: (h, w, 3) uint8; None where nothing of its group was readable so far.
        damage: What is wrong with it, in words; empty if nothing is.
    """

    number: int
    pts: int
    pixels: Pixels | None
    damage: str = ""


def decode_group(
    codec: VideoCodec,
    group: Group,
    size: tuple[int, int],
    check: Callable[[], None] = lambda: None,
) -> Iterator[DecodedFrame]:
    """Reads a group, frame by frame.

    Args:
        codec: The model that it was coded by.
        group: As the file holds it.
        size: Height and width of frames.
        check: Called before each frame.
    """
    whole = tuple(-(-side // CELL) * CELL for side in size)
    before: Reference | None = None
    shown: Pixels | None = None
    missed = _Missed()
    for number, record in enumerate(group.frames, group.first):
        check()
        try:
            if not record.sound:
                raise InputError("its bytes are not as they were written")
            with torch.inference_mode():
                before = decode_frame(
                    codec, record.kind, record.payload, (whole[0], whole[1]), record.rate, before
                )
        except InputError as error:
            damage = f"cannot be read: {error}" if record.sound else "is damaged"
            missed.take(record.kind, number)
        else:
            shown = _cut(before.pixels, size)
            off = apart(digest(shown, number), record.digest)
            under = missed.under(record.kind)
            damage = ""
            if off > TOLERANCE:
                damage = f"differs from what was coded, by {off:.1f} levels or more"
            elif under is not None:
                damage = f"may differ from what was coded, as frame {under} cannot be read"
        yield DecodedFrame(number, record.pts, shown, damage)


class _Missed:
    """Frames that could not be read, as far as others stand on them.

    Attributes:
        pixels, latents: Number of the frame whose are missing in what goes on; None if none are.
    """

    def __init__(self) -> None:
        self.pixels: int | None = None
        self.latents: int | None = None

    def take(self, kind: int, number: int) -> None:
        """A frame cannot be read."""
        self.pixels = number
        if kind not in _ON_PIXELS:
            self.latents = number

    def under(self, kind: int) -> int | None:
        """Number of the frame that is missing under one that was read; None if none is."""
        if kind == Kind.PICTURE:
            self.latents = None
        if kind not in _ON_PIXELS:
            self.pixels = self.latents
        return self.pixels


def _cut(pixels: Pixels, size: tuple[int, ...]) -> Pixels:
    return np.ascontiguousarray(pixels[: size[0], : size[1]])


def _error(a: Pixels, b: Pixels) -> float:
    return float(np.square(a.astype(np.int32) - b).mean())
