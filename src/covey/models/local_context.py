"""What a learned scorer sees of an edge: many small tests, none of which knows the dimension.

Similarities are mapped so that random pairs of the collection lie at 0 and typical nearest
neighbours at 1; ranks and overlaps of neighbour lists have no unit at all. So one scorer can read
any embedding space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covey.graph import local_sets
from covey.similarity.bhattacharyya import bhattacharyya_matrix
from covey.similarity.jaccard import structure_matrix
from covey.similarity.overlap import neighbour_overlaps
from covey.similarity.smoothing import smoothed_matrix
from covey.types import Float32, IntArray, KnnGraph

LIST_LENGTH = 32
"""Neighbours of an item that the scorer looks at."""
_OVERLAPS = (5, 10, 20, 32)
_RANKS = (0, 1, 3, 7, 15, 31)
_PAIRS = 20_000  # random pairs that tell what no relation looks like

EDGE_FEATURES = (
    "similarity",
    "nearest similarity of the item",
    "nearest similarity of the neighbour",
    "mean of 5, item",
    "mean of 5, neighbour",
    "mean of all, item",
    "mean of all, neighbour",
    "similarity below the item's nearest",
    "similarity below the neighbour's nearest",
    "similarity above the mean of 10 of both ends",
    "log rank",
    "log rank the other way round",
    *(f"overlap of {length}" for length in _OVERLAPS),
    "shared transition probability",
    "reciprocal overlap",
    "smoothed similarity",
    "smoothed similarity below the item's nearest",
    "log occurrences among 10, item",
    "log occurrences among 10, neighbour",
    "log occurrences, item",
    "log occurrences, neighbour",
)
"""Columns of `LocalContext.edge_features`."""

COLLECTION_FEATURES = (
    "log nearest similarity over spread of random pairs",
    "log spread of random pairs",
    *(f"mean similarity at rank {rank + 1}" for rank in _RANKS),
    *(f"deviation of similarity at rank {rank + 1}" for rank in _RANKS),
    *(f"nearest similarity, quantile {q}" for q in (0.05, 0.25, 0.75, 0.95)),
    "reciprocal among 5",
    "reciprocal among 10",
    "reciprocal among all",
    "overlap of 5 among 5",
    "overlap of 10 among 10",
    "overlap of 32",
    "overlap of 32 with the nearest",
    "transition among 5",
    "transition",
    "deviation of transition",
    "reciprocal overlap",
    "reciprocal overlap among 5",
    "smoothed similarity",
    "deviation of smoothed similarity",
    "deviation of log occurrences among 10",
    "deviation of log occurrences",
)
"""Entries of `LocalContext.collection`."""


@dataclass(frozen=True, slots=True)
class LocalContext:
    """Measures of all edges of a collection, from which features are put together in blocks.

    Attributes:
        knn: The lists that are described, k of them at most `LIST_LENGTH`.
        zero, unit: Similarity of random pairs, and how far typical nearest neighbours lie above.
        similarity: (n, k) float32, (s - zero) / unit.
        measures: (n, k, 8) float16: log ranks the other way round, overlaps, transition,
            reciprocal overlap, smoothed similarity.
        density: (n, 6) float32: nearest similarity, means of 5, 10 and all, log occurrences in
            the first 10 and in all places of others' lists.
        collection: (g,) float32, as named by `COLLECTION_FEATURES`.
    """

    knn: KnnGraph
    zero: float
    unit: float
    similarity: Float32
    measures: np.ndarray[tuple[int, int, int], np.dtype[np.float16]]
    density: Float32
    collection: Float32

    def edge_features(self, items: IntArray) -> Float32:
        """(b, k, f) float32 features of the edges of b items, as named by `EDGE_FEATURES`."""
        near = self.knn.indices[items]
        s = self.similarity[items]
        own = np.broadcast_to(self.density[items][:, None, :], (*near.shape, 6))
        other = self.density[near]
        measures = self.measures[items].astype(np.float32)
        rank = np.broadcast_to(_log_rank(np.arange(near.shape[1])), near.shape)
        columns = [
            s,
            own[..., 0],
            other[..., 0],
            own[..., 1],
            other[..., 1],
            own[..., 3],
            other[..., 3],
            s - own[..., 0],
            s - other[..., 0],
            s - (own[..., 2] + other[..., 2]) / 2,
            rank,
            *np.moveaxis(measures, 2, 0),
            measures[..., 7] - measures[:, :1, 7],
            own[..., 4],
            other[..., 4],
            own[..., 5],
            other[..., 5],
        ]
        return np.stack(columns, axis=2)

    def local_tests(self, rows: Float32, items: IntArray) -> Float32:
        """(b, k + 1, k + 1) float32 similarities among each item and its neighbours, 1 with itself.

        (A_X of "Robust Graph Structure Learning via Multiple Statistical Tests", Wang et al.,
        NeurIPS 2022, on the scale of the collection.)
        """
        members = rows[local_sets(self.knn)[items]]
        tests = (members @ members.transpose(0, 2, 1) - np.float32(self.zero)) / np.float32(
            self.unit
        )
        diagonal = np.arange(tests.shape[1])
        tests[:, diagonal, diagonal] = 1
        return tests


def describe(rows: Float32, knn: KnnGraph, *, seed: int = 0) -> LocalContext:
    """Measures every edge of the lists.

    Args:
        rows: (n, d) float32 of unit length, n >= 2, that `knn` was built from.
        knn: Its neighbours by cosine, without the item itself, at most `LIST_LENGTH` of them.
        seed: Draws the random pairs.

    Returns:
        The context. O(n k (k + d)) time, 24 bytes an edge and the working memory of the measures.
    """
    n, k = knn.indices.shape
    zero, spread = _random_pairs(rows, seed)
    unit = max(float(np.median(knn.similarities[:, 0])) - zero, 1e-3)
    s = (knn.similarities - np.float32(zero)) / np.float32(unit)
    measures = np.empty((n, k, 8), np.float16)
    overlap, back = neighbour_overlaps(knn, _OVERLAPS)
    measures[..., 0] = _log_rank(back)
    measures[..., 1:5] = overlap
    measures[..., 5] = bhattacharyya_matrix(knn)
    measures[..., 6] = structure_matrix(knn, eta=0.0)
    smoothed = smoothed_matrix(rows, knn) - np.float32(zero)
    measures[..., 7] = smoothed / max(float(np.median(smoothed[:, 0])), 1e-3)
    means = [s[:, :1], *(s[:, :width].mean(axis=1, keepdims=True) for width in (5, 10, k))]
    seen = [
        np.log(np.bincount(knn.indices[:, :width].ravel(), minlength=n) / width + floor)[:, None]
        for width, floor in ((min(10, k), 0.1), (k, 0.03))
    ]
    density = np.hstack([*means, *seen]).astype(np.float32)
    collection = _describe_collection(s, measures, density, back, unit, spread)
    return LocalContext(knn, zero, unit, s, measures, density, collection)


def _describe_collection(
    s: Float32,
    measures: np.ndarray[tuple[int, int, int], np.dtype[np.float16]],
    density: Float32,
    back: IntArray,
    unit: float,
    spread: float,
) -> Float32:
    """The statistics named by `COLLECTION_FEATURES`."""
    k = s.shape[1]
    at_ranks = s[:, [min(rank, k - 1) for rank in _RANKS]]
    overlap, transition, reciprocal, smoothed = (
        measures[..., 1:5],
        measures[..., 5],
        measures[..., 6],
        measures[..., 7],
    )

    def mean(part: np.ndarray) -> float:  # type: ignore[type-arg]
        return float(part.mean(dtype=np.float64))

    def deviation(part: np.ndarray) -> float:  # type: ignore[type-arg]
        return float(part.std(dtype=np.float64))

    return np.array(
        [
            np.log(unit / spread),
            np.log(spread),
            *at_ranks.mean(axis=0),
            *at_ranks.std(axis=0),
            *np.quantile(s[:, 0], [0.05, 0.25, 0.75, 0.95]),
            mean(back[:, :5] < 5),
            mean(back[:, :10] < 10),
            mean(back < k),
            mean(overlap[:, :5, 0]),
            mean(overlap[:, :10, 1]),
            mean(overlap[..., 3]),
            mean(overlap[:, 0, 3]),
            mean(transition[:, :5]),
            mean(transition),
            deviation(transition),
            mean(reciprocal),
            mean(reciprocal[:, :5]),
            mean(smoothed),
            deviation(smoothed),
            deviation(density[:, 4]),
            deviation(density[:, 5]),
        ],
        np.float32,
    )


def _random_pairs(rows: Float32, seed: int) -> tuple[float, float]:
    """Mean and standard deviation of the similarity of random pairs."""
    rng = np.random.default_rng(seed)
    a = rng.integers(len(rows), size=_PAIRS)
    b = (a + rng.integers(1, len(rows), size=_PAIRS)) % len(rows)
    s = np.einsum("ij,ij->i", rows[a], rows[b])
    return float(s.mean(dtype=np.float64)), float(s.std(dtype=np.float64)) + 1e-6


def _log_rank(rank: IntArray) -> Float32:
    """Ranks from 0 on a logarithmic scale, 1 for `LIST_LENGTH`."""
    return (np.log1p(rank) / np.log1p(LIST_LENGTH)).astype(np.float32)
