"""A clustering seen cluster by cluster: members in order of strength."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covey.clustering import ClusterResult
from covey.types import Float32, Int64


@dataclass(frozen=True, slots=True)
class Groups:
    """The members of every cluster, strongest first, without a list per cluster.

    Attributes:
        labels: (n,) int64, -1 for noise.
        strength: (n,) float32 in [0, 1], NaN read as 0.
        sizes: (c,) int64.
        cohesion: (c,) float32 in [0, 1], NaN read as 1.
        order: Items that are not noise, by cluster, then strength descending, then item number.
        starts: (c + 1,) int64; cluster `g` owns `order[starts[g] : starts[g + 1]]`.
        k: Neighbours per item in the graph, the item itself not counted.
    """

    labels: Int64
    strength: Float32
    sizes: Int64
    cohesion: Float32
    order: Int64
    starts: Int64
    k: int

    @property
    def n(self) -> int:
        """Number of items, noise counted."""
        return int(self.labels.shape[0])

    @property
    def n_clusters(self) -> int:
        """Number of clusters, singletons counted, noise not."""
        return int(self.sizes.shape[0])

    @property
    def n_singletons(self) -> int:
        """Number of clusters of one item."""
        return int(np.count_nonzero(self.sizes == 1))

    @property
    def rank(self) -> Int64:
        """Position of each entry of `order` within its cluster, 0 for the strongest."""
        return np.arange(self.order.shape[0], dtype=np.int64) - np.repeat(
            self.starts[:-1], self.sizes
        )

    def members(self, label: int) -> Int64:
        """Items of one cluster, strongest first (a view)."""
        return self.order[self.starts[label] : self.starts[label + 1]]

    def ends(self, label: int, strongest: int, weakest: int) -> tuple[Int64, Int64]:
        """The strongest members and the weakest ones, the weakest last, none in both."""
        members = self.members(label)
        head = members[:strongest]
        return head, members[max(strongest, members.shape[0] - weakest) :]


def group(result: ClusterResult) -> Groups:
    """Sorts the items of a result by cluster and strength. O(n log n)."""
    clustering = result.clustering
    labels, sizes = clustering.labels, clustering.sizes
    strength = np.clip(np.nan_to_num(clustering.strength, nan=0.0), 0.0, 1.0)
    cohesion = np.clip(np.nan_to_num(result.report.cohesion, nan=1.0), 0.0, 1.0)
    order = np.lexsort((-strength, labels))[int(np.count_nonzero(labels < 0)) :]
    return Groups(
        labels=labels,
        strength=strength.astype(np.float32),
        sizes=sizes,
        cohesion=cohesion.astype(np.float32),
        order=order.astype(np.int64),
        starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        k=max(result.knn.k - int(result.knn.includes_self), 0),
    )
