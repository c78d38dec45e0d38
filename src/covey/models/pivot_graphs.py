"""Instance pivot sub-graphs: the neighbourhood, two hops wide, that a centre's links are read from.

Of a centre c: c itself, its first hop (its k1 nearest, or others drawn for it) and of each of these
the k2 nearest. Every node is joined to those of its `active` nearest that are inside, in either
direction. (Linkage-based Face Clustering via Graph Convolution Network, Wang et al., CVPR 2019,
section 3.2. By our notes the published code for training lists an item once for each hop that it
was met in, and once only for testing; here it is one node always, and both are made by this.)

Published, each graph is padded to k1 (k2 + 1) + 1 nodes and its edges fill a square matrix. Here
the graphs of a batch stand one after another, so that nothing is padded but the first hops.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from covey.types import IntArray

Int32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class PivotGraphs:
    """The sub-graphs of b centres, v nodes in all.

    Attributes:
        item: (v,) int32, the item at each node; of each graph the centre comes first.
        centre: (v,) int32, the item that is the centre of the node's graph.
        start: (v + 1,) int32, offsets into `neighbour`.
        neighbour: (e,) int32, the nodes that each node is joined to; symmetric, each once.
        link: (b, h) int32, the node of each entry of the first hops, -1 where there is none.
    """

    item: Int32
    centre: Int32
    start: Int32
    neighbour: Int32
    link: Int32


def pivot_graphs(
    indices: IntArray, centres: IntArray, first: IntArray, *, second: int, active: int
) -> PivotGraphs:
    """Builds the sub-graphs of some centres.

    Args:
        indices: (n, k) neighbours of each item, nearest first.
        centres: (b,) items.
        first: (b, h) items of the first hop of each; -1 where there is none, twice where one
            counts twice, never the centre.
        second: Neighbours of each of these that make the second hop, k at most.
        active: Neighbours that a node is joined to where they are inside, k at most.

    Returns:
        The graphs. O(b h k2 active^2) time, and 4 n bytes besides them.
    """
    return PivotGraphs(
        *_build(
            np.ascontiguousarray(indices),
            np.ascontiguousarray(centres),
            np.ascontiguousarray(first),
            min(second, indices.shape[1]),
            min(active, indices.shape[1]),
        )
    )


@njit(cache=True, nogil=True)
def _build(
    indices: IntArray, centres: IntArray, first: IntArray, second: int, active: int
) -> tuple[Int32, Int32, Int32, Int32, Int32]:
    b, h = first.shape
    most = b * (1 + h * (1 + second))
    item, centre = np.empty(most, np.int32), np.empty(most, np.int32)
    start, neighbour = np.zeros(most + 1, np.int32), np.empty(2 * most * active, np.int32)
    link = np.full((b, h), -1, np.int32)
    node = np.full(indices.shape[0], -1, np.int32)  # of each item in the graph at hand
    v = 0
    for g in range(b):
        begin = v
        v = _enter(item, node, v, centres[g])
        for c in range(h):
            if first[g, c] >= 0:
                v = _enter(item, node, v, first[g, c])
                link[g, c] = node[first[g, c]]
        hop = v
        for a in range(begin + 1, hop):
            for c in range(second):
                v = _enter(item, node, v, indices[item[a], c])
        centre[begin:v] = centres[g]
        _join(indices, item, node, begin, v, active, start, neighbour)
        for a in range(begin, v):
            node[item[a]] = -1
    return item[:v].copy(), centre[:v].copy(), start[: v + 1].copy(), neighbour[: start[v]], link


@njit(cache=True, nogil=True)
def _enter(item: Int32, node: Int32, v: int, new: int) -> int:
    """Makes an item the node v, unless it is one; how many nodes there are then."""
    if node[new] >= 0:
        return v
    item[v] = new
    node[new] = v
    return v + 1


@njit(cache=True, nogil=True)
def _join(
    indices: IntArray,
    item: Int32,
    node: Int32,
    begin: int,
    end: int,
    active: int,
    start: Int32,
    neighbour: Int32,
) -> None:
    """Joins the nodes of one graph: counts the neighbours of each, then lists them."""
    for a in range(begin, end):
        for c in range(active):
            other = node[indices[item[a], c]]
            if other >= 0 and other != a:
                start[a + 1] += 1
                if not _names(indices, item[other], item[a], active):
                    start[other + 1] += 1
    for a in range(begin, end):
        start[a + 1] += start[a]
    place = start[begin:end].copy()
    for a in range(begin, end):
        for c in range(active):
            other = node[indices[item[a], c]]
            if other >= 0 and other != a:
                neighbour[place[a - begin]] = other
                place[a - begin] += 1
                if not _names(indices, item[other], item[a], active):
                    neighbour[place[other - begin]] = a
                    place[other - begin] += 1


@njit(cache=True, nogil=True)
def _names(indices: IntArray, one: int, other: int, active: int) -> bool:
    """Whether an item is among the first neighbours of another."""
    found = False
    for c in range(active):
        found |= indices[one, c] == other
    return found
