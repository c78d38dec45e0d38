"""Average linkage on a sparse graph: clusters join while the mean weight between them is high."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from covey.partition.contraction import contract
from covey.partition.hierarchy import cut_tree, merge_tree
from covey.partition.max_queue import MaxQueue, lower_top, new_queue, raise_key, remove
from covey.partition.pair_table import PairTable, delete, find, insert, new_table
from covey.partition.separation import Separation, join, may_join, new_separation
from covey.partition.strength import membership_strength
from covey.types import Clustering, Constraints, Edges, UsageError


def average_linkage(
    edges: Edges,
    n: int,
    *,
    cut: float,
    missing: float = 0.0,
    reach: int | None = None,
    constraints: Constraints | None = None,
    seed: int = 0,
) -> Clustering:
    """Joins the two clusters with the largest mean weight between them until it falls below `cut`.

    mean(A, B) = sum of w_ij over all i in A, j in B, divided by |A| |B|; a pair without an edge
    counts as `missing`. A wrong edge between two large clusters thus weighs next to nothing, and
    an item joins a large cluster only if it has edges into a good part of it. (UPGMA: Sokal and
    Michener, 1958.)

    Where edges come from lists of k neighbours, an item has about k edges however large its true
    cluster is, and the plain mean stops every cluster at about k / cut items. `reach` = k lifts
    that: no more than k partners are counted for each item of the smaller cluster, so the divisor
    is min(|A| |B|, k min(|A|, |B|)). Below k items nothing changes.

    Sums, not means, are kept for the pairs of clusters that share an edge. Means wait in a heap and
    may be out of date there, but only upwards, as a cluster that grows lowers the means of pairs
    that gained nothing; what reaches the top is brought up to date before it is used.

    Args:
        edges: m undirected edges.
        n: Number of items.
        cut: The least mean weight that joins, above `missing`. 0.2 did well with calibrated
            edges, where an absent pair is far less likely than any present one.
        missing: Weight of the pairs that have no edge.
        reach: How many edges an item could have had, the k of the neighbour lists; None where all
            pairs could have had one.
        constraints: Must-link and cannot-link, kept exactly. A must-link group counts as one
            cluster of its size from the start.
        seed: Breaks ties among equal means.

    Returns:
        The clustering with its merge `tree`: `cut_tree(tree, n, 1 - c)` is the partition at any
        c >= `cut`. O(m log^2 m) time if few means go out of date unused, O(m + n) memory: about 100
        bytes an edge.

    Raises:
        UsageError: If `cut` is not above `missing`, a weight is not finite, an edge leads outside
            the items or constraints contradict each other.
    """
    if not cut > missing:
        raise UsageError(
            f"cut {cut} must lie above missing {missing}, or everything would join everything; "
            "raise cut or lower missing"
        )
    if reach is not None and reach < 1:
        raise UsageError(
            f"reach must be at least 1, got {reach}: pass the k of the neighbour lists"
        )
    graph = contract(edges, n, constraints, seed=seed)
    # With missing weights as the zero point, pairs without an edge add nothing to any sum.
    left, right, mean = _agglomerate(
        graph.source,
        graph.target,
        graph.weight - missing * graph.count,
        graph.size.astype(np.float64),
        _unlinked(graph.source.size, graph.n),
        new_queue(graph.source.size),
        new_separation(graph.tag_start, graph.tag),
        np.inf if reach is None else float(reach),
        float(np.float32(cut)) - missing,
    )
    # A mean counts as the lowest so far: with a reach, a union may be nearer than its parts were.
    highest = graph.strongest.max(initial=missing)
    weight = np.minimum.accumulate(np.minimum(mean + missing, highest))
    tree = merge_tree(graph, left, right, weight)
    labels = cut_tree(tree, n)
    return Clustering(labels, membership_strength(edges, labels), cut, tree)


class _Links(NamedTuple):
    """Pairs of clusters that share an edge; half h = 2 e or 2 e + 1 of pair e stands at `end[h]`.

    Attributes:
        end: (2 m,) int32, the cluster at each half; the other one of the pair is at half h ^ 1.
        before, after: (2 m,) int32, neighbours of a half in the doubly linked list of all halves
            at one cluster, -1 at the ends.
        first: (c,) int32, the first half at each cluster, -1 if none.
        degree: (c,) int32, halves at each cluster.
        pair: From (smaller cluster, larger cluster) to e.
    """

    end: NDArray[np.int32]
    before: NDArray[np.int32]
    after: NDArray[np.int32]
    first: NDArray[np.int32]
    degree: NDArray[np.int32]
    pair: PairTable


def _unlinked(m: int, c: int) -> _Links:
    """Room for m pairs of c clusters, none of them attached."""
    end, before, after = np.empty((3, 2 * m), np.int32)
    return _Links(end, before, after, np.full(c, -1, np.int32), np.zeros(c, np.int32), new_table(m))


@nb.njit(cache=True, nogil=True)
def _attach(links: _Links, h: int, cluster: int) -> None:
    """Puts half h at the head of a cluster's list."""
    head = links.first[cluster]
    links.end[h] = cluster
    links.before[h], links.after[h] = -1, head
    if head >= 0:
        links.before[head] = h
    links.first[cluster] = h
    links.degree[cluster] += 1


