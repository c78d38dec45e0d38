"""What a clustering is worth, without labels: precision and recall foreseen from its signs.

No single sign tells how good a clustering is. Agreement of two halves of the dimensions is fooled
where both halves see the same camera; a margin between clusters is fooled by near duplicates; each
is right on some collections. A small network, trained on views of labelled collections whose truth
is known, weighs them all: how far halves agree, how steady clusters are from cut to cut, how they
share out neighbours, how many they are and how large. None depends on what the embeddings are of.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from covey.metrics.clustering import bcubed
from covey.metrics.information import adjusted_mutual_information
from covey.models.network import Network
from covey.types import Edges, Float32, KnnGraph

COVERAGE_POWER = 0.2
_TEMPERATURE = 0.02  # of the utility, for weights of cuts
_COUNTED = 0.01  # least weight of a cut that halves are taken from
_NEAREST = (1, 5, 10, 30)

SIGNS = (
    "agreement of the halves",
    "share of the halves' items in company",
    "utility below the highest",
    "highest utility",
    "agreement where utility is highest",
    "log density over that of the highest utility",
    "precision against the halves at this cut",
    "recall against the halves at this cut",
    "precision against the halves at good cuts",
    "recall against the halves at good cuts",
    "log density",
    "log clusters per item",
    "share of items alone",
    "log share of the largest cluster",
    "mean log size of an item's cluster",
    "deviation of log size",
    "kept edges inside",
    "all edges inside",
    *(f"nearest {k} inside" for k in _NEAREST),
    "agreement with the coarser cut",
    "agreement with the finer cut",
    "agreement with the coarser cut, halves",
    "agreement with the finer cut, halves",
    "mean log size in the halves above that in the whole",
    "agreement of the halves at the coarser cut",
    "agreement of the halves at the finer cut",
)
"""Columns of `read_signs`."""


@dataclass(frozen=True, slots=True)
class CutTrial:
    """Clusterings of the whole and of two halves of the dimensions over a grid of cuts.

    Attributes:
        density: (c,) float64, edges an item that are kept, coarsest first.
        labels: (c, n) int32 clusters of all dimensions.
        halves: (2, c, n) int32 clusters of each half.
        kept: (c,) float64, share of the kept edges that lie inside clusters.
        agreement: (c,) float64, adjusted mutual information of the halves.
        coverage: (c,) float64, share of the halves' items that are not alone.
        utility: (c,) float64, agreement times a power of the coverage.
        weight: (c,) float64, how much each cut says, by its utility, summing to 1.
    """

    density: NDArray[np.float64]
    labels: NDArray[np.int32]
    halves: NDArray[np.int32]
    kept: NDArray[np.float64]
    agreement: NDArray[np.float64] = field(init=False)
    coverage: NDArray[np.float64] = field(init=False)
    utility: NDArray[np.float64] = field(init=False)
    weight: NDArray[np.float64] = field(init=False)

    def __post_init__(self) -> None:
        agreement = np.array([_agreement(a, b) for a, b in zip(*self.halves, strict=True)])
        coverage = np.array([_in_company(cut) for cut in self.halves.swapaxes(0, 1)])
        utility = agreement * coverage**COVERAGE_POWER
        weight = np.exp((utility - utility.max()) / _TEMPERATURE)
        found = (agreement, coverage, utility, weight / weight.sum())
        for name, values in zip(("agreement", "coverage", "utility", "weight"), found, strict=True):
            object.__setattr__(self, name, values)


@dataclass(frozen=True, slots=True)
class Appraiser:
    """A network on `SIGNS` with two outputs: log odds of BCubed precision and recall.

    Attributes:
        network: The weights.
    """

    network: Network

    def __call__(self, signs: Float32) -> NDArray[np.float64]:
        """(c, s) signs to (c, 2) precision and recall foreseen."""
        return expit(self.network(signs).astype(np.float64))


def read_signs(trial: CutTrial, edges: Edges, knn: KnnGraph) -> Float32:
    """Describes the clustering at each cut.

    Args:
        trial: Clusterings over the grid.
        edges: All edges of all dimensions, before any cut.
        knn: Neighbours in all dimensions, without the item itself.

    Returns:
        (c, s) float32, as named by `SIGNS`. O(c (n k + m)) time.
    """
    count, n = trial.labels.shape
    agreement, coverage, utility = trial.agreement, trial.coverage, trial.utility
    best = int(utility.argmax())
    good = np.flatnonzero(trial.weight > _COUNTED)
    steady = [_steadiness(labels) for labels in (trial.labels, *trial.halves)]
    halves_steady = np.mean(steady[1:], axis=0)
    signs = []
    for c, labels in enumerate(trial.labels):
        size = np.bincount(labels)[labels]
        log_size = np.log(size)
        here = _against_halves(labels, trial.halves[:, [c]], np.ones(1))
        there = _against_halves(labels, trial.halves[:, good], trial.weight[good])
        inside = labels[knn.indices] == labels[:, None]
        half_size = np.mean([np.log(np.bincount(half[c])[half[c]]).mean() for half in trial.halves])
        signs.append(
            [
                agreement[c],
                coverage[c],
                utility[c] - utility.max(),
                utility.max(),
                agreement[best],
                np.log(trial.density[c] / trial.density[best]),
                *here,
                *there,
                np.log(trial.density[c]),
                np.log((labels.max() + 1) / n),
                np.mean(size == 1),
                np.log(size.max() / n),
                log_size.mean(),
                log_size.std(),
                trial.kept[c],
                np.mean(labels[edges.source] == labels[edges.target]) if edges.m else 0,
                *(inside[:, :k].mean() if knn.k else 0 for k in _NEAREST),
                *steady[0][c],
                *halves_steady[c],
                half_size - log_size.mean(),
                agreement[max(c - 1, 0)],
                agreement[min(c + 1, count - 1)],
            ]
        )
    return np.array(signs, np.float32)


def _steadiness(labels: NDArray[np.int32]) -> NDArray[np.float64]:
    """(c, 2) agreement of each cut with the next coarser and the next finer, 1 at the ends."""
    steps = [_agreement(a, b) for a, b in pairwise(labels)]
    return np.stack([[1.0, *steps], [*steps, 1.0]], axis=1)


def _agreement(a: NDArray[np.int32], b: NDArray[np.int32]) -> float:
    """Adjusted mutual information, none where one side says nothing: all together or all alone."""
    if any(labels.max() in (0, len(labels) - 1) for labels in (a, b)):
        return 0.0
    return max(0.0, adjusted_mutual_information(a, b))


def _in_company(halves: NDArray[np.int32]) -> float:
    """Share of items whose cluster has another member, mean over the rows of `halves`."""
    return float(np.mean([np.bincount(labels)[labels] > 1 for labels in halves]))


def _against_halves(
    labels: NDArray[np.int32], halves: NDArray[np.int32], weight: NDArray[np.float64]
) -> tuple[float, float]:
    """BCubed precision and recall against (2, c, n) clusters, mean by the weight of the cuts."""
    found = [
        [(one.precision, one.recall) for one in (bcubed(half, labels) for half in cuts)]
        for cuts in halves.swapaxes(0, 1)
    ]
    precision, recall = weight @ np.mean(found, axis=1) / weight.sum()
    return float(precision), float(recall)
