"""How well groups are tied to groups, and items to groups, by the edges of a run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.review.changes import NO_GROUP
from covey.review.item_links import ItemLinks, begins, best_edges
from covey.types import Float32, Int64

_BEST = 3  # edges to a group that say whether an item belongs to it


@dataclass(frozen=True, slots=True)
class Ties:
    """Pairs of groups that edges tie, each once.

    Attributes:
        small, large: (p,) int64, the one of fewer items (or the lower number), the other.
        tie, back: (p,) float64 in [0, 1], how well the small one is tied to the large one, and the
            other way: the mean over its items of the chance of the best edge, 0 for no edge.
    """

    small: Int64
    large: Int64
    tie: NDArray[np.float64]
    back: NDArray[np.float64]

    def some(self, which: NDArray[np.bool_]) -> Ties:
        """Those of a mask."""
        return Ties(self.small[which], self.large[which], self.tie[which], self.back[which])


def ties_between(one: Int64, other: Int64, groups: Int64, chance: Float32, sizes: Int64) -> Ties:
    """How well groups are tied to each other.

    Args:
        one, other: (e,) ends of edges, in one direction or in both; all of each pair of groups.
        groups: (n,) of the items; edges within a group or of items in `NO_GROUP` do not count.
        chance: (e,) of the edges.
        sizes: Items by group.
    """
    between = (groups[one] != groups[other]) & (groups[one] != NO_GROUP)
    between &= groups[other] != NO_GROUP
    one, other, chance = one[between], other[between], chance[between]
    item, end = np.concatenate([one, other]), np.concatenate([other, one])
    count = len(sizes)
    best = best_edges(item, groups[end], np.tile(chance, 2))
    pairs, which = np.unique(groups[item[best]] * count + groups[end[best]], return_inverse=True)
    a, b = np.divmod(pairs, max(count, 1))
    mean = np.bincount(which, np.tile(chance, 2)[best], len(pairs)) / sizes[a]
    small = (sizes[a] < sizes[b]) | ((sizes[a] == sizes[b]) & (a < b))
    back = mean[np.searchsorted(pairs, b[small] * count + a[small])]
    return Ties(a[small], b[small], mean[small], back)


@dataclass(frozen=True, slots=True)
class Pulls:
    """Items and groups that edges tie, by item and then by group.

    Attributes:
        item, group: (p,) int64.
        pull: (p,) float64 in [0, 1], mean chance of the three best edges, missing ones as 0.
        weight: (p,) float64, sum of the chances of all edges.
        edges: (p,) int64, how many.
        size: (p,) float64, items that the groups had which the run had placed the other ends in,
            on average.
    """

    item: Int64
    group: Int64
    pull: NDArray[np.float64]
    weight: NDArray[np.float64]
    edges: Int64
    size: NDArray[np.float64]

    def some(self, which: NDArray[np.bool_] | Int64) -> Pulls:
        """Those of a mask, or in an order."""
        return Pulls(*(getattr(self, name)[which] for name in Pulls.__slots__))


def pulls_on(items: Int64, groups: Int64, links: ItemLinks) -> Pulls:
    """How well items are tied to groups.

    Args:
        items: (m,) those that are asked for.
        groups: (n,) of all items, `NO_GROUP` for none.
        links: Edges.
    """
    item, other, chance = links.of(items)
    there = groups[other] != NO_GROUP
    item, other, chance = item[there], other[there], chance[there]
    order = np.lexsort((-chance, groups[other], item))
    item, other, chance = item[order], other[order], chance[order]
    first = begins(item, groups[other])
    at, which = np.flatnonzero(first), np.cumsum(first) - 1
    rank = np.arange(len(item)) - at[which]
    best = np.where(rank < _BEST, chance, 0)
    count = np.bincount(which, minlength=len(at))
    weight: NDArray[np.float64] = np.bincount(which, chance, len(at)).astype(np.float64)
    return Pulls(
        item[at],
        groups[other[at]],
        np.bincount(which, best, len(at)) / _BEST,
        weight,
        count,
        np.bincount(which, links.size[other], len(at)) / np.maximum(count, 1),
    )
