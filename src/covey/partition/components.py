"""Connected components: whatever a chain of edges at or above the cut connects."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from covey.partition.contraction import ContractedGraph, contract
from covey.partition.hierarchy import Tree, cut_tree, find_root, merge_tree
from covey.partition.separation import Separation, join, may_join, new_separation
from covey.partition.strength import membership_strength
from covey.types import Clustering, Constraints, Edges


def components(
    edges: Edges,
    n: int,
    *,
    cut: float,
    constraints: Constraints | None = None,
    seed: int = 0,
) -> Clustering:
    """Joins all items that a chain of edges with weight >= `cut` connects.

    The fastest partition and the least forgiving one: a single wrong edge joins two clusters.
    Edges join in descending weight (Kruskal, 1956, that is single linkage); one that would break a
    cannot-link is skipped, so that the stronger edges decide which side an item falls on.

    Args:
        edges: m undirected edges.
        n: Number of items.
        cut: The least weight that joins.
        constraints: Must-link and cannot-link, kept exactly.
        seed: Breaks ties among equal weights; matters only under cannot-link.

    Returns:
        The clustering, its `tree` the single-linkage forest: `cut_tree(tree, n, 1 - c)` is the
        partition at any c >= `cut`. O(m log m) time, O(m + n) memory.

    Raises:
        UsageError: If a weight is not finite, an edge leads outside the items or constraints
            contradict each other.
    """
    tree = single_linkage(contract(edges, n, constraints, seed=seed, cut=cut))
    labels = cut_tree(tree, n)
    return Clustering(labels, membership_strength(edges, labels), cut, tree)


def single_linkage(graph: ContractedGraph) -> Tree:
    """The maximum spanning forest of a graph as a merge tree, cannot-link left unjoined.

    Args:
        graph: m edges between c nodes.

    Returns:
        (t, 4) float64 in linkage layout over the items, heights 1 - weight ascending behind the
        must-link rows. O(m log m).
    """
    order = np.argsort(-graph.strongest, kind="stable")
    joining = order[
        _spanning_forest(
            graph.source[order], graph.target[order], new_separation(graph.tag_start, graph.tag)
        )
    ]
    return merge_tree(graph, graph.source[joining], graph.target[joining], graph.strongest[joining])


@nb.njit(cache=True, nogil=True)
def _spanning_forest(
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    separation: Separation,
) -> NDArray[np.int64]:
    """Edges that join two clusters when all are tried in the given order."""
    c = separation.bearer.shape[0]
    parent, size = np.arange(c), np.ones(c, np.int64)
    joining = np.empty(max(c - 1, 0), np.int64)
    found = 0
    for e in range(source.shape[0]):
        a, b = find_root(parent, source[e]), find_root(parent, target[e])
        if a == b or not may_join(separation, a, b):
            continue
        if size[a] < size[b]:
            a, b = b, a
        parent[b] = a
        size[a] += size[b]
        join(separation, a, b)
        joining[found] = e
        found += 1
    return joining[:found]
