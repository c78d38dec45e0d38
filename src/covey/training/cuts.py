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
    cuts = cuts_at(edges, len(labels), densities)
    return cuts, *shares_at(edges, labels, cuts, rounds=rounds, seed=seed)


def cuts_at(edges: Edges, n: int, densities: Shares) -> Shares:
    """(c,) different scores, ascending, of the lightest edges where so many an item are kept."""
    order = np.sort(edges.score)[::-1]
    kept = np.unique(np.clip(np.round(densities * n), 1, edges.m).astype(np.int64))[::-1]
    return np.unique(order[kept - 1]).astype(np.float64)


def shares_at(
    edges: Edges,
    labels: Int64,
    cuts: Shares,
    *,
    partition: str = "map-equation",
    probable: bool = False,
    rounds: int = 2,
    seed: int = 0,
) -> tuple[Shares, Shares]:
    """(c,) BCubed precision and (c,) recall of the groups at given cuts.

    Args:
        edges: Among n items.
        labels: (n,) their groups.
        cuts: (c,) scores below which edges are ignored.
        partition: One of `PARTITIONS`.
        probable: Whether scores are probabilities, see `partition_edges`.
        rounds: Of the partition.
        seed: Of the partition.
    """
    n = len(labels)
    found = np.empty((2, len(cuts)))
    for number, cut in enumerate(cuts):
        above = edges.score >= np.float32(cut)
        some = Edges(edges.source[above], edges.target[above], edges.score[above])
        groups = partition_edges(
            some, n, name=partition, rounds=rounds, seed=seed, probable=probable
        )
        scores = evaluate(labels, groups.labels, buckets=()).bcubed
        found[:, number] = scores.precision, scores.recall
    return found[0], found[1]


def f_of(precision: Shares, recall: Shares) -> Shares:
    """Harmonic mean, 0 where both are."""
    total: Shares = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return total
