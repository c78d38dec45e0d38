"""What stands in a file beside the streams of tiles: a map of rates, a colour profile, alpha."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from covey.codec.container import Container
from covey.codec.image.picture import Picture
from covey.codec.rate_index import RATES, Numbers
from covey.types import InputError


def sections_of(picture: Picture, rate: Numbers) -> dict[str, bytes]:
    """What stands beside the streams."""
    found = {}
    if not isinstance(rate, int):
        found["map"] = zlib.compress(np.ascontiguousarray(rate, "<u2").tobytes(), 9)
    if picture.profile:
        found["profile"] = picture.profile
    if picture.alpha is not None:
        found["alpha"] = zlib.compress(_rises(picture.alpha).tobytes(), 9)
    return found


def rate_of(container: Container) -> Numbers:
    """The rate of a file, or its map of rates.

    Raises:
        InputError: If the map is damaged.
    """
    header = container.header
    if "map" in container.lost:
        raise InputError("its map of rates is damaged or missing, and nothing can be read without")
    if "map" not in container.sections:
        return header.rate
    shape = tuple(side // 2 for side in header.latents)
    found = _inflated(container.sections["map"], 2 * shape[0] * shape[1])
    rate = np.frombuffer(found or b"", "<u2").astype(np.int64)
    if found is None or rate.max() >= RATES:
        raise InputError("its map of rates is damaged")
    return rate.reshape(shape)


def alpha_of(container: Container) -> tuple[NDArray[np.uint8] | None, tuple[str, ...]]:
    """Alpha of a file, None if it has none or it is damaged; then what is wrong, in words."""
    data = container.sections.get("alpha")
    if data is None:
        return None, ()
    shape = (container.header.height, container.header.width)
    found = _inflated(data, shape[0] * shape[1])
    if found is None:
        return None, ("its alpha does not fit",)
    rises = np.frombuffer(found, np.uint8).reshape(shape)
    return np.cumsum(rises, axis=0, dtype=np.uint8), ()


def _rises(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """By how much each row is more than the one above, modulo 256."""
    return np.diff(alpha, axis=0, prepend=np.uint8(0))


def _inflated(data: bytes, size: int) -> bytes | None:
    """Exactly so many bytes, or None; no more memory is taken whatever the data say."""
    try:
        found = zlib.decompressobj().decompress(data, size + 1)
    except zlib.error:
        return None
    return found if len(found) == size else None
