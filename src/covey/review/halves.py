"""The two parts of a group that hang together least, among all parts of its hierarchy.

The last join of a hierarchy often parts a single item from all others, also where the others are of
two kinds. So each part S is held against the rest R of its group, and the one is taken that leaves
the most of what a group without parts would have between them:

    vol(S) vol(R) / vol - w(S, R)

where w is the weight of the edges between them and vol that of all ends of inner edges. (This is
the gain of modularity: Newman, "Modularity and community structure in networks", PNAS 2006.)
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from covey.partition.hierarchy import Tree
from covey.review.item_links import ItemLinks
from covey.types import Edges, Int64

_NOTHING = 1e-6  # weight of an item that no edge ties, so that it counts at all


def smaller_halves(
    members: Int64, own: Int64, edges: Edges, tree: Tree, links: ItemLinks
) -> NDArray[np.bool_]:
    """Parts groups where they hang together least.

    Args:
        members: (s,) sorted items.
        own: (s,) their groups, numbers from 0, all of which occur; at least two items each.
        edges: Between positions of members of one group, weighed by their chance.
        tree: Hierarchy of the members over these edges, a forest.
        links: Edges by item.

    Returns:
        (s,) whether each is in the half of its group that has fewer items. O(e log s) time for e
        ends of edges.
    """
    s, groups = len(members), int(own.max(initial=-1)) + 1
    ends = np.concatenate([edges.source, edges.target])
    degree = np.bincount(ends, np.tile(edges.score, 2), s)
    volume: NDArray[np.float64] = degree.astype(np.float64) + _NOTHING
    whole = np.bincount(own, volume, groups)
    counts = np.bincount(own, minlength=groups)
    node_volume, inner, size, first = _nodes(
        tree, members, volume, links.start, links.other, links.chance
    )
    total = whole[own[first]]
    rest = total - node_volume
    between = np.maximum(node_volume - 2 * inner - _NOTHING * size, 0.0)
    expected = node_volume * np.maximum(rest, 0.0) / total
    gain = np.where(size < counts[own[first]], expected - between, -np.inf)
    order = np.lexsort((-size, gain, own[first]))
    last = np.ones(len(order), np.bool_)
    last[:-1] = own[first][order][1:] != own[first][order][:-1]
    taken = order[last]
    inside = _below(tree, s, taken)
    few = 2 * size[taken] <= counts
    found: NDArray[np.bool_] = inside == few[own]
    return found


@nb.njit(cache=True, nogil=True)
def _nodes(
    tree: NDArray[np.float64],
    members: NDArray[np.int64],
    item_volume: NDArray[np.float64],
    start: NDArray[np.int64],
    other: NDArray[np.int64],
    chance: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Volume, weight of inner edges, size and a member of each item and each row of the tree.

    The items of the smaller child of each row are looked at, and take the mark of the larger one.
    """
    s, t = len(members), tree.shape[0]
    mark = np.full(len(start) - 1, -1, np.int64)
    mark[members] = np.arange(s)
    name, first, last = np.arange(s + t), np.arange(s + t), np.arange(s + t)
    after = np.full(s, -1, np.int64)
    size, volume, inner = np.ones(s + t, np.int64), np.zeros(s + t), np.zeros(s + t)
    volume[:s] = item_volume
    for row in range(t):
        a, b = int(tree[row, 0]), int(tree[row, 1])
        if size[a] > size[b]:
            a, b = b, a
        between, at = 0.0, first[a]
        while at >= 0:
            for e in range(start[members[at]], start[members[at] + 1]):
                if mark[other[e]] == name[b]:
                    between += chance[e]
            at = after[at]
        at = first[a]
        while at >= 0:
            mark[members[at]] = name[b]
            at = after[at]
        node = s + row
        after[last[b]] = first[a]
        name[node], first[node], last[node] = name[b], first[b], last[a]
        size[node] = size[a] + size[b]
        volume[node] = volume[a] + volume[b]
        inner[node] = inner[a] + inner[b] + between
    return volume, inner, size, first


@nb.njit(cache=True, nogil=True)
def _below(tree: NDArray[np.float64], s: int, taken: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each item is one of some nodes, or below one."""
    inside = np.zeros(s + tree.shape[0], np.bool_)
    inside[taken] = True
    for row in range(tree.shape[0] - 1, -1, -1):
        if inside[s + row]:
            inside[int(tree[row, 0])] = inside[int(tree[row, 1])] = True
    return inside[:s]
