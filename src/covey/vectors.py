"""Embeddings made ready to compare: checked, float32, unit length, equal rows found.

Whatever is handed over (memory-mapped, float16, transposed) becomes one contiguous float32 matrix
here, chunk by chunk, and is used as it lies where it already is one. Similarities of pairs come
from one kernel whose order of summation depends on the dimension alone, so they are symmetric and
do not change when rows are shuffled, as those of blocked matrix products do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from covey.types import Float32, InputError, Int64

Metric = Literal["cosine", "euclidean"]
Matrix = NDArray[Any]

_CHUNK_BYTES = 64 << 20
_UNIT_SLACK = 1e-6  # rows whose squared length is this near to 1 count as normalised
_MINUS_ZERO = np.uint32(1 << 31)  # the bits of -0.0, which equals 0.0
_REORDERED = {"reassoc", "contract", "nsz"}  # lets sums use SIMD; NaN and infinity stay exact


def as_matrix(x: ArrayLike) -> Matrix:
    """Views `x` as a matrix of real numbers without reading it.

    Raises:
        InputError: If `x` is not of shape (n, d) with d >= 1, or does not hold real numbers.
    """
    matrix = np.asarray(x)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        raise InputError(f"embeddings must have shape (n, d) with d >= 1, got {matrix.shape}")
    if matrix.dtype.kind not in "fiub":
        raise InputError(f"embeddings must be real numbers, got dtype {matrix.dtype}")
    return matrix


def needs_copy(x: Matrix, metric: Metric) -> bool:
    """Tells whether `as_rows` has to make a matrix of its own; reads `x` where that decides."""
    if x.dtype != np.float32 or not (x.flags.c_contiguous and x.flags.aligned):
        return True
    return _offset(x) is not None if metric == "euclidean" else not _has_unit_rows(x)


def as_rows(
    x: Matrix, *, metric: Metric = "cosine", tick: Callable[[float], None] | None = None
) -> Float32:
    """Converts embeddings to contiguous float32 rows, for the cosine of unit length.

    Rows that have unit length already keep their digits, whatever their layout.
    For euclidean distances an offset larger than the spread is taken off, because it would eat
    the digits: the middle of the range of each dimension, which no order of rows changes.

    Args:
        x: (n, d) real numbers of any dtype and layout, read in chunks of 64 MiB.
        metric: "cosine" or "euclidean".
        tick: Called with the share of rows done, in [0, 1].

    Returns:
        (n, d) float32; `x` itself where nothing had to change, so never write to that.

    Raises:
        InputError: If a row holds NaN or infinity, or only zeros where the metric is the cosine.
    """
    offset = _offset(x) if metric == "euclidean" else None
    if not needs_copy(x, metric):
        return x
    normalise = metric == "cosine" and not _has_unit_rows(x)
    rows = np.empty(x.shape, np.float32)
    for start, block in _blocks(x):
        out = rows[start : start + len(block)]
        if normalise:
            bad = _normalise(block, out)
            if bad >= 0:
                raise _refusal(block[bad], start + bad)
        else:
            out[:] = block if offset is None else block - offset
        if tick is not None:
            tick((start + len(block)) / len(x))
    return rows


def group_equal_rows(rows: Float32) -> tuple[Int64, Int64, NDArray[np.uint64]]:
    """Finds rows that are equal number by number, where -0 is 0.

    Returns:
        first: (u,) int64 ascending, the first item of each group of equal rows.
        group: (n,) int64 in [0, u), the group of each item.
        key: (u,) uint64 hash of the content of each group, the same wherever its rows stand.
        O(n d) time, O(n) memory. Equal hashes of different rows are told apart.
    """
    key = _hash_rows(rows.view(np.uint32))
    order = np.argsort(key, kind="stable")
    leader = _lead_equal(rows, key, order)
    first = np.flatnonzero(leader == np.arange(len(rows)))
    return first, np.searchsorted(first, leader), key[first]


def take_rows(rows: Float32, wanted: Int64, *, in_place: bool) -> Float32:
    """Selects rows in a given order, without a copy where `rows` may be overwritten.

    Args:
        rows: (n, d) float32.
        wanted: (u,) int64 rows, each at most once, in any order.
        in_place: Whether to move them to the front of `rows` itself.

    Returns:
        (u, d) float32: `rows` itself if `wanted` names all in order, else its front or a copy.
    """
    sorted_rows = np.sort(wanted)
    if len(wanted) == len(rows) and np.array_equal(wanted, sorted_rows):
        return rows
    if not in_place:
        return rows[wanted]
    for start in range(0, len(wanted), 8192):
        part = sorted_rows[start : start + 8192]
        rows[start : start + len(part)] = rows[part]
    _permute(rows, np.searchsorted(sorted_rows, wanted))
    return rows[: len(wanted)]


@njit(cache=True, nogil=True, fastmath=_REORDERED)
def pair_similarity(rows: Float32, i: int, j: int, euclidean: bool) -> np.float32:
    """Dot product of two rows, or minus their euclidean distance: symmetric to the last bit."""
    total = np.float32(0)
    if euclidean:
        for t in range(rows.shape[1]):
            gap = rows[i, t] - rows[j, t]
            total += gap * gap
        return -np.sqrt(total)
    for t in range(rows.shape[1]):
        total += rows[i, t] * rows[j, t]
    return min(max(total, np.float32(-1)), np.float32(1))


def _has_unit_rows(x: Matrix) -> bool:
    return all(_all_unit(block) for _, block in _blocks(x))


def _blocks(x: Matrix) -> Iterator[tuple[int, Matrix]]:
    """Yields (first row, contiguous block) in float64 where float32 does not hold all of `x`."""
    step = max(1, _CHUNK_BYTES // (8 * x.shape[1]))
    wide = np.result_type(x.dtype, np.float32) != np.float32
    for start in range(0, len(x), step):
        yield (
            start,
            np.ascontiguousarray(x[start : start + step], np.float64 if wide else np.float32),
        )


def _offset(x: Matrix) -> NDArray[np.float64] | None:
    """Middle of the range of each dimension where it outweighs the spread; checks all numbers."""
    low, high = np.full(x.shape[1], np.inf), np.full(x.shape[1], -np.inf)
    for start, block in _blocks(x):
        finite = np.isfinite(block).all(axis=1)
        if not finite.all():
            bad = int(np.argmin(finite))
            raise _refusal(block[bad], start + bad)
        low, high = np.minimum(low, block.min(axis=0)), np.maximum(high, block.max(axis=0))
    if not len(x):
        return None
    middle, reach = low / 2 + high / 2, np.max(high / 2 - low / 2)
    if reach > 1e18 or 0 < reach < 1e-15:  # squares would leave float32
        raise InputError(f"embeddings reach {2 * reach:.3g} across; scale them to 1e-15 to 1e18")
    return middle if np.abs(middle).max() > reach else None


def _refusal(row: Matrix, number: int) -> InputError:
    finite = np.isfinite(row)
    if finite.all():
        return InputError(
            f"row {number} of the embeddings is all zeros and has no direction: drop it, or use "
            "metric='euclidean'"
        )
    column = int(np.argmin(finite))
    return InputError(
        f"row {number} of the embeddings holds {row[column]} in column {column}: drop or repair it"
    )


@njit(cache=True, nogil=True)
def _all_unit(block: Matrix) -> bool:
    for i in range(block.shape[0]):
        total = 0.0
        for t in range(block.shape[1]):
            total += np.float64(block[i, t]) * np.float64(block[i, t])
        if not abs(total - 1.0) <= _UNIT_SLACK:
            return False
    return True


@njit(cache=True, nogil=True)
def _normalise(block: Matrix, out: Float32) -> int:
    """Writes unit rows; returns the first row without a direction, or -1."""
    for i in range(block.shape[0]):
        peak = 0.0
        finite = True
        for t in range(block.shape[1]):
            size = abs(np.float64(block[i, t]))
            finite = finite and bool(size < np.inf)
            peak = max(peak, size)
        if not finite or peak == 0.0:
            return i
        total = 0.0
        for t in range(block.shape[1]):  # against the peak, so that no square leaves float64
            part = np.float64(block[i, t]) / peak
            total += part * part
        length = np.sqrt(total)
        for t in range(block.shape[1]):
            out[i, t] = np.float32(np.float64(block[i, t]) / peak / length)
    return -1


@njit(cache=True, nogil=True)
def _permute(rows: Float32, order: Int64) -> None:
    """Puts row order[i] in place i, cycle by cycle."""
    settled = np.zeros(order.shape[0], np.bool_)
    for start in range(order.shape[0]):
        if settled[start]:
            continue
        kept = rows[start].copy()
        at = start
        while order[at] != start:
            rows[at] = rows[order[at]]
            settled[at] = True
            at = order[at]
        rows[at] = kept
        settled[at] = True


@njit(cache=True, nogil=True)
def _hash_rows(bits: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Multiplies and shifts (the mixing step of splitmix64) over the bits of each row, -0 as 0."""
    key = np.empty(bits.shape[0], np.uint64)
    for i in range(bits.shape[0]):
        state = np.uint64(0x9E3779B97F4A7C15)
        for t in range(bits.shape[1]):
            content = np.uint64(0) if bits[i, t] == _MINUS_ZERO else np.uint64(bits[i, t])
            state = (state ^ content) * np.uint64(0xBF58476D1CE4E5B9)
            state ^= state >> np.uint64(29)
        key[i] = state
    return key


@njit(cache=True, nogil=True)
def _lead_equal(rows: Float32, key: NDArray[np.uint64], order: Int64) -> Int64:
    """Names the first equal row of each row; `order` sorts the keys and is stable."""
    leader = np.arange(rows.shape[0])
    for at in range(1, rows.shape[0]):
        item = order[at]
        back = at - 1
        while back >= 0 and key[order[back]] == key[item]:
            other = leader[order[back]]
            same = True
            for t in range(rows.shape[1]):
                if rows[other, t] != rows[item, t]:
                    same = False
                    break
            if same:
                leader[item] = other
                break
            back -= 1
    return leader
