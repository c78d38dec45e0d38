"""Structure space: neighbours that share their reciprocal neighbours belong together."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from covey.graph import local_sets
from covey.types import Float32, Int64, IntArray, KnnGraph, UsageError


def structure_matrix(knn: KnnGraph, *, eta: float = 0.3) -> Float32:
    """Re-scores neighbours by how much their reciprocal neighbourhoods overlap.

    kappa(i, j) = (1 - eta) |R*(i) & R*(j)| / |R*(i) | R*(j)| + eta s_ij, where N_k(i) is i and its
    nearest neighbours, k of them with i, and

        R(i, k) = {j in N_k(i): i in N_k(j)}
        R*(i)   = R(i, k) and every R(j, k/2), j in R(i, k), of which two thirds lie in R(i, k).

    (Ada-NETS, Wang et al., ICLR 2022, section 3.2, with the expansion of Zhong et al., CVPR 2017.)

    Args:
        knn: n items, k neighbours each, cosine similarities in [-1, 1].
        eta: Weight of the plain similarity, in [0, 1].

    Returns:
        (n, k) float32 score of each entry of the lists, in [-eta, 1]. O(n k^2) time, O(n k)
        memory while expansion adds few members (it is bounded by n k^2 / 2).

    Raises:
        UsageError: If `eta` lies outside [0, 1].
    """
    if not 0 <= eta <= 1:
        raise UsageError(f"eta must lie in [0, 1], got {eta}")
    lists = local_sets(knn)
    start, members = expanded_reciprocal_sets(lists, lists.shape[1] // 2)
    overlap = _overlaps(np.ascontiguousarray(knn.indices), start, members)
    return (1 - np.float32(eta)) * overlap + np.float32(eta) * knn.similarities


def expanded_reciprocal_sets(lists: IntArray, half: int) -> tuple[Int64, IntArray]:
    """The sets R* of `structure_matrix`, which expand by the first `half` entries of the lists.

    Args:
        lists: (n, k) each item, and after it its nearest neighbours.
        half: Entries that a neighbour may add, at most k.

    Returns:
        start: (n + 1,) int64.
        members: Set i is members[start[i] : start[i + 1]], the item itself first.
    """
    lists = np.ascontiguousarray(lists)
    return _expanded_sets(lists, *_reciprocal_ranks(lists, half), half)


@njit(cache=True, nogil=True)
def _reciprocal_ranks(lists: IntArray, half: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Marks entries that are mutual among whole lists, and among their first `half` entries."""
    n, k = lists.shape
    whole = np.zeros((n, k), np.bool_)
    front = np.zeros((n, k), np.bool_)
    for i in range(n):
        for c in range(k):
            j = lists[i, c]
            for back in range(k):
                if lists[j, back] == i:
                    whole[i, c] = True
                    front[i, c] = c < half and back < half
                    break
    return whole, front


@njit(cache=True, nogil=True)
def _expanded_sets(
    lists: IntArray, whole: NDArray[np.bool_], front: NDArray[np.bool_], half: int
) -> tuple[Int64, IntArray]:
    """The sets R* as members[start[i] : start[i + 1]]."""
    n, k = lists.shape
    start = np.zeros(n + 1, np.int64)
    members = np.empty(n * k + k * k, lists.dtype)
    in_core = np.full(n, -1, lists.dtype)  # in_core[j] == i: j belongs to R(i)
    in_set = np.full(n, -1, lists.dtype)  # in_set[j] == i: j is already in R*(i)
    end = 0
    for i in range(n):
        if end + k * k + k > members.shape[0]:
            longer = np.empty(members.shape[0] * 2, lists.dtype)
            longer[:end] = members[:end]
            members = longer
        for c in range(k):
            if whole[i, c]:
                j = lists[i, c]
                in_core[j] = i
                in_set[j] = i
                members[end] = j
                end += 1
        for c in range(k):
            if not whole[i, c]:
                continue
            j = lists[i, c]
            size = 0
            shared = 0
            for t in range(half):
                if front[j, t]:
                    size += 1
                    shared += in_core[lists[j, t]] == i
            if 3 * shared < 2 * size:
                continue
            for t in range(half):
                m = lists[j, t]
                if front[j, t] and in_set[m] != i:
                    in_set[m] = i
                    members[end] = m
                    end += 1
        start[i + 1] = end
    return start, members[:end]


@njit(cache=True, nogil=True)
def _overlaps(indices: IntArray, start: Int64, members: IntArray) -> Float32:
    """Jaccard index of the sets of each item and each of its neighbours."""
    n, k = indices.shape
    overlap = np.zeros((n, k), np.float32)
    mark = np.full(n, -1, indices.dtype)
    for i in range(n):
        for at in range(start[i], start[i + 1]):
            mark[members[at]] = i
        own = start[i + 1] - start[i]
        for c in range(k):
            j = indices[i, c]
            both = 0
            for at in range(start[j], start[j + 1]):
                both += mark[members[at]] == i
            either = own + start[j + 1] - start[j] - both
            overlap[i, c] = both / either
    return overlap
