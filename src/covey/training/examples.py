"""What the universal scorer and the appraiser learn from: views whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.graph_partition import TRIED_PARTITIONS, partition_edges
from covey.knn import build_knn_graph
from covey.metrics.clustering import bcubed
from covey.models.appraisal import read_signs
from covey.models.edge_features import EDGE_FEATURES, LIST_LENGTH, measure_edges
from covey.models.universal import UniversalScorer
from covey.scoring import LIST_LENGTH as LIST_LENGTHS
from covey.scoring import Scorer
from covey.selection import Recipe, View, half_views, try_cuts
from covey.types import Edges, Float32, Int64

APPRAISED: tuple[Scorer, ...] = ("universal", "smoothed", "cosine")
"""Scorers whose clusterings an appraiser learns from."""

_BLOCK = 256  # items described at a time: each takes all rows of its list


@dataclass(frozen=True, slots=True)
class EdgeExamples:
    """Neighbour lists of some items of one view.

    Attributes:
        families: Of the sets that the view was made of.
        features: (b, k, f) float16, as named by `EDGE_FEATURES`.
        together: (b, k) bool, whether each neighbour shares the item's group.
    """

    families: tuple[str, ...]
    features: NDArray[np.float16]
    together: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CutExamples:
    """Clusterings of one view by several recipes at every cut.

    Attributes:
        families: Of the sets that the view was made of.
        signs: (r, c, s) float32, as named by `SIGNS`, for r recipes and c cuts.
        truth: (r, c, 2) float32, BCubed precision and recall.
    """

    families: tuple[str, ...]
    signs: Float32
    truth: Float32


def draw_edges(
    rows: Float32,
    labels: Int64,
    most: int,
    *,
    families: tuple[str, ...] = (),
    seed: int = 0,
) -> EdgeExamples:
    """Draws items of a labelled collection and describes their edges.

    Args:
        rows: (n, d) float32 of unit length, n >= 2, none twice.
        labels: (n,) groups.
        most: Items to draw, at most.
        families: Handed on.
        seed: Draws the items.

    Returns:
        The examples, about 3 kB an item.
    """
    drawn = np.random.default_rng(seed).choice(len(rows), min(most, len(rows)), replace=False)
    items = np.sort(drawn)
    knn = build_knn_graph(rows, min(LIST_LENGTH, len(rows) - 1))
    measures = measure_edges(rows, knn)
    features = np.empty((*knn.indices[items].shape, len(EDGE_FEATURES)), np.float16)
    for start in range(0, len(items), _BLOCK):
        features[start : start + _BLOCK] = measures.features(rows, items[start : start + _BLOCK])
    together = labels[knn.indices[items]] == labels[items, None]
    return EdgeExamples(families, features, together)


def draw_cuts(
    rows: Float32,
    labels: Int64,
    scorer: UniversalScorer,
    *,
    families: tuple[str, ...] = (),
    seed: int = 0,
    threads: int = 1,
) -> CutExamples:
    """Clusters a labelled collection by every recipe at every cut and says how good each is.

    Args:
        rows: (n, d) float32 of unit length, n >= 2, none twice.
        labels: (n,) groups.
        scorer: For the recipes with the universal scorer; it should not have seen the collection.
        families: Handed on.
        seed: Draws the halves.
        threads: For searches and partitions.

    Returns:
        The examples. About 2 s for 1,000 items on one core.
    """
    width = min(max(LIST_LENGTHS[name] for name in APPRAISED), len(rows) - 1)
    whole = View(rows, build_knn_graph(rows, width, threads=threads), scorer)
    halves = half_views(rows, width, unit=True, seed=seed, threads=threads, model=scorer)
    signs, truth = [], []
    for partition in TRIED_PARTITIONS:

        def divide(edges: Edges, n: int, name: str = partition) -> Int64:
            return partition_edges(edges, n, name=name, rounds=2, seed=seed).labels

        for name in APPRAISED:
            recipe = Recipe(name, LIST_LENGTHS[name], partition)
            cuts, _ = try_cuts(recipe, whole, halves, divide, threads=threads)
            signs.append(read_signs(cuts, whole.edges(recipe), whole.knn))
            found = [bcubed(labels, clusters) for clusters in cuts.labels]
            truth.append([(one.precision, one.recall) for one in found])
    return CutExamples(families, np.array(signs), np.array(truth, np.float32))
