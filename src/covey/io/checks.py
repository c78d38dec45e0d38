"""Which rows of a matrix cannot be used, found block by block without reading it whole."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

_BLOCK_BYTES = 1 << 23
_FLOAT32_MAX = float(np.finfo(np.float32).max)

Metric = Literal["cosine", "euclidean"]


def blocks(x: NDArray[Any], block_bytes: int = _BLOCK_BYTES) -> Iterator[tuple[int, NDArray[Any]]]:
    """The rows of `x` in order, as (first row, block).

    Blocks of a mapped file are mapped one at a time and let go, so that passing over the whole
    file does not leave it resident.
    """
    step = max(1, block_bytes // max(1, x.shape[1] * x.itemsize))
    for start in range(0, len(x), step):
        stop = min(start + step, len(x))
        if isinstance(x, np.memmap) and isinstance(x.base, mmap.mmap) and x.flags.c_contiguous:
            offset = x.offset + start * x.strides[0]
            shape = (stop - start, x.shape[1])
            yield start, np.memmap(str(x.filename), x.dtype, "r", offset, shape)
        else:
            yield start, x[start:stop]


def native_floats(x: NDArray[Any]) -> tuple[NDArray[Any], list[str]]:
    """`x` itself if its rows are native floats, otherwise a converted copy and a note for each.

    Integers become float32, foreign byte order becomes native, column order becomes row order.
    """
    notes = []
    if x.dtype.kind in "iu":
        notes.append(f"{x.dtype.name} was read as float32")
        return np.ascontiguousarray(x, dtype=np.float32), notes
    if not x.dtype.isnative:
        notes.append(f"{x.dtype.str} was read in the byte order of this machine")
    if x.strides[1] != x.itemsize and x.shape[1] > 1:
        notes.append("column order (Fortran) was read into row order")
    if notes:
        x = np.ascontiguousarray(x, dtype=x.dtype.newbyteorder("="))
    return x, notes


def bad_rows(
    x: NDArray[Any], metric: Metric = "cosine", progress: Callable[[str, float], None] | None = None
) -> list[tuple[int, str]]:
    """The rows that no similarity can be taken of, ascending, each with what it holds.

    A row is bad if it holds NaN, infinity or what float32 cannot hold, or, for cosine, if it has
    no direction. A row whose squared length in float32 is finite and not zero is good; only the
    others are looked at value by value. O(n d) time, one block of memory.

    Args:
        x: (n, d) float16, float32 or float64, perhaps mapped.
        metric: Zero rows are bad for "cosine" only.
        progress: Called with "checking" and the share of rows done.
    """
    found = []
    for start, block in blocks(x):
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            narrow = block.astype(np.float32, copy=False)
            squares = np.einsum("ij,ij->i", narrow, narrow)
            suspects = ~np.isfinite(squares)
            if metric == "cosine":
                suspects |= squares == 0
        for row in np.flatnonzero(suspects):
            reason = _what_is_wrong(block[row].astype(np.float64), metric)
            if reason:
                found.append((start + int(row), reason))
        if progress is not None:
            progress("checking", (start + len(block)) / len(x))
    return found


def _what_is_wrong(values: NDArray[np.float64], metric: Metric) -> str | None:
    wrong = ~(np.abs(values) <= _FLOAT32_MAX)
    if wrong.any():
        at = int(np.argmax(wrong))
        value = values[at]
        if np.isnan(value):
            return f"holds NaN at value {at}"
        kind = f"{value:g}" if np.isinf(value) else f"{value:g}, too large for float32,"
        return f"holds {kind} at value {at}"
    length = float(np.sqrt(np.square(values).sum()))
    if length > 1:
        return f"has length {length:g}, too long to square in float32"
    if metric == "cosine":
        return "is all zeros" if length == 0 else f"has length {length:g}, too short for cosine"
    return None
