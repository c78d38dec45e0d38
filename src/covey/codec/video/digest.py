"""Two bytes of a frame by which a decoder knows whether it has what the encoder had.

Two sums of all values of pixels under random signs, over the root of their number: of frames that
differ by noise of deviation s, each sum differs by about s. So rounding, which may differ between
processors in the last digit, is told from drift, of which one frame in 17 of a deviation of 4
levels over the whole frame passes, and none for long, as each frame has signs of its own. What is
off in a small place alone, less than a level in the root of the mean square, passes. Sums are kept
in halves, in [-64, 64).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_STEPS = 2  # to a level
_SUMS = 2
TOLERANCE = 1.0
"""Levels by which a sum may be off where only rounding differs."""


def digest(pixels: NDArray[np.uint8], frame: int) -> int:
    """A number in [0, 65535] of (h, w, 3) uint8 pixels.

    Args:
        pixels: Of the frame.
        frame: Its number, which chooses the signs.
    """
    found = 0
    values = pixels.ravel().astype(np.int32) - 128
    bits = _bits(values.size, frame)
    for number in range(_SUMS):
        positive = (bits >> np.uint32(31 - number)) & np.uint32(1)
        total = int(values[positive == 1].sum()) * 2 - int(values.sum())
        step = int(np.floor(_STEPS * total / values.size**0.5 + 0.5))
        found |= (step & 255) << (8 * number)
    return found


def apart(a: int, b: int) -> float:
    """By how many levels two digests differ at least, the larger of both sums."""
    most = 0.0
    for number in range(_SUMS):
        off = ((a >> 8 * number) - (b >> 8 * number)) & 255
        most = max(most, min(off, 256 - off) / _STEPS)
    return most


def _bits(count: int, frame: int) -> NDArray[np.uint32]:
    """Well mixed bits for each place of a frame, the same everywhere."""
    x = np.arange(count, dtype=np.uint32) + np.uint32((frame * 0x9E3779B9) & 0xFFFFFFFF)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x
