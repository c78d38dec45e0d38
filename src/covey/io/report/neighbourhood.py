"""Whose neighbours lie in whose cluster: how tightly clusters hold, and which ones come close."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.io.report.groups import Groups
from covey.types import Float32, Int64, IntArray, KnnGraph

_MOST_LINKS = 6_000_000
_SHORTEST_LIST = 10


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Neighbours counted by cluster.

    Attributes:
        held: (n,) int64, neighbours of each item that are in its own cluster.
        room: (n,) int64, neighbours that could be: all others in it that are not equal to the
            item, or the length of the list.
        pairs: (p, 2) int64, clusters with neighbours across, the first number below the second.
        across: (p,) float32 in [0, 1], neighbours in the other cluster over those that could be,
            the geometric mean of both directions.
        closer: (p,) float32 in [0, 1], share of the links inside clusters that are less similar
            than the mean link across.
    """

    held: Int64
    room: Int64
    pairs: Int64
    across: Float32
    closer: Float32

    @property
    def share(self) -> NDArray[np.float64]:
        """(n,) in [0, 1], `held` over `room`; 1 where there is no room."""
        return np.where(self.room > 0, self.held / np.maximum(self.room, 1), 1.0)

    @property
    def likeness(self) -> NDArray[np.float64]:
        """(p,) in [0, 1], how near two clusters come to being one."""
        return self.across.astype(np.float64) * np.sqrt(self.closer)


def count_neighbours(knn: KnnGraph, groups: Groups) -> Neighbourhood:
    """Counts neighbours inside clusters and across.

    Neighbour lists name one item of each set of equal ones, so equal items count as one here.
    Long lists of large collections are cut so that 6 million links are looked at, ten an item
    at least. O(l log l) time for l links.
    """
    c = max(groups.n_clusters, 1)
    start = int(knn.includes_self)
    width = min(groups.k, max(_SHORTEST_LIST, _MOST_LINKS // max(groups.n, 1)))
    first, row = _equal_lists(knn.indices[:, start:], knn.similarities[:, start:])
    near = knn.indices[first, start : start + width]
    similar = np.nan_to_num(knn.similarities[first, start : start + width], nan=0.0)
    labels = groups.labels[first]
    sizes = np.bincount(labels[labels >= 0], minlength=c)
    known = (near >= 0) & (near != first[:, None]) & (labels >= 0)[:, None]
    theirs = np.where(known, groups.labels[near], -1)
    own = (theirs == labels[:, None]) & known
    room = np.where(labels >= 0, np.minimum(sizes[labels] - 1, width), 0)

    item, column = np.nonzero((theirs >= 0) & ~own)
    key, way = np.unique(labels[item] * c + theirs[item, column], return_inverse=True)
    links = np.bincount(way, minlength=key.shape[0])
    total = np.bincount(way, similar[item, column], key.shape[0])
    one, other = np.divmod(key, c)
    share = links / np.maximum(sizes[one] * np.minimum(sizes[other], width), 1)

    key, pair = np.unique(np.minimum(one, other) * c + np.maximum(one, other), return_inverse=True)
    both = np.zeros((2, key.shape[0]))
    both[(one > other).astype(np.int64), pair] = share
    count = np.maximum(np.bincount(pair, links, key.shape[0]), 1)
    mean = np.bincount(pair, total, key.shape[0]) / count
    inside = np.sort(similar[own])
    below = np.searchsorted(inside, mean) / inside.shape[0] if inside.size else np.ones(len(mean))
    return Neighbourhood(
        held=own.sum(axis=1, dtype=np.int64)[row],
        room=room.astype(np.int64)[row],
        pairs=np.stack(np.divmod(key, c), axis=1).astype(np.int64),
        across=np.sqrt(both[0] * both[1]).astype(np.float32),
        closer=below.astype(np.float32),
    )


def _equal_lists(indices: IntArray, similarities: Float32) -> tuple[Int64, Int64]:
    """(u,) first item with each list of neighbours, and (n,) which of them each item has."""
    n, width = indices.shape
    if not n * width:
        return np.arange(n), np.arange(n)
    lists = np.concatenate([indices.astype(np.int64), similarities.view(np.int32)], axis=1)
    lists = np.ascontiguousarray(lists).view(np.dtype((np.void, 8 * 2 * width))).ravel()
    _, first, row = np.unique(lists, return_index=True, return_inverse=True)
    return first.astype(np.int64), row.astype(np.int64)
