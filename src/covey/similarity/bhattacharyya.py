"""Transition probabilities: neighbours from which a random step leads to the same places."""

from __future__ import annotations

import numpy as np
from numba import njit

from covey.graph import local_sets
from covey.types import Float32, IntArray, KnnGraph, UsageError


def bhattacharyya_matrix(knn: KnnGraph, *, scale: float | None = None) -> Float32:
    """Re-scores neighbours by the Bhattacharyya coefficient of their transition probabilities.

    score(i, j) = sum_m sqrt(P_im P_jm), where P_i = softmax of s_im / scale over i and its
    neighbours m. One minus it is the TPDi distance of "On Mitigating Hard Clusters for Face
    Clustering" (Chen et al., ECCV 2022), with two changes. The fixed scale of 0.05 says nothing
    where neighbours are far apart, so it comes from the data, see `neighbour_scale`. An item
    counts as near to itself as its nearest neighbour is, or else it outweighs all others.

    Args:
        knn: n items, k neighbours each, any similarity.
        scale: Similarity over which a probability falls by e, above 0; from the data if None.

    Returns:
        (n, k) float32 score of each entry of the lists, in [0, 1]. O(n k^2) time, O(n k) memory.

    Raises:
        UsageError: If `scale` is not above 0.
    """
    if scale is None:
        scale = neighbour_scale(knn)
    if not scale > 0:
        raise UsageError(f"scale must be above 0, got {scale}")
    if knn.k <= knn.includes_self:
        return np.ones(knn.indices.shape, np.float32)
    similarities = _without_self(knn)
    nearest = similarities[:, :1]
    similarities = np.hstack([nearest, similarities])
    # sqrt(softmax(s / t)) = exp(s / 2t), brought to unit length
    root = np.exp((similarities - nearest) / np.float32(2 * scale))
    root /= np.linalg.norm(root, axis=1, keepdims=True)
    lists = np.ascontiguousarray(local_sets(knn))
    return _shared_mass(np.ascontiguousarray(knn.indices), lists, root)


def neighbour_scale(knn: KnnGraph) -> float:
    """Measures how fast similarity falls among neighbours: the natural unit of this collection.

    Returns:
        The median gap between the first and the tenth neighbour (the last one if there are
        fewer), over the items where it is not zero; 1 where none is left.
    """
    if knn.k <= knn.includes_self:
        return 1.0
    similarities = _without_self(knn)
    gap = similarities[:, 0] - similarities[:, min(9, similarities.shape[1] - 1)]
    gap = gap[gap > 0]
    return float(np.median(gap)) if len(gap) else 1.0


def _without_self(knn: KnnGraph) -> Float32:
    return knn.similarities[:, int(knn.includes_self) :]


@njit(cache=True, nogil=True)
def _shared_mass(indices: IntArray, lists: IntArray, root: Float32) -> Float32:
    n, k = indices.shape
    shared = np.zeros((n, k), np.float32)
    own = np.zeros(n, np.float32)  # sqrt(P_i) spread over all items, cleared after each i
    for i in range(n):
        for t in range(lists.shape[1]):
            own[lists[i, t]] = root[i, t]
        for c in range(k):
            j = indices[i, c]
            total = np.float32(0)
            for t in range(lists.shape[1]):
                total += own[lists[j, t]] * root[j, t]
            shared[i, c] = min(total, np.float32(1))
        for t in range(lists.shape[1]):
            own[lists[i, t]] = 0
    return shared
