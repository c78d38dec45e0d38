"""A region of a picture that is coded better than the rest: its mask becomes a map of rates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from covey.codec.image.config import CELL
from covey.codec.rate_index import RATES, Numbers
from covey.types import UsageError

GAIN = 25.0
"""By how much quality a region is better, if nothing else is asked for."""


def region_rates(mask: NDArray[np.bool_], gain: float = GAIN) -> Callable[[int], Numbers]:
    """Makes maps of rates that are higher in squares of 32 pixels that a mask touches.

    Args:
        mask: (h, w) bool, the pixels of the picture as it is stored.
        gain: What is added to the quality there, in [0, 100].

    Returns:
        A function of the number of a rate, in [0, 8999]: (ceil(h / 32), ceil(w / 32)) int64, that
        number and, where the mask is, the higher one, 8999 at most.

    Raises:
        UsageError: If the gain is out of range.
    """
    if not 0 <= gain <= 100:
        raise UsageError(f"the gain of a region must lie in [0, 100], got {gain}")
    height, width = mask.shape
    whole = np.pad(mask, ((0, -height % CELL), (0, -width % CELL)))
    squares = whole.reshape(whole.shape[0] // CELL, CELL, -1, CELL).any(axis=(1, 3))
    more = round(gain / 100 * (RATES - 1))
    return lambda number: np.where(squares, min(number + more, RATES - 1), number).astype(np.int64)
