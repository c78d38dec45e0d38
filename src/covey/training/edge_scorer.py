"""A scorer of edges from the labels of a collection's own groups: the probability of each edge.

The network is that of the universal scorer, on the same measures of an edge (`edge_features`). As
it serves one embedding alone, it starts from nothing, its scale is that of the collection that it
learned from, and its level is not left open: scores are probabilities there. So it tells what a
cosine cannot, as how near both ends are to others.

Rows that were refined by a network are too good where it has learned. So the scorer learns from
groups that the network did not see, and is judged on them crosswise: each half by what the other
half taught.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor
from torch.nn import functional

from covey.graph import knn_to_edges
from covey.knn import build_knn_graph
from covey.models.edge_features import EDGE_FEATURES, LIST_LENGTH, Scale, measure_edges
from covey.models.universal import UniversalScorer
from covey.training.loop import Schedule, fit
from covey.training.trainable import TrainableNetwork
from covey.types import Edges, Float32, Int64, KnnGraph

_BLOCK = 256  # items described at a time
_BATCH = 48  # items of a step, with all their edges
_WIDTH = 32  # hidden units of either layer
_SCHEDULE = Schedule(steps=400, rate=3e-3, decay=0.02, every=400)


@dataclass(frozen=True, slots=True)
class DescribedEdges:
    """The neighbour lists of a collection, described.

    Attributes:
        knn: n items, k neighbours each.
        features: (n, k, f) float16, as named by `EDGE_FEATURES`; about 3 kB an item.
        scale: What similarities were measured by.
    """

    knn: KnnGraph
    features: NDArray[np.float16]
    scale: Scale

    def edges(self, probability: Float32) -> Edges:
        """One edge for each pair, from (n, k) scores of either direction."""
        return knn_to_edges(self.knn, score=np.maximum(probability, np.float32(1e-6)))


def describe_edges(rows: Float32, scale: Scale | None = None) -> DescribedEdges:
    """Looks for neighbours and describes the edges to them.

    Args:
        rows: (n, d) float32 of unit length, n >= 2.
        scale: That of another collection, to compare with; their own if None.
    """
    knn = build_knn_graph(rows, min(LIST_LENGTH, len(rows) - 1))
    measures = measure_edges(rows, knn, scale=scale)
    features = np.empty((*knn.indices.shape, len(EDGE_FEATURES)), np.float16)
    for start in range(0, len(rows), _BLOCK):
        items = np.arange(start, min(start + _BLOCK, len(rows)))
        features[items] = measures.features(rows, items)
    return DescribedEdges(knn, features, measures.scale)


def train_edge_scorer(
    edges: DescribedEdges, labels: Int64, learned: NDArray[np.bool_], *, seed: int = 0
) -> UniversalScorer:
    """Fits a network to the edges of some items: binary cross-entropy.

    Args:
        edges: Of n items.
        labels: (n,) their groups.
        learned: (n,) bool, the items whose edges are learned from, at least one.
        seed: Of weights and draws.

    Returns:
        A scorer whose scores are probabilities.
    """
    items = np.flatnonzero(learned)
    features = edges.features[items]
    together = labels[edges.knn.indices[items]] == labels[items, None]
    torch.manual_seed(seed)
    network = TrainableNetwork(features.shape[2], _WIDTH, 1)
    network.fit_scale([features[:, ::11]])

    def loss_of(rng: np.random.Generator) -> Tensor:
        drawn = rng.integers(len(items), size=_BATCH)
        odds = network(torch.from_numpy(features[drawn].astype(np.float32)))[..., 0]
        truth = torch.from_numpy(together[drawn].astype(np.float32))
        return functional.binary_cross_entropy_with_logits(odds, truth)

    fit(network, loss_of, replace(_SCHEDULE, seed=seed))
    return UniversalScorer(network.as_arrays(), edges.scale, 0.0)


def probabilities(scorer: UniversalScorer, edges: DescribedEdges) -> Float32:
    """(n, k) float32, as `scorer.score` gives them for rows that are described already."""
    out = np.empty(edges.knn.indices.shape, np.float32)
    for start in range(0, len(out), _BLOCK):
        part = edges.features[start : start + _BLOCK].astype(np.float32)
        out[start : start + _BLOCK] = expit(scorer.network(part)[..., 0])
    return out


@dataclass(frozen=True, slots=True)
class Crosswise:
    """Edges of two halves of some groups, each scored by what the other half taught.

    Attributes:
        edges: Of n items.
        labels: (n,) their groups.
        fold: (n,) bool, the half that each is of, whole groups in one.
        scorers: Learned from the items outside the fold, and from those in it.
        seed: Of the scorers.
    """

    edges: DescribedEdges
    labels: Int64
    fold: NDArray[np.bool_]
    scorers: tuple[UniversalScorer, UniversalScorer]
    seed: int

    @classmethod
    def of(cls, rows: Float32, labels: Int64, fold: NDArray[np.bool_], *, seed: int) -> Crosswise:
        """Describes (n, d) rows of unit length and learns from either half."""
        edges = describe_edges(rows)
        outside, inside = (
            train_edge_scorer(edges, labels, learned, seed=seed) for learned in (~fold, fold)
        )
        return cls(edges, labels, fold, (outside, inside), seed)

    def probability(self) -> Float32:
        """(n, k) float32 of either direction of each edge."""
        outside, inside = (probabilities(scorer, self.edges) for scorer in self.scorers)
        return np.where(self.fold[:, None], outside, inside)

    def edges_within(self, rows: Float32, fold: bool) -> Edges:
        """Edges of one half by itself, scored as in the whole.

        Args:
            rows: (n, d) rows of both halves.
            fold: Which half.
        """
        alone = describe_edges(rows[self.fold == fold], self.edges.scale)
        return alone.edges(probabilities(self.scorers[0 if fold else 1], alone))

    def scorer(self) -> UniversalScorer:
        """Learned from both halves."""
        everything = np.ones(len(self.labels), np.bool_)
        return train_edge_scorer(self.edges, self.labels, everything, seed=self.seed)
