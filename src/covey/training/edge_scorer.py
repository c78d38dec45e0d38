"""A scorer of edges from the labels of a collection's own groups: the probability of each edge.

The network is that of the universal scorer, on the same measures of an edge (`edge_features`). As
it serves one embedding alone, it starts from nothing, its scale is that of the collection that it
learned from, and its level is not left open: scores are probabilities there. So it tells what a
cosine cannot, as how near both ends are to others.

Rows that were refined by a network are too good where it has learned. So the scorer learns from
groups that the network did not see, and is judged on them crosswise: each fold of them by what the
others taught.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor
from torch.nn import functional

from covey.graph import LEAST_WEIGHT, knn_to_edges
from covey.knn import build_knn_graph
from covey.models.edge_features import EDGE_FEATURES, LIST_LENGTH, Scale, measure_edges
from covey.models.universal import UniversalScorer
from covey.threads import torch_threads
from covey.training.loop import Schedule, fit
from covey.training.trainable import TrainableNetwork
from covey.types import Edges, Float32, Int64, KnnGraph

_BLOCK = 256  # items described at a time
_BATCH = 48  # items of a step, with all their edges
_WIDTH = 32  # hidden units of either layer
_SCHEDULE = Schedule(rate=3e-3, decay=0.02)
_STEPS = 400, 1600  # at least and at most; between them every item is met 24 times
_PASSES = 24


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
        return knn_to_edges(self.knn, score=np.maximum(probability, LEAST_WEIGHT))


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
    """Fits a network to the edges among some items: binary cross-entropy.

    An edge to an item that is not learned from leads to another group. It teaches nothing, as it is
    the same edge by which that item is to be judged; those to other strangers count more instead,
    so that strangers are as frequent as they will be.

    Args:
        edges: Of n items.
        labels: (n,) their groups.
        learned: (n,) bool, the items whose edges are learned from, whole groups, at least one.
        seed: Of weights and draws.

    Returns:
        A scorer whose scores are probabilities.
    """
    items = np.flatnonzero(learned)
    features = edges.features[items]
    neighbours = edges.knn.indices[items]
    known = learned[neighbours]
    together = known & (labels[neighbours] == labels[items, None])
    strangers = known & ~together
    share = int((~together).sum()) / max(1, int(strangers.sum()))
    weights = np.where(together, 1.0, share * strangers)
    torch.manual_seed(seed)
    network = TrainableNetwork(features.shape[2], _WIDTH, 1)
    network.fit_scale([features[:, ::11]])

    def loss_of(rng: np.random.Generator) -> Tensor:
        drawn = rng.integers(len(items), size=_BATCH)
        odds = network(torch.from_numpy(features[drawn].astype(np.float32)))[..., 0]
        truth = torch.from_numpy(together[drawn].astype(np.float32))
        weight = torch.from_numpy(weights[drawn].astype(np.float32))
        loss = functional.binary_cross_entropy_with_logits(odds, truth, weight, reduction="sum")
        return loss / weight.sum().clamp(min=1)

    steps = int(np.clip(_PASSES * len(items) / _BATCH, *_STEPS))
    with torch_threads(1):  # the network is so small that a second thread would mostly wait
        fit(network, loss_of, replace(_SCHEDULE, steps=steps, every=steps, seed=seed))
    return UniversalScorer(network.as_arrays(), edges.scale, 0.0)


def probabilities(
    scorer: UniversalScorer, edges: DescribedEdges, some: NDArray[np.bool_] | None = None
) -> Float32:
    """(n, k) float32, as `scorer.score` gives them for rows that are described already.

    Args:
        scorer: Any.
        edges: Of n items.
        some: (n,) bool, whose entries are wanted; all if None, otherwise as many rows come out.
    """
    items = np.arange(len(edges.features)) if some is None else np.flatnonzero(some)
    out = np.empty((len(items), edges.knn.k), np.float32)
    for start in range(0, len(out), _BLOCK):
        part = edges.features[items[start : start + _BLOCK]].astype(np.float32)
        out[start : start + _BLOCK] = expit(scorer.network(part)[..., 0])
    return out


@dataclass(frozen=True, slots=True)
class Crosswise:
    """Edges of some groups in folds, those of each fold scored by what the others taught.

    Attributes:
        edges: Of n items.
        labels: (n,) their groups.
        fold: (n,) int64, the fold that each is of, from 0, whole groups in one.
        scorers: Of each fold, learned from the items outside.
        seed: Of the scorers.
    """

    edges: DescribedEdges
    labels: Int64
    fold: Int64
    scorers: tuple[UniversalScorer, ...]
    seed: int

    @classmethod
    def of(cls, rows: Float32, labels: Int64, fold: Int64, *, seed: int) -> Crosswise:
        """Describes (n, d) rows of unit length and learns from all folds but each."""
        edges = describe_edges(rows)
        scorers = tuple(
            train_edge_scorer(edges, labels, fold != each, seed=seed)
            for each in range(int(fold.max()) + 1)
        )
        return cls(edges, labels, fold, scorers, seed)

    def probability(self) -> Float32:
        """(n, k) float32 of either direction of each edge."""
        return self._by_fold(self.edges, self.fold)

    def edges_among(self, rows: Float32, some: NDArray[np.bool_]) -> Edges:
        """Edges of whole folds by themselves, scored as among all.

        Args:
            rows: (n, d) rows of all.
            some: (n,) bool, whose.
        """
        alone = describe_edges(rows[some], self.edges.scale)
        return alone.edges(self._by_fold(alone, self.fold[some]))

    def scorer(self) -> UniversalScorer:
        """Learned from all folds."""
        everything = np.ones(len(self.labels), np.bool_)
        return train_edge_scorer(self.edges, self.labels, everything, seed=self.seed)

    def _by_fold(self, edges: DescribedEdges, fold: Int64) -> Float32:
        out = np.empty(edges.knn.indices.shape, np.float32)
        for each in np.unique(fold):
            mine = fold == each
            out[mine] = probabilities(self.scorers[each], edges, mine)
        return out
