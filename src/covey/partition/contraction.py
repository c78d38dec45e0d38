"""The graph that a partition really works on: must-link contracted, numbered in canonical order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.partition.canonical import canonical_order, renumber
from covey.partition.constraints import resolve_constraints
from covey.partition.strength import check_weights
from covey.types import Constraints, Edges, Int64


@dataclass(frozen=True, slots=True)
class ContractedGraph:
    """Must-link components as nodes, in an order that no shuffling of the items changes.

    An algorithm that breaks its ties by node or edge number is thereby deterministic and blind to
    how the items were numbered (up to items that `canonical_order` cannot tell apart).

    Attributes:
        node: (n,) int64, the node of each item.
        item: (c,) int64, one item of each node.
        size: (c,) int64, items in each node.
        source, target: (m,) int64, edges between nodes; `source < target`, sorted, unique.
        weight: (m,) float64, sum of the weights of the item edges that each edge stands for.
        strongest: (m,) float64, the largest of them.
        count: (m,) int64, how many they are.
        tag_start: (c + 1,) int64, offsets into `tag`.
        tag: (t,) int64, tags of each node: two nodes with a common tag may not share a cluster.
    """

    node: Int64
    item: Int64
    size: Int64
    source: Int64
    target: Int64
    weight: NDArray[np.float64]
    strongest: NDArray[np.float64]
    count: Int64
    tag_start: Int64
    tag: Int64

    @property
    def n(self) -> int:
        """Number of nodes."""
        return self.item.shape[0]


def contract(
    edges: Edges,
    n: int,
    constraints: Constraints | None = None,
    *,
    seed: int = 0,
    cut: float | None = None,
) -> ContractedGraph:
    """Contracts must-link components and renumbers everything in canonical order.

    Args:
        edges: m undirected edges between n items.
        n: Number of items.
        constraints: What is known for certain.
        seed: Draws another canonical order, that is, breaks ties in another way.
        cut: Edges of less weight are left out, None for none. Compared as float32, as weights are.

    Returns:
        The graph. O(m log m) time, O(m + n) memory.

    Raises:
        UsageError: If constraints contradict each other, an edge leads outside the items or has
            a weight that is not finite.
    """
    check_weights(edges)
    resolved = resolve_constraints(constraints, n)
    order = canonical_order(edges, n, seed)
    node, item = np.empty(n, np.int64), np.empty(resolved.n_groups, np.int64)
    node[order] = renumber(resolved.group[order]) if resolved.contracts else np.arange(n)
    item[node[order[::-1]]] = order[::-1]

    start, tag = resolved.tags()
    group = resolved.group[item]
    bearer = np.repeat(node[_first_items(resolved.group, resolved.n_groups)], np.diff(start))
    tag_start = np.zeros(group.size + 1, np.int64)
    np.cumsum(np.diff(start)[group], out=tag_start[1:])

    weight = edges.weight
    a, b = node[edges.source], node[edges.target]
    kept = a != b
    if cut is not None:
        kept &= weight >= np.float32(cut)
    a, b, weight = a[kept], b[kept], weight[kept].astype(np.float64)
    key = np.minimum(a, b) * group.size + np.maximum(a, b)
    by_key = np.argsort(key, kind="stable")
    key, weight = key[by_key], weight[by_key]
    begin = np.flatnonzero(np.diff(key, prepend=-1))
    total = np.add.reduceat(weight, begin) if begin.size else weight
    strongest = np.maximum.reduceat(weight, begin) if begin.size else weight
    source, target = np.divmod(key[begin], max(group.size, 1))
    return ContractedGraph(
        node=node,
        item=item,
        size=np.bincount(node, minlength=group.size),
        source=source,
        target=target,
        weight=total,
        strongest=strongest,
        count=np.diff(begin, append=key.size),
        tag_start=tag_start,
        tag=tag[np.argsort(bearer, kind="stable")],
    )


def _first_items(group: Int64, n_groups: int) -> Int64:
    """The first item of each group."""
    first = np.empty(n_groups, np.int64)
    first[group[::-1]] = np.arange(group.size)[::-1]
    return first
