"""From scores to probabilities, and the curve of what each cut would have given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression

from covey.types import Edges, Float32, Int64


@dataclass(frozen=True, slots=True)
class CutCurve:
    """What the partition looks like at each cut that was tried, finest last.

    Attributes:
        cut: (c,) float64, ascending edge weights below which edges are ignored.
        n_clusters: (c,) int64, clusters with singletons counted.
        n_singletons: (c,) int64.
        largest: (c,) int64, items in the largest cluster.
        precision, recall: (c,) float64, BCubed precision and recall that are foreseen, NaN if
            unknown.
        agreement: (c,) float64, how far two halves of the data agree on the clusters: adjusted
            mutual information, 1 for the same clusters and 0 for chance.
        chosen: Index of the cut that was taken.
    """

    cut: NDArray[np.float64]
    n_clusters: Int64
    n_singletons: Int64
    largest: Int64
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    agreement: NDArray[np.float64]
    chosen: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone map from score to probability.

    Attributes:
        score: (b,) float64 ascending.
        probability: (b,) float64 in [0, 1], ascending; linear between, constant outside.
    """

    score: NDArray[np.float64]
    probability: NDArray[np.float64]

    def __call__(self, score: Float32) -> Float32:
        """Gives the probability of each score."""
        return np.interp(score, self.score, self.probability).astype(np.float32)


def calibrate(edges: Edges, together: Float32) -> Calibration:
    """Fits how often pairs of a given score belong together: isotonic regression.

    (Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass probability
    estimates", KDD 2002.)

    Args:
        edges: m edges; without any, the probability is 0.
        together: (m,) float32 in [0, 1], the evidence that each pair belongs together.

    Returns:
        The map, of at most a few hundred steps.
    """
    if not edges.m:
        return Calibration(np.zeros(1), np.zeros(1))
    order = np.argsort(edges.score, kind="stable")
    blocks = np.array_split(order, min(len(order), 400))
    score = np.array([edges.score[block].mean(dtype=np.float64) for block in blocks])
    share = np.array([together[block].mean(dtype=np.float64) for block in blocks])
    size = np.array([len(block) for block in blocks])
    model = IsotonicRegression(y_min=0.0, y_max=1.0).fit(score, share, sample_weight=size)
    fitted = model.predict(score)
    return Calibration(score, np.clip(fitted, 0.0, 1.0))


def with_probability(edges: Edges, calibration: Calibration) -> Edges:
    """Attaches to each edge its probability."""
    return Edges(edges.source, edges.target, edges.score, calibration(edges.score))
