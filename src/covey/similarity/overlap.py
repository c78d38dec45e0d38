"""Shared neighbours at several list lengths, and the rank that an item has in its neighbour's list.

Both say how the two ends see each other, whatever the similarity was: a set overlap at 5 is about
near duplicates and one at 30 about topics. (Jarvis and Patrick, "Clustering using a similarity
measure based on shared near neighbors", IEEE Trans. Computers 1973.)
"""

from __future__ import annotations

import numpy as np
from numba import njit, prange

from covey.graph import local_sets
from covey.types import Float32, Int64, IntArray, KnnGraph


def neighbour_overlaps(knn: KnnGraph, lengths: tuple[int, ...]) -> tuple[Float32, IntArray]:
    """Jaccard index of the two local sets at each length, and the rank the other way round.

    Args:
        knn: n items, k neighbours each.
        lengths: Neighbours of either end that count, besides the end itself; a length above k
            counts all k.

    Returns:
        overlap (n, k, len(lengths)) float32 in [0, 1] and back (n, k) int16: at which position,
        from 0, item i stands in the list of its neighbour; k where it does not. O(n k^2) time.
    """
    lists = np.ascontiguousarray(local_sets(knn))
    bounds = np.minimum(np.array(lengths, np.int64), lists.shape[1] - 1)
    overlap, back = _overlaps(lists, bounds)
    return overlap, back


@njit(cache=True, nogil=True, parallel=True)
def _overlaps(lists: IntArray, bounds: Int64) -> tuple[Float32, IntArray]:
    """As `neighbour_overlaps`; column 0 of `lists` is the item itself and belongs to its set."""
    n, width = lists.shape
    blocks = 64
    overlap = np.zeros((n, width - 1, len(bounds)), np.float32)
    back = np.full((n, width - 1), width - 1, np.int16)
    for block in prange(blocks):
        place = np.full(n, width, np.int16)  # of each item in the list of i, cleared after each i
        for i in range(n * block // blocks, n * (block + 1) // blocks):
            for c in range(width):
                place[lists[i, c]] = c
            for c in range(1, width):
                j = lists[i, c]
                for b in range(len(bounds)):
                    shared = 0
                    for t in range(bounds[b] + 1):
                        shared += place[lists[j, t]] <= bounds[b]
                    overlap[i, c - 1, b] = shared / (2 * (bounds[b] + 1) - shared)
                for t in range(1, width):
                    if lists[j, t] == i:
                        back[i, c - 1] = t - 1
                        break
            for c in range(width):
                place[lists[i, c]] = width
    return overlap, back
