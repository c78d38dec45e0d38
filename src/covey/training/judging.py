"""What labels of groups that a training did not see say of embeddings, and of their edges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covey.calibration import calibrate
from covey.graph import nearest
from covey.knn import build_knn_graph
from covey.metrics.edges import average_precision
from covey.models.held_out import HeldOut
from covey.models.refiner import REFINED_NEIGHBOURS, RefinedScorer, joined, list_length
from covey.scoring import score_edges
from covey.training.b_attention import LabelledRows
from covey.training.cuts import cuts_tried
from covey.types import Edges, Float32

_DENSITIES = np.geomspace(50.0, 0.2, 25)  # edges an item at the cuts that are tried
_SHARES = (0.8, 0.5, 0.2, 0.0)  # of the item's own embedding, tried on what was held out
_EQUAL = 0.003  # BCubed F that differs by less; then embeddings count as they are
_WORTH = 0.01  # by which it must rise for anything else than plain cosines


@dataclass(frozen=True, slots=True)
class Judged:
    """Two measures of embeddings by labels; what one finds by chance, the other seldom does.

    Attributes:
        own: Share of the item's own embedding in them.
        scorer: What weighs their edges.
        precision: Average precision of their cosines.
        held: What the map equation makes of their edges at each cut.
    """

    own: float
    scorer: RefinedScorer
    precision: float
    held: HeldOut

    def f(self, n: int) -> float:
        """BCubed F at the best cut, as among n items."""
        return self.held.among(n).best

    def gain(self, other: Judged, n: int) -> float:
        """How much higher F is, as it is and as among n items: the lesser of both."""
        return min(self.held.best - other.held.best, self.f(n) - other.f(n))

    def is_better(self, other: Judged, n: int) -> bool:
        """Whether F is clearly higher, and average precision is, too."""
        return self.gain(other, n) > _WORTH and self.precision > other.precision


def judge(items: LabelledRows, own: float, n: int, scorers: tuple[RefinedScorer, ...]) -> Judged:
    """Measures embeddings by the scorer that is best for them: the first unless one clearly is.

    Args:
        items: Embeddings with their groups.
        own: Share of the item's own embedding in them.
        n: Items that are expected in another collection.
        scorers: The first is the cosine.
    """
    precision = average_precision(_edges(items.rows, "cosine", REFINED_NEIGHBOURS), items.labels)
    plain, *others = (
        Judged(own, scorer, precision, judge_rows(items, scorer, list_length(own, scorer)))
        for scorer in scorers
    )
    best = max([plain, *others], key=lambda each: each.gain(plain, n))
    return best if best.gain(plain, n) > _WORTH else plain


def best_share(
    refined: Float32,
    watched: LabelledRows,
    before: Judged,
    n: int,
    scorers: tuple[RefinedScorer, ...],
) -> Judged:
    """Of shares of the item's own embedding: the largest that is as good as any.

    Where embeddings are good and most items alone, a local set is full of strangers and misleads.

    Args:
        refined: Of what is held out.
        watched: What is held out.
        before: These embeddings without refining.
        n: Labelled items in all.
        scorers: See `judge`.
    """
    found = [before]
    for own in _SHARES:
        rows = LabelledRows(joined(refined, watched.rows, own), watched.labels)
        judged = judge(rows, own, n, scorers)
        if judged.is_better(before, n):
            found.append(judged)
    best = max(judged.f(n) for judged in found)
    return next(judged for judged in found if judged.f(n) >= best - _EQUAL)


def judge_rows(items: LabelledRows, scorer: RefinedScorer, k: int) -> HeldOut:
    """What scores and cuts meant on labelled items.

    Args:
        items: Their embeddings and groups.
        scorer: What weighs edges.
        k: Neighbours of each whose edges are looked at.
    """
    labels, edges = items.labels, _edges(items.rows, scorer, k)
    together = (labels[edges.source] == labels[edges.target]).astype(np.float32)
    tried = cuts_tried(edges, labels, _DENSITIES, relative=scorer == "universal")
    return HeldOut(len(labels), calibrate(edges, together), *tried)


def _edges(rows: Float32, scorer: RefinedScorer, k: int) -> Edges:
    knn = build_knn_graph(rows, min(k, len(rows) - 1))
    return score_edges(rows, nearest(knn, k), scorer)
