"""The graph that lists of different lengths make, and the parts of it that a batch needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from covey.types import Int64, IntArray

Int32 = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class NeighbourGraph:
    """Whose mean each of t nodes takes, out of s nodes.

    Attributes:
        start: (t + 1,) int64, offsets into `neighbour`.
        neighbour: (e,) int32 nodes, each at most once for a node, ascending in a whole graph.
        sources: s; the t nodes are the first of these.
    """

    start: Int64
    neighbour: Int32
    sources: int

    @property
    def targets(self) -> int:
        """Nodes that take means."""
        return len(self.start) - 1

    def transposed(self) -> NeighbourGraph:
        """Which nodes take each of the s: the way that gradients go."""
        return NeighbourGraph(*_transpose(self.start, self.neighbour, self.sources), self.targets)


def neighbour_graph(lists: IntArray, lengths: Int64) -> NeighbourGraph:
    """Joins every item to its first candidates and to those that it is a candidate of.

    Edges have no weight; every item is its own neighbour. (Ada-NETS, Wang et al., ICLR 2022,
    section 3.3; that weights are thrown away is read off the published code by our notes.)

    Args:
        lists: (n, m) candidates, the item itself first.
        lengths: (n,) how many of each count, the item itself counted, in [1, m].

    Returns:
        The symmetric graph. O(sum of lengths) time and memory.
    """
    return NeighbourGraph(*_join(np.ascontiguousarray(lists), lengths), len(lists))


@njit(cache=True, nogil=True)
def _join(lists: IntArray, lengths: Int64) -> tuple[Int64, Int32]:
    """Counting sort of both directions of all entries, then equal neighbours once."""
    n = lists.shape[0]
    begin = np.zeros(n + 1, np.int64)
    for i in range(n):
        for c in range(1, lengths[i]):
            begin[i + 1] += 1
            begin[lists[i, c] + 1] += 1
    begin = np.cumsum(begin)
    both = np.empty(begin[n], np.int32)
    place = begin.copy()
    for i in range(n):
        for c in range(1, lengths[i]):
            j = lists[i, c]
            both[place[i]] = j
            place[i] += 1
            both[place[j]] = i
            place[j] += 1
    start = np.zeros(n + 1, np.int64)
    neighbour = np.empty(begin[n] + n, np.int32)
    end = 0
    for i in range(n):
        some = np.append(both[begin[i] : begin[i + 1]], np.int32(i))
        some.sort()
        for at in range(len(some)):
            if at == 0 or some[at] != some[at - 1]:
                neighbour[end] = some[at]
                end += 1
        start[i + 1] = end
    return start, neighbour[:end].copy()


@njit(cache=True, nogil=True)
def _transpose(start: Int64, neighbour: Int32, sources: int) -> tuple[Int64, Int32]:
    back = np.zeros(sources + 1, np.int64)
    for j in neighbour:
        back[j + 1] += 1
    back = np.cumsum(back)
    target = np.empty(len(neighbour), np.int32)
    place = back.copy()
    for i in range(len(start) - 1):
        for at in range(start[i], start[i + 1]):
            j = neighbour[at]
            target[place[j]] = i
            place[j] += 1
    return back, target


def gather_hops(
    graph: NeighbourGraph,
    drawn: Int64,
    hops: int,
    rng: np.random.Generator,
    *,
    most: int | None = None,
) -> tuple[Int64, list[NeighbourGraph]]:
    """The neighbours of some nodes, theirs, and so on, as layers need them.

    Args:
        graph: Of n nodes.
        drawn: (b,) different nodes.
        hops: Layers that take means over neighbours.
        rng: Source of the draw.
        most: Random neighbours of a node that count in a hop at most, besides itself; all if None.

    Returns:
        The nodes that the first layer starts from, `drawn` first, (s,); and the graph of each
        layer in the order in which they are applied: sources of one are the targets of the one
        before, those of the last are `drawn`. O(edges touched) time, 4 n bytes.
    """
    layers = []
    for _ in range(hops):
        degree = graph.start[drawn + 1] - graph.start[drawn]
        taken = degree if most is None else np.minimum(degree, most + 1)
        chance = rng.random(0 if most is None else int(taken.sum()))
        start = np.concatenate([[0], np.cumsum(taken)])
        neighbour, drawn = _hop(graph.start, graph.neighbour, drawn, start, chance)
        layers.append(NeighbourGraph(start, neighbour, len(drawn)))
    return drawn, layers[::-1]


@njit(cache=True, nogil=True)
def _hop(
    begin: Int64, neighbour: Int32, drawn: Int64, start: Int64, chance: NDArray[np.float64]
) -> tuple[Int32, Int64]:
    """Neighbours of the drawn nodes by their new numbers, and the nodes that bear these."""
    number = np.full(len(begin) - 1, -1, np.int32)
    nodes = np.empty(min(len(begin) - 1, len(drawn) + start[-1]), np.int64)
    nodes[: len(drawn)] = drawn
    found = np.empty(start[-1], np.int32)
    for b in range(len(drawn)):
        number[drawn[b]] = b
    end = len(drawn)
    for b in range(len(drawn)):
        own = neighbour[begin[drawn[b]] : begin[drawn[b] + 1]].copy()
        taken = start[b + 1] - start[b]
        if taken < len(own):  # the node itself, then some of the others, each as likely
            at = np.searchsorted(own, drawn[b])
            own[0], own[at] = own[at], own[0]
            for t in range(1, taken):
                other = t + int(chance[start[b] + t] * (len(own) - t))
                own[t], own[other] = own[other], own[t]
        for t in range(taken):
            j = own[t]
            if number[j] < 0:
                number[j] = end
                nodes[end] = j
                end += 1
            found[start[b] + t] = number[j]
    return found, nodes[:end].copy()
