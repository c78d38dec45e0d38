"""What labels of groups that a training did not see say of embeddings and of ways to group them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from covey.calibration import calibrate
from covey.graph import knn_to_edges
from covey.knn import build_knn_graph
from covey.labelled_rows import LabelledRows
from covey.metrics.edges import average_precision
from covey.models.held_out import HeldOut
from covey.models.refiner import REFINED_NEIGHBOURS, joined, list_length
from covey.training.cuts import cuts_tried
from covey.types import Edges, Float32, Int64

_DENSITIES = np.geomspace(50.0, 0.2, 25)  # edges an item at the cuts that are tried
_SHARES = (0.8, 0.5, 0.2, 0.0)  # of the item's own embedding, tried on what was held out
_CLEARLY = 0.95  # of what average precision lacked before, at most
EQUAL = 0.003  # BCubed F that differs by less; then embeddings count as they are
_WORTH = 0.01  # BCubed F that chance seldom makes


class ScoredFolds(Protocol):
    """Scores of edges between items that what scores them did not see, in folds of groups."""

    @property
    def fold(self) -> Int64:
        """(n,) int64, the fold of each item."""

    def edges_among(self, rows: Float32, some: NDArray[np.bool_]) -> Edges:
        """Edges of some of the (n, d) rows by themselves: (n,) bool, whole folds."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Measures of a way to groups by labels.

    Average precision tells embeddings apart best, as it does not hang on single merges of groups.

    Attributes:
        own: Share of the item's own embedding in what is compared.
        precision: Average precision of the scores.
        held: What the partition makes of the edges at each cut.
        partition: Which one.
        scored: What weighs edges; the cosine does if None.
    """

    own: float
    precision: float
    held: HeldOut
    partition: str = "map-equation"
    scored: ScoredFolds | None = None

    def f(self, n: int) -> float:
        """BCubed F at the best cut, as among n items."""
        return self.held.among(n).best

    def gain(self, other: Judged, n: int) -> float:
        """How much higher F is, as it is and as among n items: the lesser of both."""
        return min(self.held.best - other.held.best, self.f(n) - other.f(n))

    def is_better(self, other: Judged, n: int) -> bool:
        """Whether average precision lacks clearly less of 1, and F is not lower instead."""
        clearly = 1 - self.precision < _CLEARLY * (1 - other.precision)
        return clearly and self.gain(other, n) > -_WORTH


def judge(items: LabelledRows, own: float = 1.0) -> Judged:
    """Measures embeddings and groups by their cosines.

    Args:
        items: Embeddings with their groups.
        own: Share of the item's own embedding in them.
    """
    precision = average_precision(cosine_edges(items.rows, REFINED_NEIGHBOURS), items.labels)
    return Judged(own, precision, judge_rows(items, list_length(own)))


def best_share(refined: Float32, watched: LabelledRows, before: Judged, n: int) -> Judged:
    """Of shares of the item's own embedding: the largest that is as good as any.

    Where embeddings are good and most items alone, a local set is full of strangers and misleads.

    Args:
        refined: Of what is held out.
        watched: What is held out.
        before: These embeddings without refining.
        n: Labelled items in all.
    """
    found = [before]
    for own in _SHARES:
        judged = judge(LabelledRows(joined(refined, watched.rows, own), watched.labels), own)
        if judged.is_better(before, n):
            found.append(judged)
    best = max(judged.f(n) for judged in found)
    return next(judged for judged in found if judged.f(n) >= best - EQUAL)


def judge_rows(items: LabelledRows, k: int) -> HeldOut:
    """What cosines and cuts meant on labelled items.

    Args:
        items: Their embeddings and groups.
        k: Neighbours of each whose edges are looked at.
    """
    labels, edges = items.labels, cosine_edges(items.rows, k)
    calibration = calibrate(edges, together(edges, items))
    return HeldOut(len(labels), calibration, *cuts_tried(edges, labels, _DENSITIES))


def together(edges: Edges, items: LabelledRows) -> Float32:
    """(m,) 1 where both ends are of one group, 0 elsewhere."""
    return (items.labels[edges.source] == items.labels[edges.target]).astype(np.float32)


def cosine_edges(rows: Float32, k: int) -> Edges:
    """Edges to the k nearest, by their cosines."""
    return knn_to_edges(build_knn_graph(rows, min(k, len(rows) - 1)))
