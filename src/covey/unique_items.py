"""Equal rows become one item, in an order that only their content decides.

Whatever follows then cannot depend on the order of the rows, nor on how often one is repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from covey.knn import sort_ties
from covey.partition.canonical import renumber
from covey.partition.constraints import resolve_constraints
from covey.resources import require_memory
from covey.types import Constraints, Edges, Float32, InputError, Int64, KnnGraph
from covey.vectors import Metric, as_matrix, as_rows, group_equal_rows, take_rows


@dataclass(frozen=True, slots=True)
class UniqueItems:
    """The different rows of a collection.

    Attributes:
        rows: (u, d) float32, of unit length for the cosine, ordered by a hash of their content.
        item: (n,) int64, the row of `rows` that each item has.
        first: (u,) int64, the first item that has each row.
    """

    rows: Float32
    item: Int64
    first: Int64

    def translate(self, constraints: Constraints) -> Constraints:
        """Names the items of constraints by their rows; only where equal rows stay apart.

        Raises:
            UsageError: If an item does not exist or constraints contradict each other. Told here,
                where items still have the caller's numbers.
        """
        resolve_constraints(constraints, len(self.item))
        exclusive = constraints.exclusive
        return Constraints(
            self.item[constraints.must_link.astype(np.int64)],
            self.item[constraints.cannot_link.astype(np.int64)],
            None if exclusive is None else exclusive[self.first],
        )

    def spread_labels(self, labels: Int64) -> Int64:
        """(n,) labels of all items, numbered by first appearance, from those of the rows."""
        return renumber(labels[self.item])

    def spread_edges(self, edges: Edges) -> Edges:
        """Edges between the first items of each row, and from them to their twins.

        Twins get the largest score there is and probability 1.
        """
        a, b = self.first[edges.source], self.first[edges.target]
        twin = np.flatnonzero(self.first[self.item] != np.arange(len(self.item)))
        top = np.float32(max(1.0, edges.score.max(initial=0)))
        source = np.concatenate([np.minimum(a, b), self.first[self.item[twin]]])
        target = np.concatenate([np.maximum(a, b), twin])
        score = np.concatenate([edges.score, np.full(len(twin), top)])
        order = np.lexsort((target, source))
        probability = edges.probability
        if probability is not None:
            probability = np.concatenate([probability, np.ones(len(twin), np.float32)])[order]
        return Edges(source[order], target[order], score[order], probability)

    def spread_knn(self, knn: KnnGraph) -> KnnGraph:
        """Neighbour lists of all items: those of their row, naming the first item of each row."""
        first = self.first.astype(knn.indices.dtype)
        spread = KnnGraph(first[knn.indices[self.item]], knn.similarities[self.item])
        sort_ties(spread.indices, spread.similarities)
        return spread


def unique_items(
    x: ArrayLike,
    *,
    metric: Metric,
    keep_equal: bool = False,
    memory_limit: int | None = None,
    tick: Callable[[float], None] | None = None,
) -> UniqueItems:
    """Checks, converts and orders the rows of a collection.

    Args:
        x: (n, d) real numbers, n >= 2.
        metric: "cosine" brings rows to unit length.
        keep_equal: Whether equal rows stay apart (constraints may tell them apart).
        memory_limit: Bytes that this call may take on top of `x`; what is available if None.
        tick: Called with the share done.

    Returns:
        The items. O(n d) time, 4 n d bytes of memory: one copy of the rows, put in order.

    Raises:
        InputError: If `x` has fewer than two rows, or a row cannot be used.
        MemoryLimitError: If more memory is needed than there is; raised before it is taken.
    """
    matrix = as_matrix(x)
    if len(matrix) < 2:
        raise InputError(f"there is nothing to group: {len(matrix)} item, at least 2 are needed")
    require_memory(
        "the rows as float32",
        4 * matrix.size + 64 * len(matrix),
        memory_limit,
        remedy="split the collection",
    )
    rows = as_rows(matrix, metric=metric, tick=tick)
    first, group, key = group_equal_rows(rows)
    order = np.argsort(key, kind="stable")
    if keep_equal:
        order = np.argsort(key[group], kind="stable")
        first, group = np.arange(len(rows)), np.arange(len(rows))
    position = np.empty(len(order), np.int64)
    position[order] = np.arange(len(order))
    rows = take_rows(rows, first[order], in_place=rows is not matrix)
    return UniqueItems(rows, position[group], first[order])
