"""Items that come later join the groups of a run, or found new ones, without it being made anew.

Their neighbours are searched among all items, and lists that they belong in are mended, so that
neighbours are those of a search anew. Edges are scored by the rule of the run. Then only what the
new items touch is partitioned anew: they, and the groups that an edge above the cut ties them to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from covey.grouping_rule import GroupingRule
from covey.knn import build_knn_graph, sort_ties
from covey.partition.canonical import renumber
from covey.resources import available_threads, require_memory
from covey.selection import edges_above
from covey.threads import bounded_threads
from covey.types import Constraints, Edges, Float32, Int64, KnnGraph, UsageError
from covey.vectors import as_matrix, as_rows

_BLOCK_BYTES = 64 << 20  # of similarities at a time


@dataclass(frozen=True, slots=True)
class Growth:
    """What became of a collection.

    Attributes:
        labels: (n,) int64 cluster of each item. Those that were not touched are with whom they
            were.
        touched: (n,) bool, whether an item was partitioned anew.
        edges: All edges, with probabilities.
        knn: Neighbours of all items.
    """

    labels: Int64
    touched: NDArray[np.bool_]
    edges: Edges
    knn: KnnGraph


def grow(
    x: ArrayLike,
    labels: Int64,
    knn: KnnGraph,
    rule: GroupingRule,
    *,
    constraints: Constraints | None = None,
    seed: int = 0,
    threads: int | None = None,
    tick: Callable[[float], None] = lambda done: None,
) -> Growth:
    """Adds items behind those of a run.

    Args:
        x: (n, d) rows; the first are those of the run.
        labels: (m,) int64, m <= n: cluster of each of the first items.
        knn: Neighbours of those.
        rule: Of the run.
        constraints: Between all n items; kept. Clusters that a must-link ties to what is touched
            are partitioned anew with it.
        seed: For every random order.
        threads: At most so many; all cores if None.
        tick: Called with the share done.

    Raises:
        InputError: If a row cannot be used.
        UsageError: If the rule cannot be repeated, or constraints contradict each other.
        MemoryLimitError: If more memory is needed than there is.
    """
    if not rule.repeatable:
        raise UsageError("this run cannot grow: its scores mean something on its items only")
    matrix = as_matrix(x)
    m, n = len(labels), len(matrix)
    if knn.n != m or m > n:
        raise UsageError(f"neighbours of {knn.n} items and labels of {m} were given for {n} rows")
    require_memory("the rows as float32", 4 * matrix.size, None, remedy="split the collection")
    with bounded_threads(threads or available_threads()):
        rows = as_rows(matrix, metric=rule.metric, tick=lambda done: tick(0.1 * done))
        grown = add_neighbours(rows, knn, rule, tick=lambda done: tick(0.1 + 0.5 * done))
        edges = rule.edges(rows, grown)
        tick(0.9)
        found, touched = _partition_touched(edges, labels, n, rule, constraints, seed)
    tick(1.0)
    return Growth(found, touched, edges, grown)


def add_neighbours(
    rows: Float32,
    knn: KnnGraph,
    rule: GroupingRule,
    *,
    tick: Callable[[float], None] = lambda done: None,
) -> KnnGraph:
    """Neighbours of all rows from those of the first ones: every row compared with the new ones.

    Args:
        rows: (n, d) float32 as `as_rows` makes them.
        knn: k neighbours of each of the first m.
        rule: Whose metric counts.
        tick: Called with the share done.

    Returns:
        k neighbours of each of the n, or n - 1 where there are no more. O(n (n - m) d) time.
    """
    m, n = knn.n, len(rows)
    if m == n:
        return knn
    k = knn.k
    if k < 1 or k == m - 1:  # of so few items lists hold all others
        return build_knn_graph(rows, max(k, rule.recipe.k), metric=rule.metric)
    indices = np.empty((n, k), np.int32)
    similarities = np.empty((n, k), np.float32)
    fresh = rows[m:]
    step = max(1, _BLOCK_BYTES // (4 * (n - m + k)))
    best_of_new = _Best(n - m, k)
    for start in range(0, n, step):
        stop = min(start + step, n)
        similar = _similar(rows[start:stop], fresh, rule)
        own = np.arange(max(start, m), stop)
        similar[own - start, own - m] = -np.inf
        best_of_new.see(similar.T, start)
        old = min(stop, m)
        if start < old:
            part = slice(start, old)
            indices[part], similarities[part] = _merged(
                knn.indices[part], knn.similarities[part], similar[: old - start], m
            )
        tick(stop / n)
    indices[m:], similarities[m:] = best_of_new.indices, best_of_new.similarities
    sort_ties(indices, similarities)
    return KnnGraph(indices, similarities)


def neighbours_among(rows: Float32, m: int, k: int, rule: GroupingRule) -> KnnGraph:
    """The k nearest of the first m rows for each of the others, whatever these are to one another.

    Args:
        rows: (n, d) float32 as `as_rows` makes them.
        m: Those that are searched.
        k: Neighbours, at most m.
        rule: Whose metric counts.
    """
    fresh = rows[m:]
    best = _Best(len(fresh), k)
    step = max(1, _BLOCK_BYTES // (4 * (len(fresh) + k)))
    for start in range(0, m, step):
        best.see(_similar(rows[start : min(start + step, m)], fresh, rule).T, start)
    sort_ties(best.indices, best.similarities)
    return KnnGraph(best.indices, best.similarities)


class _Best:
    """The k most similar of all items seen so far, of each new one."""

    def __init__(self, count: int, k: int) -> None:
        self.indices = np.full((count, k), -1, np.int32)
        self.similarities = np.full((count, k), -np.inf, np.float32)

    def see(self, similar: Float32, start: int) -> None:
        """(count, b) similarities to items from `start` on."""
        self.indices, self.similarities = _merged(self.indices, self.similarities, similar, start)


def _merged(
    indices: NDArray[np.integer], similarities: Float32, more: Float32, start: int
) -> tuple[NDArray[np.int32], Float32]:
    """The best k of lists of k and of further similarities, to items from `start` on; sorted."""
    k = indices.shape[1]
    at = np.arange(start, start + more.shape[1], dtype=np.int32)
    both = np.concatenate([similarities, more], axis=1)
    names = np.concatenate([indices.astype(np.int32), np.broadcast_to(at, more.shape)], axis=1)
    best = np.argpartition(-both, k - 1, axis=1)[:, :k]
    found, near = np.take_along_axis(names, best, 1), np.take_along_axis(both, best, 1)
    order = np.argsort(-near, axis=1, kind="stable")
    return np.take_along_axis(found, order, 1), np.take_along_axis(near, order, 1)


def _similar(block: Float32, fresh: Float32, rule: GroupingRule) -> Float32:
    """(b, count): cosines, or minus distances."""
    product = block @ fresh.T
    if rule.metric == "cosine":
        return np.clip(product, -1, 1)
    squares = np.square(block).sum(1)[:, None] + np.square(fresh).sum(1)[None] - 2 * product
    return -np.sqrt(np.maximum(squares, 0))


def _partition_touched(
    edges: Edges,
    labels: Int64,
    n: int,
    rule: GroupingRule,
    constraints: Constraints | None,
    seed: int,
) -> tuple[Int64, NDArray[np.bool_]]:
    """Clusters of all items, and which of them were formed anew."""
    m = len(labels)
    own = renumber(labels)
    cluster = np.concatenate([own, own.max(initial=-1) + 1 + np.arange(n - m)])
    kept = edges_above(edges, rule.cut)
    meets_new = (kept.source >= m) | (kept.target >= m)
    reached = np.zeros(int(cluster.max(initial=-1)) + 1, np.bool_)
    reached[cluster[m:]] = True
    for end in (kept.source, kept.target):
        reached[cluster[end[meets_new]]] = True
    _reach_tied(reached, cluster, constraints)
    touched = reached[cluster]
    if not touched.any():
        return cluster, touched
    item = np.flatnonzero(touched)
    place = np.full(n, -1, np.int64)
    place[item] = np.arange(len(item))
    inside = touched[edges.source] & touched[edges.target]
    some = Edges(
        place[edges.source[inside]],
        place[edges.target[inside]],
        edges.score[inside],
        None if edges.probability is None else edges.probability[inside],
    )
    known = None if constraints is None else _among(constraints, place, item)
    found = rule.partition(some, len(item), constraints=known, seed=seed).labels
    cluster[item] = len(reached) + found
    return renumber(cluster), touched


def _reach_tied(
    reached: NDArray[np.bool_], cluster: Int64, constraints: Constraints | None
) -> None:
    """What a must-link ties to a cluster that is reached is reached, too, and so on."""
    if constraints is None or not len(constraints.must_link):
        return
    ends = cluster[constraints.must_link.astype(np.int64)]
    while True:
        tied = ends[reached[ends].any(axis=1)].ravel()
        if reached[tied].all():
            return
        reached[tied] = True


def _among(constraints: Constraints, place: Int64, item: Int64) -> Constraints:
    """Constraints between some items, by their places."""
    pairs = []
    for each in (constraints.must_link, constraints.cannot_link):
        both = place[each] if len(each) else each
        pairs.append(both[(both >= 0).all(axis=1)])
    sets = None if constraints.exclusive is None else constraints.exclusive[item]
    return Constraints(pairs[0], pairs[1], sets)
