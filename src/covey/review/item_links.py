"""Edges of a run as lists by item, so that what concerns a few groups is found without the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array

from covey.types import Edges, Float32, Int64


@dataclass(frozen=True, slots=True)
class ItemLinks:
    """Both directions of each edge.

    Attributes:
        start: (n + 1,) int64 offsets.
        other: (2 m,) int64, the other ends of the edges of each item.
        chance: (2 m,) float32 in [0, 1] that both ends belong together.
    """

    start: Int64
    other: Int64
    chance: Float32

    @property
    def n(self) -> int:
        """Number of items."""
        return len(self.start) - 1

    def of(self, items: Int64) -> tuple[Int64, Int64, Float32]:
        """Edges of some items: one end, other end, chance; (e,) each."""
        counts = self.start[items + 1] - self.start[items]
        first = np.repeat(self.start[items] - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        at = first + np.arange(int(counts.sum()))
        return np.repeat(items, counts), self.other[at], self.chance[at]


def item_links(edges: Edges, n: int) -> ItemLinks:
    """Lists the edges by item.

    Args:
        edges: Between the first items; weights are probabilities.
        n: Number of items; those that came later have no edges.
    """
    source = np.concatenate([edges.source, edges.target])
    target = np.concatenate([edges.target, edges.source])
    weight = np.tile(edges.weight, 2)
    table = coo_array((weight, (source, target)), shape=(n, n)).tocsr()
    return ItemLinks(
        table.indptr.astype(np.int64), table.indices.astype(np.int64), table.data.astype(np.float32)
    )
