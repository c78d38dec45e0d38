"""Neighbourhood means: compare what items look like together with their nearest neighbours."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from covey.types import Float32, IntArray, KnnGraph, UsageError
from covey.vectors import pair_similarity


def smoothed_matrix(
    rows: Float32, knn: KnnGraph, *, neighbours: int = 5, power: float = 3.0
) -> Float32:
    """Re-scores neighbours by the cosine of their neighbourhood means.

    m_i = x_i + sum over the nearest `neighbours` j of s_ij^power x_j, and score(i, j) is the
    cosine of m_i and m_j. Averaging over items of one group takes off what is particular to the
    single item and keeps what the group shares; the same weighted mean is used for the query in
    alpha query expansion (Radenovic, Tolias and Chum, TPAMI 2019), here for every item.
    The lists are re-scored, not searched again.

    Args:
        rows: (n, d) float32 that `knn` was built from.
        knn: n items, k neighbours each, similarities of which the positive ones count.
        neighbours: How many enter the mean besides the item itself, at least 0.
        power: Exponent of the weights; the larger, the less do farther neighbours count.

    Returns:
        (n, k) float32 score of each entry of the lists, in [-1, 1], the same for (i, j) and (j, i).
        O(n k d) time, O(n (d + k)) memory.

    Raises:
        UsageError: If `rows` and `knn` differ in the number of items, or `neighbours` < 0.
    """
    if len(rows) != knn.n:
        raise UsageError(f"rows has {len(rows)} items, the graph has {knn.n}")
    if neighbours < 0:
        raise UsageError(f"neighbours must be at least 0, got {neighbours}")
    start = int(knn.includes_self)
    stop = min(knn.k, start + neighbours)
    near = np.ascontiguousarray(knn.indices[:, start:stop])
    weight = np.clip(knn.similarities[:, start:stop], 0, None) ** np.float32(power)
    means = _means(rows, near, np.ascontiguousarray(weight, np.float32))
    return compare_neighbours(means, np.ascontiguousarray(knn.indices))


@njit(cache=True, nogil=True, parallel=True)
def _means(rows: Float32, near: IntArray, weight: Float32) -> Float32:
    n, d = rows.shape
    means = np.empty((n, d), np.float32)
    for i in prange(n):
        for t in range(d):
            means[i, t] = rows[i, t]
        for c in range(near.shape[1]):
            j, w = near[i, c], weight[i, c]
            for t in range(d):
                means[i, t] += w * rows[j, t]
        length = np.float32(0)
        for t in range(d):
            length += means[i, t] * means[i, t]
        if length > 0:
            for t in range(d):
                means[i, t] /= np.sqrt(length)
    return means


@njit(cache=True, nogil=True, parallel=True)
def compare_neighbours(rows: Float32, indices: IntArray) -> Float32:
    """(n, k) dot products of each row with the rows of its list, in [-1, 1]."""
    n, k = indices.shape
    scores = np.empty((n, k), np.float32)
    for i in prange(n):
        for c in range(k):
            scores[i, c] = pair_similarity(rows, i, indices[i, c], False)
    return scores
