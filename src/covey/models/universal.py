"""The universal scorer: trained on many collections, for embeddings it has never seen.

A small network turns the measures of an edge (`edge_features`: similarities on the scale of the
collection, ranks, overlaps, profiles of many tests) into the log odds that both ends share a group.
Nothing that it sees depends on the dimension or on what the embeddings are of.

It ranks edges within a collection. It does not say how many are right: whether a group is an intent
or a topic, a person or a family, no edge can tell, so training leaves that level free
(`training.universal`) and the choice of the cut fixes it. A transformer over the local sets, whose
level was trained too, fitted its training collections better and new ones worse (dev/LOG.md).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np
from scipy.special import expit

from covey.graph import nearest
from covey.models.edge_features import LIST_LENGTH, EdgeMeasures, Scale, measure_edges
from covey.models.network import Network
from covey.threads import bounded_threads
from covey.types import Edges, Float32, KnnGraph

_BLOCK = 256  # items run through the network at a time: their features fit the cache
_LEVEL = 0.85  # quantile of the log odds that scores put at 1/2: float32 is finest near 0


@dataclass(frozen=True, slots=True)
class UniversalScorer:
    """A network on `EDGE_FEATURES` with one output.

    Attributes:
        network: The weights.
        scale, level: What similarities are measured by, and the log odds whose score is 1/2; both
            taken from each collection if None.
    """

    network: Network
    scale: Scale | None = None
    level: float | None = None

    @property
    def longest(self) -> int:
        """Neighbours of an item that it weighs at most."""
        return LIST_LENGTH

    def score(self, rows: Float32, knn: KnnGraph) -> Float32:
        """Weighs the entries of the lists, one direction each.

        Args:
            rows: (n, d) float32 of unit length that `knn` was built from.
            knn: Neighbours by cosine, without the item itself; the first 64 are used.

        Returns:
            (n, min(k, 64)) float32 in (0, 1): the logistic of the log odds, 1/2 at `level` or at
            their quantile .85. It rises with the probability, whose level is open. About 5,000
            multiplications an edge and those of `measure_edges`.
        """
        if not knn.k:
            return np.empty((knn.n, 0), np.float32)
        measures = measure_edges(rows, nearest(knn, LIST_LENGTH), scale=self.scale)
        odds = self.log_odds(rows, measures)
        level = _level_of(odds) if self.level is None else self.level
        return expit(odds - np.float32(level))

    def fixed_on(self, rows: Float32, knn: KnnGraph) -> UniversalScorer:
        """The scorer with the scale and level of a collection, so that others compare with it."""
        measures = measure_edges(rows, nearest(knn, LIST_LENGTH))
        level = _level_of(self.log_odds(rows, measures))
        return UniversalScorer(self.network, measures.scale, level)

    @property
    def fixed_scale(self) -> Scale:
        """Its own scale, which it must have."""
        if self.scale is None:
            raise ValueError("the scorer takes its scale from each collection")
        return self.scale

    def as_others_see(self) -> UniversalScorer:
        """The scorer with the scale of each collection, its level as it is."""
        return UniversalScorer(self.network, None, self.level)

    def log_odds(self, rows: Float32, measures: EdgeMeasures) -> Float32:
        """(n, k) float32 log odds, on as many threads as kernels may take."""
        n = len(rows)
        out = np.empty(measures.knn.indices.shape, np.float32)

        def run(start: int) -> None:
            items = np.arange(start, min(start + _BLOCK, n))
            out[items] = self.network(measures.features(rows, items))[..., 0]

        threads = numba.get_num_threads()
        with bounded_threads(1), ThreadPoolExecutor(threads) as pool:
            for _ in pool.map(run, range(0, n, _BLOCK)):
                pass
        return out


def relative_weights(edges: Edges, cut: float) -> Edges:
    """Weighs edges by how far their odds lie above those of the cut: 1/2 at the cut, at most 1.

    Scores have an open level; this takes it from the cut, so that weights mean the same for any
    collection.

    Args:
        edges: Scores of `UniversalScorer`, `cut` or above.
        cut: In (0, 1).
    """
    odds = _odds(edges.score)
    weight = odds / (odds + _odds(np.float32(cut)))
    return Edges(edges.source, edges.target, weight.astype(np.float32), edges.probability)


def _odds(score: Float32 | np.float32) -> Float32:
    score = np.clip(score, np.float32(1e-30), np.float32(1 - 1e-7))
    return np.asarray(score / (1 - score), np.float32)


def _level_of(odds: Float32) -> float:
    """The quantile that scores put at 1/2."""
    return float(np.quantile(odds[:: max(1, len(odds) // 20_000)], _LEVEL))
