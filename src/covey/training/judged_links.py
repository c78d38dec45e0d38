"""A linkage GCN tried on items of groups that it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.graph import LEAST_WEIGHT, knn_to_edges
from covey.knn import build_knn_graph
from covey.labelled_rows import LabelledRows, in_folds
from covey.models.linkage_gcn import LinkageGCN, score_links
from covey.training.choosing import LEARNED_PARTITIONS, judge_probable
from covey.training.judging import Judged
from covey.types import Edges, Float32, Int64, KnnGraph

LINK_PARTITIONS = (*LEARNED_PARTITIONS, "propagation")
"""Partitions that compete on its probabilities; the last is the published one."""


@dataclass(frozen=True, slots=True)
class JudgedLinks:
    """The network, and the folds of the items that it is tried on.

    Attributes:
        network: Trained on other groups.
        fold: (n,) int64, the fold of each item.
    """

    network: LinkageGCN
    fold: Int64

    def edges_among(self, rows: Float32, some: NDArray[np.bool_]) -> Edges:
        """Edges of some of the (n, d) rows by themselves: (n,) bool."""
        knn, scores = links_of(self.network, rows[some])
        return knn_to_edges(knn, score=np.maximum(scores, LEAST_WEIGHT))


def judge_network(items: LabelledRows, network: LinkageGCN, *, seed: int = 0) -> list[Judged]:
    """Measures the groups that each of `LINK_PARTITIONS` makes of a network's probabilities.

    Args:
        items: Embeddings with their groups, of which nothing was learned.
        network: Trained.
        seed: Draws the folds.
    """
    knn, scores = links_of(network, items.rows)
    scored = JudgedLinks(network, in_folds(items.labels, seed))
    return judge_probable(items, 1.0, knn, scores, scored, LINK_PARTITIONS)


def links_of(network: LinkageGCN, rows: Float32) -> tuple[KnnGraph, Float32]:
    """Neighbour lists of as many as the network scores, and their scores."""
    knn = build_knn_graph(rows, min(network.config.near, len(rows) - 1))
    return knn, score_links(network, rows, knn)
