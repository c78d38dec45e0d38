"""What pictures are coded by: Covey's codec and other formats under one contract."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from covey.codec.rate_index import RATES

if TYPE_CHECKING:
    from covey.codec.image.model import ImageCodec
    from covey.codec.image.picture import Picture

Pixels = NDArray[np.uint8]
_ANY_SIZE = 2**62  # pixels: the files are our own


@dataclass(frozen=True, slots=True)
class Coder:
    """A way to code pictures.

    Attributes:
        name: Of a curve.
        version: Of what codes.
        dial: Settings, from the smallest files to the best ones.
        encode: A picture at a setting, as the bytes of a file.
        decode: The bytes to (h, w, 3) uint8.
        alone: Whether it works in the thread that calls it, so that the clock of the thread tells.
    """

    name: str
    version: str
    dial: tuple[int, ...]
    encode: Callable[[Picture, int], bytes]
    decode: Callable[[bytes], Pixels]
    alone: bool = True


def covey_coder(codec: ImageCodec, effort: int) -> Coder:
    """Covey's codec on one thread, at ten rates.

    Args:
        codec: The model.
        effort: As for `covey.codec.encode`.

    Raises:
        UsageError: When it codes, if the effort is none.
    """
    from covey.pictures import Target, decode_bytes, encode_to

    def encode(picture: Picture, rate: int) -> bytes:
        found = encode_to(
            picture, Target(), codec, rates=lambda number: rate, effort=effort, threads=1
        )
        return found.made.data

    def decode(data: bytes) -> Pixels:
        return decode_bytes(data, "the file", codec, _ANY_SIZE, threads=1).picture.pixels

    return Coder(
        f"Covey, effort {effort}",
        codec.mark.hex(),
        tuple(min(1000 * number, RATES - 1) for number in range(10)),
        encode,
        decode,
    )


def with_points(coder: Coder, points: int) -> Coder:
    """The same coder at so many settings, spread over its dial as its own are; fewer if equal."""
    return replace(coder, dial=spread(coder.dial, points))


def spread(dial: Sequence[int], points: int) -> tuple[int, ...]:
    """So many settings from the first to the last of a dial, as dense as its own."""
    at = np.linspace(0, len(dial) - 1, points)
    found = np.interp(at, np.arange(len(dial)), dial).round().astype(int).tolist()
    return tuple(dict.fromkeys(found))