@nb.njit(cache=True, nogil=True)
def _detach(links: _Links, h: int) -> None:
    """Takes half h out of the list that it stands in."""
    cluster, before, after = links.end[h], links.before[h], links.after[h]
    if before >= 0:
        links.after[before] = after
    else:
        links.first[cluster] = after
    if after >= 0:
        links.before[after] = before
    links.degree[cluster] -= 1


@nb.njit(inline="always")
def _pairs(a: float, b: float, reach: float) -> float:
    """How many pairs between clusters of a and b items could have had an edge."""
    return min(a, b) * min(max(a, b), reach)


@nb.njit(cache=True, nogil=True)
def _agglomerate(
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    total: NDArray[np.float64],
    size: NDArray[np.float64],
    links: _Links,
    queue: MaxQueue,
    separation: Separation,
    reach: float,
    cut: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """All merges in order: the two clusters, each by one node, and their mean weight.

    Works in place on all but `source` and `target`.
    """
    c = size.shape[0]
    for e in range(source.shape[0]):
        a, b = source[e], target[e]
        _attach(links, 2 * e, a)
        _attach(links, 2 * e + 1, b)
        insert(links.pair, a, b, e)
        mean = total[e] / _pairs(size[a], size[b], reach)
        if mean >= cut:
            raise_key(queue, e, mean)

    left, right = np.empty(max(c - 1, 0), np.int64), np.empty(max(c - 1, 0), np.int64)
    height = np.empty(max(c - 1, 0), np.float64)
    merges = 0
    while queue.length[0] > 0:
        e = int(queue.entry[0])
        a, b = int(links.end[2 * e]), int(links.end[2 * e + 1])
        mean = total[e] / _pairs(size[a], size[b], reach)
        if mean < queue.key[e] and mean >= cut:
            lower_top(queue, mean)
            continue
        remove(queue, e)
        if mean < cut or not may_join(separation, a, b):
            continue
        if links.degree[a] < links.degree[b]:
            a, b = b, a
        left[merges], right[merges], height[merges] = a, b, mean
        merges += 1
        _detach(links, 2 * e)
        _detach(links, 2 * e + 1)
        size[a] += size[b]
        join(separation, a, b)
        h = int(links.first[b])
        while h >= 0:
            following = int(links.after[h])
            e, other = h >> 1, int(links.end[h ^ 1])
            delete(links.pair, min(b, other), max(b, other))
            known = find(links.pair, min(a, other), max(a, other))
            if known >= 0:
                total[known] += total[e]
                _detach(links, h ^ 1)
                remove(queue, e)
                e = known
            else:
                insert(links.pair, min(a, other), max(a, other), e)
                _attach(links, h, a)
            mean = total[e] / _pairs(size[a], size[other], reach)
            if mean >= cut:
                raise_key(queue, e, mean)
            h = following
    return left[:merges], right[:merges], height[:merges]
