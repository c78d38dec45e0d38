"""Sparse graph operations: lists to edges, edges to CSR, mutual neighbours, local sets."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array

from covey.types import Edges, Float32, IntArray, KnnGraph, UsageError


def knn_to_edges(
    knn: KnnGraph, *, score: Float32 | None = None, combine: Literal["mean", "max"] = "mean"
) -> Edges:
    """Turns neighbour lists into edges, each unordered pair of neighbours once.

    Args:
        knn: n items, k neighbours each; loops are dropped.
        score: (n, k) float32 score of each entry of the lists; the similarities if None.
        combine: What a pair found in both lists gets: the mean of its two scores or the larger.
            A pair found in one list keeps the score it has there.

    Returns:
        Edges with `source < target`, sorted by (source, target), indices typed as in `knn`.
        O(n k^2) time at worst, O(n k) memory.

    Raises:
        UsageError: If `combine` is unknown or `score` does not have the shape of the lists.
    """
    if combine not in ("mean", "max"):
        raise UsageError(f"combine must be 'mean' or 'max', got {combine!r}")
    scores = knn.similarities if score is None else np.asarray(score, np.float32)
    if scores.shape != knn.indices.shape:
        raise UsageError(f"score has shape {scores.shape}, the lists have {knn.indices.shape}")
    source, target, merged = _merge_lists(
        np.ascontiguousarray(knn.indices), np.ascontiguousarray(scores), combine == "max"
    )
    return Edges(source, target, merged)


def edges_to_csr(edges: Edges, n: int, *, weight: Float32 | None = None) -> csr_array:
    """Builds the symmetric adjacency matrix of the edges.

    Args:
        edges: m edges, each pair once, no loops.
        n: Number of items, larger than every index.
        weight: (m,) float32 weight of each edge; `edges.weight` if None. Zeros stay stored.

    Returns:
        (n, n) float32 CSR matrix, both directions stored, no diagonal, columns sorted. O(n + m).

    Raises:
        UsageError: If `weight` does not have one number an edge.
    """
    values = edges.weight if weight is None else np.asarray(weight, np.float32)
    if values.shape != edges.source.shape:
        raise UsageError(f"weight has shape {values.shape}, there are {edges.m} edges")
    # Row v first receives its smaller neighbours, then its larger ones: for sorted edges the
    # columns come out sorted, and SciPy only has to check.
    rows = np.concatenate([edges.target, edges.source])
    columns = np.concatenate([edges.source, edges.target])
    return coo_array((np.concatenate([values, values]), (rows, columns)), shape=(n, n)).tocsr()


def reciprocal_mask(knn: KnnGraph) -> NDArray[np.bool_]:
    """Marks the neighbours that have the item among their own neighbours.

    Returns:
        (n, k) bool, aligned with `knn.indices`; true for the item itself where
        `knn.includes_self`. O(n k^2) time, which a scan of contiguous rows of k makes fast.
    """
    return _reciprocal(np.ascontiguousarray(knn.indices))


def local_sets(knn: KnnGraph, size: int | None = None) -> IntArray:
    """Lists each item and, after it, its nearest neighbours: the context that tests compare over.

    Args:
        knn: n items, k neighbours each.
        size: Members of a set, the item itself counted; all there are if None or too large.

    Returns:
        (n, size) integers, column 0 the item itself, then neighbours in order of similarity.

    Raises:
        UsageError: If `size` is below 1.
    """
    if size is not None and size < 1:
        raise UsageError(f"a local set has at least the item itself, got size {size}")
    own = np.arange(knn.n, dtype=knn.indices.dtype)[:, None]
    members = knn.indices if knn.includes_self else np.hstack([own, knn.indices])
    return members[:, :size]


@njit(cache=True, nogil=True)
def _position(row: IntArray, item: int) -> int:
    """Where `item` stands in `row`, or -1."""
    for c in range(row.shape[0]):
        if row[c] == item:
            return c
    return -1


@njit(cache=True, nogil=True)
def _reciprocal(indices: IntArray) -> NDArray[np.bool_]:
    n, k = indices.shape
    mutual = np.zeros((n, k), np.bool_)
    for i in range(n):
        for c in range(k):
            mutual[i, c] = _position(indices[indices[i, c]], i) >= 0
    return mutual


@njit(cache=True, nogil=True)
def _merge_lists(
    indices: IntArray, scores: Float32, take_larger: bool
) -> tuple[IntArray, IntArray, Any]:
    """Keeps one entry for each unordered pair and sorts by two counting sorts, linear in edges."""
    n, k = indices.shape
    # An entry (i, j) is kept if it is the only one of its pair, or the one with i < j.
    twin = np.empty((n, k), np.int32)
    by_target = np.zeros(n + 1, np.int64)
    by_source = np.zeros(n + 1, np.int64)
    for i in range(n):
        for c in range(k):
            j = indices[i, c]
            twin[i, c] = -2
            if j == i:
                continue
            back = _position(indices[j], i)
            if back >= 0 and i > j:
                continue
            twin[i, c] = back
            by_target[max(i, j) + 1] += 1
            by_source[min(i, j) + 1] += 1
    by_target = np.cumsum(by_target)
    by_source = np.cumsum(by_source)
    m = by_target[n]
    smaller = np.empty(m, indices.dtype)
    value = np.empty(m, np.float32)
    place = by_target.copy()
    for i in range(n):
        for c in range(k):
            back = twin[i, c]
            if back == -2:
                continue
            j = indices[i, c]
            s = scores[i, c]
            if back >= 0:
                other = scores[j, back]
                s = max(s, other) if take_larger else np.float32(0.5) * (s + other)
            at = place[max(i, j)]
            place[max(i, j)] += 1
            smaller[at] = min(i, j)
            value[at] = s
    source = np.empty(m, indices.dtype)
    target = np.empty(m, indices.dtype)
    merged = np.empty(m, np.float32)
    place = by_source.copy()
    for larger in range(n):
        for e in range(by_target[larger], by_target[larger + 1]):
            at = place[smaller[e]]
            place[smaller[e]] += 1
            source[at] = smaller[e]
            target[at] = larger
            merged[at] = value[e]
    return source, target, merged
