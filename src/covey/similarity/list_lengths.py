"""How many of its first candidates an item keeps, said without labels.

Two ways, both on lists in order of likeness that begin with the item itself, which counts: up to
the largest gap between successive scores, or where the list is most stable, that is where those on
it name the same items.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from covey.graph import local_sets
from covey.types import Float32, Int64, IntArray, KnnGraph


def gap_lengths(scores: Float32) -> Int64:
    """Cuts every list at its largest gap.

    The gap between the item itself and its first neighbour does not count, as it is the largest
    nearly everywhere: at least one neighbour is kept.

    Args:
        scores: (n, m) of the candidates, descending, the item itself first.

    Returns:
        (n,) int64 in [1, m]: the first of the largest gaps lies behind so many candidates; m where
        there is none, because all neighbours score the same. O(n m) time.
    """
    n, m = scores.shape
    if m < 3:
        return np.full(n, m, np.int64)
    gaps = scores[:, 1:-1] - scores[:, 2:]
    lengths = gaps.argmax(axis=1).astype(np.int64) + 2
    lengths[gaps.max(axis=1) <= 0] = m
    return lengths


def prefix_agreement(lists: IntArray) -> Float32:
    """How well the first candidates of each item agree with the first ones of those among them.

    With P_j(i) the first j candidates of i, i itself among them,

        a(i, j) = sum over u in P_j(i), u != i, of [|P_j(i) & P_j(u)| - j^2 / n] / (j - j^2 / n),

    divided by j: what two lists share beyond chance, as a share of what they could, in the mean
    over those on the list, where the item itself counts as agreeing with nobody. So a pair of
    mutual neighbours, of which there are many by chance, reaches 1/2 and a group of g that name
    each other first (g - 1) / g. (Our own; the sign is that of Jarvis and Patrick, 1973.)

    Args:
        lists: (n, m) candidates in order of likeness, the item itself first, all different; each
            an item of these n.

    Returns:
        (n, m) float32 below 1, 0 in the first column. O(n m^2) time.
    """
    agreement: Float32 = _prefix_agreement(np.ascontiguousarray(lists))
    return agreement


def stable_lengths(agreement: Float32) -> Int64:
    """Cuts every list where it agrees best with the lists of those on it.

    Args:
        agreement: (n, m) as `prefix_agreement` gives it.

    Returns:
        (n,) int64 in [1, m], of equal agreement the longest; 1 where there is none.
    """
    m = agreement.shape[1]
    longest = m - agreement[:, ::-1].argmax(axis=1).astype(np.int64)
    longest[agreement.max(axis=1) <= 0] = 1
    return longest


def stable_matrix(knn: KnnGraph) -> Float32:
    """Similarities of the neighbours that each item keeps where its list is most stable.

    Args:
        knn: n items, k neighbours each.

    Returns:
        (n, k) float32, 0 for neighbours that are not kept. O(n k^2) time.
    """
    lists = np.ascontiguousarray(local_sets(knn))
    lengths = stable_lengths(prefix_agreement(lists))
    place = np.arange(knn.k) + 1 - int(knn.includes_self)
    return np.where(place < lengths[:, None], knn.similarities, np.float32(0))


@njit(cache=True, nogil=True)
def _prefix_agreement(lists: IntArray) -> Float32:
    n, m = lists.shape
    agreement = np.zeros((n, m), np.float32)
    place = np.full(n, m, np.int64)  # of each item in the list at hand, cleared after it
    enters = np.zeros(m, np.int64)  # common members that the prefix of this length adds
    total = np.zeros(m)
    for i in range(n):
        for c in range(m):
            place[lists[i, c]] = c
        total[:] = 0
        for c in range(1, m):
            u = lists[i, c]
            enters[:] = 0
            for t in range(m):
                at = place[lists[u, t]]
                if at < m:
                    enters[max(t, at)] += 1
            common = 0
            for t in range(m):
                common += enters[t]
                chance = (t + 1) * (t + 1) / n
                if t >= c and t + 1 > chance:
                    total[t] += (common - chance) / (t + 1 - chance)
        for t in range(m):
            agreement[i, t] = total[t] / (t + 1)
        for c in range(m):
            place[lists[i, c]] = m
    return agreement
