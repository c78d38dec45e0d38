"""Which groups items would join, without adding them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from covey.grouping_rule import GroupingRule
from covey.growing import neighbours_among
from covey.resources import available_threads
from covey.threads import bounded_threads
from covey.types import Float32, InputError, Int64, KnnGraph, UsageError
from covey.vectors import as_matrix, as_rows

NEAREST = 10
"""Neighbours that are told of each item."""
_TIES = 3  # edges to a group that say how well an item is tied to it


@dataclass(frozen=True, slots=True)
class Assigned:
    """Where items would go.

    Attributes:
        group: (q,) int64, -1 for none.
        chance: (q,) float32 in [0, 1], how well each is tied to that group: the mean probability of
            its three best edges there, missing ones as 0; of those that join none, to the one that
            is nearest to be joined.
        neighbours: (q, m) int64, the nearest items, the most similar first.
        similarity: (q, m) float32.
    """

    group: Int64
    chance: Float32
    neighbours: Int64
    similarity: Float32


def assign(
    queries: ArrayLike,
    x: ArrayLike,
    knn: KnnGraph,
    groups: Int64,
    rule: GroupingRule,
    *,
    threads: int | None = None,
) -> Assigned:
    """Scores the edges from new items to old ones by the rule of a run, each item for itself.

    An item joins the group that its edges tie it to most, if its best edge there is above the cut.

    Args:
        queries: (q, d) new items.
        x: (n, d) items of the run.
        knn: Their neighbours.
        groups: (n,) group of each, -1 for none.
        rule: Of the run.
        threads: At most so many; all cores if None.

    Raises:
        InputError: If a row cannot be used, or lengths differ.
        UsageError: If the rule cannot be repeated.
    """
    if not rule.repeatable:
        raise UsageError("this run cannot be asked: its scores mean something on its items only")
    asked, known = as_matrix(queries), as_matrix(x)
    if asked.shape[1] != known.shape[1]:
        raise InputError(
            f"items to assign have {asked.shape[1]} values in a row, those of the run "
            f"{known.shape[1]}; use the same embedder"
        )
    n, q = len(known), len(asked)
    with bounded_threads(threads or available_threads()):
        rows = as_rows(np.concatenate([known, asked]).astype(np.float32), metric=rule.metric)
        found = neighbours_among(rows, n, min(knn.k, n), rule)
        lists = KnnGraph(
            np.concatenate([knn.indices, found.indices]),
            np.concatenate([knn.similarities, found.similarities]),
        )
        edges = rule.edges(rows, lists)
    old, new = np.minimum(edges.source, edges.target), np.maximum(edges.source, edges.target)
    outward = (new >= n) & (old < n)
    item, other = new[outward] - n, old[outward]
    score, chance = edges.score[outward], edges.weight[outward]
    grouped = groups[other] >= 0
    joined, tied = _best_groups(
        item[grouped], groups[other[grouped]], chance[grouped], score[grouped], rule.cut, q
    )
    near = found.indices[:, :NEAREST].astype(np.int64)
    return Assigned(joined, tied, near, found.similarities[:, :NEAREST])


def _best_groups(
    item: Int64, group: Int64, chance: Float32, score: Float32, cut: float, q: int
) -> tuple[Int64, Float32]:
    order = np.lexsort((-score, group, item))
    item, group, chance, score = item[order], group[order], chance[order], score[order]
    first = np.ones(len(item), np.bool_)
    first[1:] = (item[1:] != item[:-1]) | (group[1:] != group[:-1])
    at = np.flatnonzero(first)
    rank = np.arange(len(item)) - np.repeat(at, np.diff(np.append(at, len(item))))
    kept = rank < _TIES
    which = np.cumsum(first) - 1
    tied = np.bincount(which[kept], chance[kept], len(at)) / _TIES
    order = np.lexsort((tied, item[at]))  # the best of each item last
    best = np.full(q, -1, np.int64)
    best[item[at][order]] = order
    found, told = np.full(q, -1, np.int64), np.zeros(q, np.float32)
    has = np.flatnonzero(best >= 0)
    told[has] = tied[best[has]]
    joins = has[score[at[best[has]]] >= np.float32(cut)]
    found[joins] = group[at[best[joins]]]
    return found, told
