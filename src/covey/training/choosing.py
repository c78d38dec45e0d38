"""Which way to groups is taken, by labels of groups that the network did not see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from covey.calibration import calibrate
from covey.graph import LEAST_WEIGHT, knn_to_edges, nearest
from covey.graph_partition import TRIED_PARTITIONS
from covey.labelled_rows import LabelledRows, in_folds
from covey.metrics.edges import average_precision
from covey.models.held_out import FEWEST_JUDGES, MOST_FALL, HeldOut
from covey.models.refiner import REFINED_NEIGHBOURS, list_length
from covey.training.cuts import shares_at
from covey.training.edge_scorer import Crosswise
from covey.training.judging import EQUAL, Judged, ScoredFolds, cosine_edges, together
from covey.types import Float32, KnnGraph

_PROBABLE = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
_NEAR_BEST = 0.9  # of the highest F: cuts that tell what another size of a collection does
_SURE = 0.005  # shares as near to 0 or 1 as this have no odds to compare

LEARNED_PARTITIONS = (*TRIED_PARTITIONS, "average-linkage")
"""Partitions that compete on learned scores; the last wants weights that mean something."""

CHOOSING = "choosing by held-out groups"
"""What this is called in progress."""


def learned_ways(
    first: Judged,
    rows_at: Callable[[float], LabelledRows],
    *,
    seed: int = 0,
    tell: Callable[[str, float], None] = lambda stage, done: None,
) -> list[Judged]:
    """Judges a learned scorer of edges, with the first's share of the embedding itself and alone.

    Args:
        first: The cosine, with the best share of the embedding itself.
        rows_at: The items that judge, by that share.
        seed: Draws the folds that judge each other, and what scorers draw.
        tell: Called with what is done and the share done.
    """
    ways = []
    shares = sorted({1.0, first.own}, reverse=True)
    for number, own in enumerate(shares, 1):
        ways += judge_learned(rows_at(own), own, seed=seed)
        tell(CHOOSING, 0.1 + 0.6 * number / len(shares))
    return ways


def judge_learned(items: LabelledRows, own: float, *, seed: int = 0) -> list[Judged]:
    """Measures groups by probabilities that are learned from some of them and tried on the others.

    Args:
        items: Embeddings with their groups, of which nothing was learned yet.
        own: Share of the item's own embedding in them.
        seed: Draws the folds, and what the scorers draw.

    Returns:
        One for each of `LEARNED_PARTITIONS`; none where fewer than six groups have company.
    """
    fold = in_folds(items.labels, seed)
    if not fold.any():
        return []
    learned = Crosswise.of(items.rows, items.labels, fold, seed=seed)
    return judge_probable(
        items, own, learned.edges.knn, learned.probability(), learned, LEARNED_PARTITIONS
    )


def judge_probable(
    items: LabelledRows,
    own: float,
    knn: KnnGraph,
    probability: Float32,
    scored: ScoredFolds,
    partitions: Sequence[str],
) -> list[Judged]:
    """Measures the groups that each of some partitions makes of probabilities.

    Args:
        items: n embeddings with their groups.
        own: Share of the item's own embedding in them.
        knn: Their neighbours, k each.
        probability: (n, k) float32, that both ends belong together.
        scored: What gave them.
        partitions: Their names.
    """
    probability = np.maximum(probability, LEAST_WEIGHT)
    edges = knn_to_edges(knn, score=probability)
    near = nearest(knn, REFINED_NEIGHBOURS)
    ranked = knn_to_edges(near, score=probability[:, : near.k])
    precision = average_precision(ranked, items.labels)
    calibration = calibrate(edges, together(edges, items))
    reached = max(1, np.count_nonzero(edges.score.max() >= _PROBABLE))
    cuts = _PROBABLE[:reached]
    found = []
    for partition in partitions:
        shares = shares_at(edges, items.labels, cuts, partition=partition, probable=True)
        held = HeldOut(len(items.rows), calibration, cuts, *shares)
        found.append(Judged(own, precision, held, partition, scored))
    return found


def best_way(ways: list[Judged], n: int) -> Judged:
    """The first, unless another ranks edges clearly better and makes better groups of them.

    Args:
        ways: All judged on the same items.
        n: Labelled items in all.
    """
    first = ways[0]
    better = [way for way in ways[1:] if way.is_better(first, n) and way.gain(first, n) > EQUAL]
    return max(better, key=lambda way: way.f(n)) if better else first


def with_falls(way: Judged, items: LabelledRows, *, seed: int = 0) -> Judged:
    """Learns from two halves of the items how precision and recall fall as a collection grows.

    Halves of fewer than 50 items tell nothing; what is assumed of the fall stays then.

    Args:
        way: Judged on the items.
        items: Embeddings with their groups.
        seed: Draws the halves, as the folds of `judge_learned`.
    """
    fold = in_folds(items.labels, seed) if way.scored is None else way.scored.fold
    first = 2 * fold < fold.max() + 1
    if min(np.count_nonzero(first), np.count_nonzero(~first)) < FEWEST_JUDGES:
        return way
    near = np.flatnonzero(way.held.f >= _NEAR_BEST * way.held.best)
    halves = []
    for some in (first, ~first):
        part = items.of(some)
        if way.scored is None:
            edges = cosine_edges(part.rows, list_length(way.own))
        else:
            edges = way.scored.edges_among(items.rows, some)
        cuts, probable = way.held.cut[near], way.scored is not None
        halves.append(
            shares_at(edges, part.labels, cuts, partition=way.partition, probable=probable)
        )
    shares = np.mean(halves, axis=0)
    grown = np.log(2)
    falls = [
        float(np.mean(_log_odds(half) - _log_odds(whole[near])) / grown)
        for half, whole in zip(shares, (way.held.precision, way.held.recall), strict=True)
    ]
    precision_falls, recall_falls = np.clip(falls, 0.0, MOST_FALL).round(4).tolist()
    held = replace(way.held, precision_falls=precision_falls, recall_falls=recall_falls)
    return replace(way, held=held)


def _log_odds(share: NDArray[np.float64]) -> NDArray[np.float64]:
    share = np.clip(share, _SURE, 1 - _SURE)
    return np.asarray(np.log(share / (1 - share)))
