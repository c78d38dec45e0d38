"""Neighbour lists as a graph: its edges, each pair once, and the local set of each item."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from covey.types import Edges, Float32, IntArray, KnnGraph, UsageError

LEAST_WEIGHT = np.float32(1e-6)
"""Of an edge: partitions want weights above 0."""


def knn_to_edges(knn: KnnGraph, *, score: Float32 | None = None) -> Edges:
    """Turns neighbour lists into edges, each unordered pair of neighbours once.

    Args:
        knn: n items, k neighbours each; loops are dropped.
        score: (n, k) float32 score of each entry of the lists; the similarities if None.

    Returns:
        Edges with `source < target`, sorted by (source, target), indices typed as in `knn`. A
        pair found in both lists gets the mean of its two scores, a pair found in one the score
        it has there. O(n k^2) time at worst, O(n k) memory.

    Raises:
        UsageError: If `score` does not have the shape of the lists.
    """
    scores = knn.similarities if score is None else np.asarray(score, np.float32)
    if scores.shape != knn.indices.shape:
        raise UsageError(f"score has shape {scores.shape}, the lists have {knn.indices.shape}")
    return Edges(*_merge_lists(np.ascontiguousarray(knn.indices), np.ascontiguousarray(scores)))


def local_sets(knn: KnnGraph) -> IntArray:
    """Lists each item and, after it, its nearest neighbours: the context that tests compare over.

    Args:
        knn: n items, k neighbours each.

    Returns:
        (n, k + 1) integers, or (n, k) where the lists include the item itself: column 0 the
        item itself, then neighbours in order of similarity.
    """
    own = np.arange(knn.n, dtype=knn.indices.dtype)[:, None]
    return knn.indices if knn.includes_self else np.hstack([own, knn.indices])


def symmetric_sets(knn: KnnGraph, most: int) -> IntArray:
    """Lists each item, its neighbours, and those that it is a neighbour of.

    Args:
        knn: n items, k neighbours each, without the item itself.
        most: Members of a set at most, the item counted, at least 1.

    Returns:
        (n, most) int64: column 0 the item itself, then the others by similarity descending, ties by
        index; -1 where there are no more. O(n k log k) time, O(n k) memory.
    """
    members: IntArray = _symmetric_sets(knn.indices, knn.similarities, most)
    return members


def nearest(knn: KnnGraph, k: int) -> KnnGraph:
    """Shortens the lists to their first k columns, the item itself not counted."""
    width = min(knn.k, k + int(knn.includes_self))
    return KnnGraph(
        np.ascontiguousarray(knn.indices[:, :width]),
        np.ascontiguousarray(knn.similarities[:, :width]),
        knn.includes_self,
    )


@njit(cache=True, nogil=True)
def _position(row: IntArray, item: int) -> int:
    """Where `item` stands in `row`, or -1."""
    for c in range(row.shape[0]):
        if row[c] == item:
            return c
    return -1


@njit(cache=True, nogil=True)
def _merge_lists(indices: IntArray, scores: Float32) -> tuple[IntArray, IntArray, Any]:
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
                s = np.float32(0.5) * (s + scores[j, back])
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


@njit(cache=True, nogil=True)
def _symmetric_sets(indices: IntArray, similarities: Float32, most: int) -> IntArray:
    n, k = indices.shape
    # Who has an item in its list without being in that item's own.
    count = np.zeros(n + 1, np.int64)
    for i in range(n):
        for c in range(k):
            j = indices[i, c]
            if _position(indices[j], i) < 0:
                count[j + 1] += 1
    start = np.cumsum(count)
    place = start.copy()
    other = np.empty(start[n], np.int64)
    closeness = np.empty(start[n], np.float32)
    for i in range(n):
        for c in range(k):
            j = indices[i, c]
            if _position(indices[j], i) < 0:
                other[place[j]] = i
                closeness[place[j]] = similarities[i, c]
                place[j] += 1
    members = np.full((n, most), -1, np.int64)
    for i in range(n):
        members[i, 0] = i
        # Others come in ascending order, so a stable sort leaves ties by index.
        back = np.argsort(-closeness[start[i] : start[i + 1]], kind="mergesort")
        own, at = 0, 0
        for m in range(1, most):
            left = own < k
            if at < len(back):
                e = start[i] + back[at]
                s = closeness[e]
                if not left or (
                    s > similarities[i, own]
                    or (s == similarities[i, own] and other[e] < indices[i, own])
                ):
                    members[i, m] = other[e]
                    at += 1
                    continue
            if not left:
                break
            members[i, m] = indices[i, own]
            own += 1
    return members
