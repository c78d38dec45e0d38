"""Rows in blocks and rows of length 1, for all that makes or bends collections."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

_BLOCK_ROWS = 16_384

Real = TypeVar("Real", np.float32, np.float64)


def row_parts(n: int) -> list[slice]:
    """Cuts n rows into blocks of 16,384, so that what is made on the way stays small."""
    return [slice(start, min(start + _BLOCK_ROWS, n)) for start in range(0, n, _BLOCK_ROWS)]


def unit_rows(rows: NDArray[Real]) -> NDArray[Real]:
    """A copy of `rows` (n, d) with rows of length 1; zero rows stay zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.divide(rows, np.where(lengths > 0, lengths, 1), dtype=rows.dtype)
