"""The graph that a multilevel search works on: built once from edges, then aggregated.

Nodes are must-link components in canonical order, so that nothing downstream can depend on how the
items were numbered. Weights are rounded to multiples of one power of two, coarse enough that every
sum of them is exact in float64 and fine enough to move no weight by more than 2**-51 of the total:
no order of summation can change a decision, and running totals never drift.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from covey.partition.canonical import canonical_order, check_ends
from covey.partition.constraints import resolve_constraints
from covey.types import Constraints, Edges, Int64, UsageError

Int32 = NDArray[np.int32]
Float64 = NDArray[np.float64]


class Level(NamedTuple):
    """A weighted graph without loops, in compressed rows, at one level of aggregation.

    Two nodes may share a cluster unless they share a tag; `holder` lists the nodes by tag.

    Attributes:
        start: (n + 1,) int64 row boundaries of `neighbour` and `weight`.
        neighbour: (2m,) int32, every edge from both its ends.
        weight: (2m,) float64, positive.
        mass: (n,) float64, weighted degree of each node, loops counted twice.
        items: (n,) float64, number of items in each node.
        tag_start: (n + 1,) int64 row boundaries of `tag`.
        tag: (q,) int32 tags of each node.
        holder_start: (n_tags + 1,) int64 row boundaries of `holder`.
        holder: (q,) int32 nodes that hold each tag.
    """

    start: Int64
    neighbour: Int32
    weight: Float64
    mass: Float64
    items: Float64
    tag_start: Int64
    tag: Int32
    holder_start: Int64
    holder: Int32


def build_level(
    edges: Edges, n: int, constraints: Constraints | None, seed: int
) -> tuple[Level, Int64]:
    """Contracts must-links, orders the nodes canonically and builds the rows.

    Args:
        edges: Undirected edges between n items; weights of zero and below are left out.
        n: Number of items.
        constraints: What must and must not share a cluster.
        seed: Draws the order of the nodes.

    Returns:
        The graph, and the (n,) int64 node of each item. O(m + n log n).

    Raises:
        UsageError: If a weight is not finite, an edge leads outside, or constraints contradict.
    """
    check_ends(edges, n)
    weight = edges.weight.astype(np.float64)
    if not np.isfinite(weight).all():
        bad = int(np.argmin(np.isfinite(weight)))
        raise UsageError(
            f"edge {bad} ({edges.source[bad]}, {edges.target[bad]}) has weight {weight[bad]}: "
            "drop edges whose score is not finite"
        )
    resolved = resolve_constraints(constraints, n)
    n_nodes = resolved.n_groups
    tag_start, tag = resolved.tags()
    holding = np.repeat(np.arange(n_nodes), np.diff(tag_start))
    n_tags = int(tag.max(initial=-1)) + 1

    positive = weight > 0
    source = resolved.group[edges.source[positive]]
    target = resolved.group[edges.target[positive]]
    surroundings = Edges(
        np.concatenate((source, holding)),
        np.concatenate((target, n_nodes + tag)),
        np.concatenate((edges.weight[positive], np.full(tag.shape[0], -1, np.float32))),
    )
    order = canonical_order(surroundings, n_nodes + n_tags, seed)
    order = order[order < n_nodes]
    rank = np.empty(n_nodes, np.int64)
    rank[order] = np.arange(n_nodes)
    node = rank[resolved.group]

    start, neighbour, row_weight, mass = _build_rows(
        rank[source], rank[target], _exact(weight[positive]), n_nodes
    )
    holder_start, holder = _group(rank[holding], tag, n_tags)
    new_tag_start, new_tag = _group(tag, rank[holding], n_nodes)
    items = np.bincount(node, minlength=n_nodes).astype(np.float64)
    return Level(
        start, neighbour, row_weight, mass, items, new_tag_start, new_tag, holder_start, holder
    ), node


def _exact(weight: Float64) -> Float64:
    """Rounds weights to a grid on which all their sums are exact."""
    _, exponent = math.frexp(2.0 * float(weight.sum()))
    grid = math.ldexp(1.0, exponent - 51)
    return np.rint(weight / grid) * grid


def _group(value: Int64, by: Int64, n_groups: int) -> tuple[Int64, Int32]:
    """Rows of `value` for each group, ascending."""
    start = np.zeros(n_groups + 1, np.int64)
    np.cumsum(np.bincount(by, minlength=n_groups), out=start[1:])
    return start, value[np.lexsort((value, by))].astype(np.int32)


@nb.njit(cache=True, nogil=True)
def _build_rows(
    source: Int64, target: Int64, weight: Float64, n: int
) -> tuple[Int64, Int32, Float64, Float64]:
    """Compressed rows with ascending columns, and the weighted degree of each node."""
    start = np.zeros(n + 1, np.int64)
    mass = np.zeros(n)
    for e in range(source.shape[0]):
        mass[source[e]] += weight[e]
        mass[target[e]] += weight[e]
        if source[e] != target[e] and weight[e] > 0.0:
            start[source[e] + 1] += 1
            start[target[e] + 1] += 1
    start = np.cumsum(start)
    unsorted, unsorted_weight = np.empty(start[n], np.int32), np.empty(start[n])
    filled = start[:-1].copy()
    for e in range(source.shape[0]):
        u, v = source[e], target[e]
        if u != v and weight[e] > 0.0:
            unsorted[filled[u]], unsorted_weight[filled[u]] = v, weight[e]
            filled[u] += 1
            unsorted[filled[v]], unsorted_weight[filled[v]] = u, weight[e]
            filled[v] += 1
    # The graph equals its transpose: handing row v to its neighbours, in order, sorts every row.
    neighbour, row_weight = np.empty(start[n], np.int32), np.empty(start[n])
    filled = start[:-1].copy()
    for v in range(n):
        for e in range(start[v], start[v + 1]):
            u = unsorted[e]
            neighbour[filled[u]], row_weight[filled[u]] = v, unsorted_weight[e]
            filled[u] += 1
    return start, neighbour, row_weight, mass


@nb.njit(cache=True, nogil=True)
def aggregate(level: Level, label: Int32, n_new: int) -> Level:
    """The graph whose nodes are the clusters: weights, masses and tags added up, loops dropped.

    O(m + n) time.
    """
    start, neighbour, weight = level.start, level.neighbour, level.weight
    n = level.mass.shape[0]
    first = np.zeros(n_new + 1, np.int64)
    for v in range(n):
        first[label[v] + 1] += 1
    first = np.cumsum(first)
    member = np.empty(n, np.int32)
    filled = first[:-1].copy()
    for v in range(n):
        member[filled[label[v]]] = v
        filled[label[v]] += 1

    new_start = np.zeros(n_new + 1, np.int64)
    new_neighbour = np.empty(neighbour.shape[0], np.int32)
    new_weight = np.empty(neighbour.shape[0])
    mass = np.zeros(n_new)
    items = np.zeros(n_new)
    tag_start = np.zeros(n_new + 1, np.int64)
    tag = np.empty(level.tag.shape[0], np.int32)
    place = np.full(n_new, -1, np.int64)  # where the row of c holds the edge to this cluster
    filled_edges, filled_tags = 0, 0
    for c in range(n_new):
        row = filled_edges
        for i in range(first[c], first[c + 1]):
            v = member[i]
            mass[c] += level.mass[v]
            items[c] += level.items[v]
            for e in range(start[v], start[v + 1]):
                d = label[neighbour[e]]
                if d == c:
                    continue
                if place[d] < row:
                    place[d] = filled_edges
                    new_neighbour[filled_edges] = d
                    new_weight[filled_edges] = 0.0
                    filled_edges += 1
                new_weight[place[d]] += weight[e]
            for t in range(level.tag_start[v], level.tag_start[v + 1]):
                tag[filled_tags] = level.tag[t]
                filled_tags += 1
        new_start[c + 1] = filled_edges
        tag_start[c + 1] = filled_tags
    return Level(
        new_start,
        new_neighbour[:filled_edges].copy(),
        new_weight[:filled_edges].copy(),
        mass,
        items,
        tag_start,
        tag,
        level.holder_start,
        label[level.holder],
    )


@nb.njit(cache=True, nogil=True)
def inner_level(level: Level, label: Int32) -> Level:
    """The graph without the edges between clusters, nor the mass that came from them. O(m + n)."""
    n = label.shape[0]
    start = np.zeros(n + 1, np.int64)
    neighbour = np.empty_like(level.neighbour)
    weight = np.empty_like(level.weight)
    mass = level.mass.copy()
    filled = 0
    for v in range(n):
        for e in range(level.start[v], level.start[v + 1]):
            if label[level.neighbour[e]] == label[v]:
                neighbour[filled], weight[filled] = level.neighbour[e], level.weight[e]
                filled += 1
            else:
                mass[v] -= level.weight[e]
        start[v + 1] = filled
    return Level(
        start,
        neighbour[:filled].copy(),
        weight[:filled].copy(),
        mass,
        level.items,
        level.tag_start,
        level.tag,
        level.holder_start,
        level.holder,
    )


@nb.njit(cache=True, nogil=True)
def connected_parts(level: Level, label: Int32) -> Int32:
    """Splits each cluster into the parts that its own edges connect."""
    n = label.shape[0]
    part = np.full(n, -1, np.int32)
    stack = np.empty(n, np.int32)
    for root in range(n):
        if part[root] >= 0:
            continue
        part[root] = root
        stack[0] = root
        height = 1
        while height > 0:
            height -= 1
            v = stack[height]
            for e in range(level.start[v], level.start[v + 1]):
                u = level.neighbour[e]
                if part[u] < 0 and label[u] == label[v]:
                    part[u] = root
                    stack[height] = u
                    height += 1
    return part


@nb.njit(cache=True, nogil=True)
def compact(label: Int32) -> int:
    """Renumbers labels 0, 1, ... by first appearance, in place; returns how many there are."""
    name = np.full(label.shape[0], -1, np.int32)
    found = 0
    for v in range(label.shape[0]):
        if name[label[v]] < 0:
            name[label[v]] = found
            found += 1
        label[v] = name[label[v]]
    return found
