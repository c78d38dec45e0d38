"""Edges of a run as lists by item, so that what concerns a few groups is found without the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from covey.review.changes import NO_GROUP
from covey.types import Edges, Float32, Int64


@dataclass(frozen=True, slots=True)
class ItemLinks:
    """Both directions of each edge, and how much each item was tied to when the run was made.

    Attributes:
        start: (n + 1,) int64 offsets.
        other: (2 m,) int64, the other ends of the edges of each item.
        chance: (2 m,) float32 in [0, 1] that both ends belong together, by the run.
        total: (n,) float32, sum of the chances of each item.
        rivals: (n,) float32: the chance of the best edge to each group that the item was not in,
            summed over these groups.
        size: (n,) int64, items of the group that each was in, 0 of none.
        leak: Share of the weight of all edges that did not lie within groups, in [0, 1].
    """

    start: Int64
    other: Int64
    chance: Float32
    total: Float32
    rivals: Float32
    size: Int64
    leak: float

    @property
    def n(self) -> int:
        """Number of items."""
        return len(self.start) - 1

    def of(self, items: Int64) -> tuple[Int64, Int64, Float32]:
        """Edges of some items: one end, other end, chance; (e,) each."""
        counts = self.start[items + 1] - self.start[items]
        first = np.repeat(self.start[items] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        at = first + np.arange(int(counts.sum()))
        return np.repeat(items, counts), self.other[at], self.chance[at]


def item_links(edges: Edges, groups: Int64) -> ItemLinks:
    """Lists the edges by item.

    Args:
        edges: Between the first items; weights are probabilities.
        groups: (n,) where the run placed items, `NO_GROUP` for nowhere, as of those that came
            later, which have no edges.
    """
    n = len(groups)
    source = np.concatenate([edges.source, edges.target])
    target = np.concatenate([edges.target, edges.source])
    weight = np.tile(edges.weight, 2)
    table = coo_array((weight, (source, target)), shape=(n, n)).tocsr()
    start, other = table.indptr.astype(np.int64), table.indices.astype(np.int64)
    chance = table.data.astype(np.float32)
    one = np.repeat(np.arange(n), np.diff(start))
    placed = groups != NO_GROUP
    counts = np.bincount(groups[placed])
    size = np.zeros(n, np.int64)
    size[placed] = counts[groups[placed]]
    total = np.bincount(one, chance, n).astype(np.float32)
    within = (groups[one] == groups[other]) & placed[one]
    leak = 1 - float(chance[within].sum(dtype=np.float64)) / max(float(total.sum()), 1e-9)
    rivals = _rivals(one, other, chance, groups)
    return ItemLinks(start, other, chance, total, rivals, size, min(max(leak, 0.0), 1.0))


def _rivals(one: Int64, other: Int64, chance: Float32, groups: Int64) -> Float32:
    """Of each item the best chance to each group of others, summed."""
    apart = (groups[one] != groups[other]) & (groups[other] != NO_GROUP)
    one, there, chance = one[apart], groups[other[apart]], chance[apart]
    best = best_edges(one, there, chance)
    return np.bincount(one[best], chance[best], len(groups)).astype(np.float32)


def best_edges(item: Int64, group: Int64, chance: Float32) -> Int64:
    """Indices of the best edge of each item to each group, by item and then by group.

    Args:
        item: (e,) one end of edges.
        group: (e,) group of the other end.
        chance: (e,) of the edges.
    """
    order = np.lexsort((-chance, group, item))
    return order[begins(item[order], group[order])]


def begins(item: Int64, group: Int64) -> NDArray[np.bool_]:
    """(e,) where a pair is another one than before."""
    first = np.ones(len(item), np.bool_)
    first[1:] = (item[1:] != item[:-1]) | (group[1:] != group[:-1])
    return first
