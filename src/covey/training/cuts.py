"""What groups come out at each of many cuts, where labels tell."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from covey.graph_partition import partition_edges
from covey.metrics.clustering import evaluate
from covey.types import Edges, Int64

Shares = NDArray[np.float64]


def cuts_tried(
    edges: Edges,
    labels: Int64,
    densities: Shares,
    *,
    rounds: int = 2,
    seed: int = 0,
) -> tuple[Shares, Shares, Shares]:
    """Clusters by the map equation at several cuts.

    Args:
        edges: Among n items, at least one.
        labels: (n,) their groups.
        densities: (c,) edges an item that are kept, descending.
        rounds: Of the partition.
        seed: Of the partition.

    Returns:
        Of each cut that differs from the others, ascending: the score of the lightest edge kept,
        BCubed precision and BCubed recall.
    """
    n = len(labels)
    order = np.sort(edges.score)[::-1]
    kept = np.unique(np.clip(np.round(densities * n), 1, edges.m).astype(np.int64))[::-1]
    found = []
    for cut in np.unique(order[kept - 1]):
        above = edges.score >= cut
        some = Edges(edges.source[above], edges.target[above], edges.score[above])
        scores = evaluate(labels, partition_edges(some, n, rounds=rounds, seed=seed).labels).bcubed
        found.append((float(cut), scores.precision, scores.recall))
    cuts, precision, recall = np.array(found).T
    return cuts, precision, recall


def f_of(precision: Shares, recall: Shares) -> Shares:
    """Harmonic mean, 0 where both are."""
    total: Shares = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return total
