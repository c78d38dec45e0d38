"""Grey pictures of more than 8 bits, as 8: what is black and what is white in them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from covey.types import InputError

DEEP = ("I;16", "I;16B", "I;16L", "I;16N", "I", "F")
"""Modes of Pillow."""

_SIXTEEN = ("PNG", "PPM")  # formats whose mode I means 16 bits
_BITS_OF_TIFF = 258  # tag; 12 bits come as they are, in the mode of 16


def eight_bits(image: Image.Image) -> tuple[NDArray[np.uint8], str]:
    """Values in 8 bits, and in words what was done to them.

    Of 16 bits the upper 8 are taken. How much white is, whole numbers of 32 bits and floats do not
    say: it is 1, 255 or 65535 as far as all values are within. Others are spread from the least to
    the largest.

    Args:
        image: Of one of the `DEEP` modes.

    Returns:
        (h, w) uint8.

    Raises:
        InputError: If it holds NaN or infinity.
    """
    values: NDArray[Any] = np.asarray(image)
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format in _SIXTEEN):
        bits = 12 if getattr(image, "tag_v2", {}).get(_BITS_OF_TIFF) == (12,) else 16
        upper = values.astype(np.int64) >> (bits - 8)
        return upper.astype(np.uint8), f"has {bits} bits a channel; the upper 8 are kept"
    if not np.isfinite(values).all():
        raise InputError("holds NaN or infinity, and no picture does")
    low, high = values.min().item(), values.max().item()
    if image.mode == "F":
        kind, whites = "is of floating point", (1, 255)
    else:
        kind, whites = "has 32 bits a channel", (255, 65535)
    for white in whites:
        if low >= 0 and high <= white:
            told = f"{kind}, all within 0 to {white}; 8 bits of that range are kept"
            if white == 65535:
                return (values >> 8).astype(np.uint8), told
            return np.round(values * (255 / white)).astype(np.uint8), told
    spread = (values.astype(np.float64) - low) * (255 / (high - low) if high > low else 0)
    told = f"{kind}, from {low:g} to {high:g}; 8 bits are kept, from black to white"
    return np.round(spread).astype(np.uint8), told
