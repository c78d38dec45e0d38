"""Local scales: a similarity counts by how unusual it is for its two ends.

In uneven collections 0.6 is near among loners and far among twins. Each measure here judges a
similarity against the neighbours of both its ends, which also breaks hubs.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from covey.graph import knn_to_edges
from covey.types import Edges, Float32, KnnGraph, UsageError


def mutual_proximity(knn: KnnGraph) -> Edges:
    """Scores neighbours by the chance that a neighbour of either end is farther off.

    MP(i, j) = Phi((s_ij - mu_i) / sigma_i) Phi((s_ij - mu_j) / sigma_j), mu and sigma the mean and
    deviation of the similarities to the k neighbours. (Schnitzer et al., JMLR 2012, the normal
    and independent form, on lists instead of all items.)

    Args:
        knn: n items, k neighbours each, any similarity.

    Returns:
        One edge per unordered neighbour pair, score in [0, 1]. O(n k^2) time, O(n k) memory.
    """
    return knn_to_edges(knn, score=mutual_proximity_matrix(knn))


def mutual_proximity_matrix(knn: KnnGraph) -> Float32:
    """Gives the (n, k) mutual proximities of the lists."""
    if _own(knn).shape[1] == 0:
        return np.ones(knn.indices.shape, np.float32)
    mean = _own(knn).mean(axis=1, dtype=np.float32)
    spread = np.maximum(_own(knn).std(axis=1, dtype=np.float32), np.float32(1e-6))
    here = ndtr((knn.similarities - mean[:, None]) / spread[:, None])
    return here * ndtr((knn.similarities - mean[knn.indices]) / spread[knn.indices])


def csls(knn: KnnGraph) -> Edges:
    """Scores neighbours by cross-domain local scaling: 2 s_ij - r_i - r_j.

    r is the mean similarity of an item to its k neighbours. (Conneau et al., ICLR 2018.)

    Args:
        knn: n items, k neighbours each, any similarity.

    Returns:
        One edge per unordered neighbour pair, score unbounded, 0 for a pair as close as the
        neighbours of its ends are on average. O(n k^2) time, O(n k) memory.
    """
    return knn_to_edges(knn, score=csls_matrix(knn))


def csls_matrix(knn: KnnGraph) -> Float32:
    """Gives the (n, k) values of CSLS of the lists."""
    if _own(knn).shape[1] == 0:
        return 2 * knn.similarities
    mean = _own(knn).mean(axis=1, dtype=np.float32)
    return 2 * knn.similarities - mean[:, None] - mean[knn.indices]


def self_tuning(knn: KnnGraph, *, rank: int | None = None) -> Edges:
    """Scores neighbours by a Gaussian whose width is set by both ends.

    score(i, j) = exp(-d_ij^2 / (sigma_i sigma_j)), d^2 = 2 (1 - s), sigma_i the distance to the
    neighbour of that rank. (Zelnik-Manor and Perona, NIPS 2004, who take rank 7; the last of the
    list ranked edges better on every set tried.)

    Args:
        knn: n items, k neighbours each, cosine similarities in [-1, 1].
        rank: Neighbour that sets the width, from 1; the last if None or if there are fewer.

    Returns:
        One edge per unordered neighbour pair, score in [0, 1]. O(n k^2) time, O(n k) memory.

    Raises:
        UsageError: If `rank` is below 1.
    """
    return knn_to_edges(knn, score=self_tuning_matrix(knn, rank=rank))


def self_tuning_matrix(knn: KnnGraph, *, rank: int | None = None) -> Float32:
    """Gives the (n, k) values of `self_tuning` of the lists."""
    if rank is not None and rank < 1:
        raise UsageError(f"rank must be at least 1, got {rank}")
    width = _own(knn).shape[1]
    if width == 0:
        return np.ones(knn.indices.shape, np.float32)
    column = width - 1 if rank is None else min(rank, width) - 1
    squared = np.maximum(2 - 2 * knn.similarities, np.float32(0))
    # Twins would have no width; below the rounding of a float32 cosine distances mean nothing.
    sigma = np.sqrt(np.maximum(2 - 2 * _own(knn)[:, column], np.float32(1e-6)))
    return np.exp(-squared / (sigma[:, None] * sigma[knn.indices]))


def _own(knn: KnnGraph) -> Float32:
    """Similarities to the neighbours, the item itself left out."""
    return knn.similarities[:, int(knn.includes_self) :]
