"""Queries and the gallery that they are asked of, which may be one and the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from covey.types import Float32, InputError, Int64, IntArray, KnnGraph
from covey.vectors import as_matrix, as_rows

BLOCK = 256
"""Queries that are handled at a time."""


@dataclass(frozen=True, slots=True)
class Collection:
    """Rows of unit length.

    Attributes:
        gallery: (n, d) float32.
        queries: (q, d) float32, or None where each item of the gallery is a query to the others
            (leave-one-out).
    """

    gallery: Float32
    queries: Float32 | None = None

    @classmethod
    def of(cls, gallery: ArrayLike, queries: ArrayLike | None = None) -> Collection:
        """Brings rows to unit length.

        Raises:
            InputError: If a row is zero or not finite, or queries have another dimension.
        """
        rows = as_rows(as_matrix(gallery))
        if queries is None:
            return cls(rows)
        asked = as_rows(as_matrix(queries))
        if asked.shape[1] != rows.shape[1]:
            raise InputError(
                f"queries have {asked.shape[1]} values in a row and the gallery {rows.shape[1]}; "
                "embed both by the same model"
            )
        return cls(rows, asked)

    @property
    def n_queries(self) -> int:
        """Number of queries."""
        return len(self.gallery) if self.queries is None else len(self.queries)

    @property
    def longest(self) -> int:
        """Length of a whole ranking: all of the gallery but the query itself."""
        return max(0, len(self.gallery) - (self.queries is None))

    @property
    def pool(self) -> Float32:
        """(n + q, d) the gallery and the queries below it, or the gallery where they are one."""
        if self.queries is None:
            return self.gallery
        return np.concatenate([self.gallery, self.queries])

    def places(self, which: Int64) -> Int64:
        """Where in the pool some queries are."""
        return which if self.queries is None else which + len(self.gallery)

    def own(self, which: Int64) -> Int64:
        """Where in the gallery some queries are, -1 for not there."""
        return which if self.queries is None else np.full(len(which), -1)

    def rows(self, which: Int64) -> Float32:
        """The rows of some queries."""
        return (self.gallery if self.queries is None else self.queries)[which]

    def compare(self, which: Int64, rows: Float32 | None = None) -> Float32:
        """(b, n) float32 cosines of some queries and the gallery, -2 for the query itself.

        Args:
            which: (b,) int64 queries.
            rows: (b, d) unit rows in the place of theirs.
        """
        asked = self.rows(which) if rows is None else rows
        similarities = asked @ self.gallery.T
        np.clip(similarities, -1, 1, out=similarities)
        if self.queries is None:
            similarities[np.arange(len(which)), which] = -2
        return similarities

    def best(self, similarities: Float32, depth: int) -> KnnGraph:
        """The first `depth` places of the rankings by some similarities, as `compare` gives."""
        return KnnGraph(*_best(similarities, max(0, min(depth, self.longest))))


def sorted_lists(indices: IntArray, scores: Float32) -> KnnGraph:
    """Lists put in the order of new scores: descending, ties by index.

    Args:
        indices: (b, l) places in the gallery.
        scores: (b, l) float32 score of each entry.
    """
    order = np.lexsort((indices, -scores))
    return KnnGraph(
        np.take_along_axis(indices, order, axis=1),
        np.take_along_axis(scores, order, axis=1).astype(np.float32),
    )


@njit(cache=True, nogil=True)
def _best(similarities: Float32, k: int) -> tuple[IntArray, Float32]:
    """Largest k of each row, descending, ties by index."""
    b, n = similarities.shape
    indices = np.empty((b, k), np.int32)
    values = np.empty((b, k), np.float32)
    if k == 0:
        return indices, values
    kept = np.empty(k, np.int32)
    for q in range(b):
        row = similarities[q]
        least = np.partition(row, n - k)[n - k]
        above = 0
        for j in range(n):
            above += row[j] > least
        ties = k - above
        filled = 0
        for j in range(n):
            if row[j] > least or (row[j] == least and ties > 0):
                ties -= row[j] == least
                kept[filled] = j
                filled += 1
        order = np.argsort(-row[kept], kind="mergesort")
        for c in range(k):
            indices[q, c] = kept[order[c]]
            values[q, c] = row[kept[order[c]]]
    return indices, values
