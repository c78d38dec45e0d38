"""What a learned scorer sees of an edge: many small tests, none of which knows the dimension.

Similarities are mapped so that random pairs of the collection lie at 0 and typical nearest
neighbours at 1; ranks and overlaps of neighbour lists have no unit at all. So one scorer can read
any embedding space.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.similarity.bhattacharyya import bhattacharyya_matrix
from covey.similarity.overlap import neighbour_overlaps
from covey.similarity.smoothing import smoothed_matrix
from covey.types import Float32, IntArray, KnnGraph

LIST_LENGTH = 64
"""Neighbours of an item that the scorer looks at."""
_TESTS = 32  # nearest neighbours that every member of a list is compared with
_OVERLAPS = (5, 10, 20, 40)
_PAIRS = 20_000  # random pairs that tell what no relation looks like
_WIDE = 20  # neighbours in the wider of two smoothings

EDGE_FEATURES = (
    "similarity",
    "similarity below the item's nearest",
    "similarity below the neighbour's nearest",
    "similarity above the mean of 10 of both ends",
    "log rank",
    "log rank the other way round",
    *(f"overlap of {length}" for length in _OVERLAPS),
    "shared transition probability",
    "smoothed similarity",
    "smoothed similarity below the item's nearest",
    "widely smoothed similarity",
    "profile similarity",
    "profile similarity below the item's nearest",
    "mean of 5, item",
    "mean of 5, neighbour",
    "mean of 30, item",
    "mean of 30, neighbour",
    "log occurrences among 10, item",
    "log occurrences among 10, neighbour",
)
"""Columns of `EdgeMeasures.features`."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the similarities of a collection are measured by.

    Attributes:
        zero: Similarity of random pairs.
        unit: How far above that the nearest neighbour of an item typically lies.
        narrow, wide: The same for similarities of neighbourhood means, less and more smoothed.
    """

    zero: float
    unit: float
    narrow: float
    wide: float


@dataclass(frozen=True, slots=True)
class EdgeMeasures:
    """Measures of all edges of a collection, from which features are put together in blocks.

    Attributes:
        knn: The lists that are described, k of them at most `LIST_LENGTH`.
        scale: What similarities are measured by.
        similarity: (n, k) float32, (s - zero) / unit.
        measures: (n, k, 8) float16: log ranks the other way round, overlaps, transition, smoothed
            and widely smoothed similarity.
        density: (n, 5) float32: nearest similarity, means of 5, 10 and 30, log occurrences in the
            first 10 places of others' lists.
    """

    knn: KnnGraph
    scale: Scale
    similarity: Float32
    measures: NDArray[np.float16]
    density: Float32

    def features(self, rows: Float32, items: IntArray) -> Float32:
        """(b, k, f) float32 features of the edges of b items, as named by `EDGE_FEATURES`."""
        near = self.knn.indices[items]
        s = self.similarity[items]
        own = np.broadcast_to(self.density[items][:, None, :], (*near.shape, 5))
        other = self.density[near]
        measures = self.measures[items].astype(np.float32)
        profile = self._profile_similarity(rows, items)
        columns = [
            s,
            s - own[..., 0],
            s - other[..., 0],
            s - (own[..., 2] + other[..., 2]) / 2,
            np.broadcast_to(_log_rank(np.arange(near.shape[1])), near.shape),
            *np.moveaxis(measures[..., :7], 2, 0),
            measures[..., 6] - measures[:, :1, 6],
            measures[..., 7],
            profile,
            profile - profile[:, :1],
            own[..., 1],
            other[..., 1],
            own[..., 3],
            other[..., 3],
            own[..., 4],
            other[..., 4],
        ]
        return np.stack(columns, axis=2)

    def _profile_similarity(self, rows: Float32, items: IntArray) -> Float32:
        """(b, k) cosines of the centred profiles of each item and its neighbours.

        A profile is the similarity to each member of the local set: the item and its 32 nearest.
        Where a member meets itself it counts as near as the item's nearest neighbour. (The
        untrained multiple tests of "Robust Graph Structure Learning via Multiple Statistical
        Tests", Wang et al., NeurIPS 2022, centred; see `similarity.profiles`.)
        """
        members = rows[np.column_stack([items, self.knn.indices[items]])]
        size = min(_TESTS + 1, members.shape[1])
        profiles = members @ members[:, :size].transpose(0, 2, 1)
        itself = np.arange(size)
        profiles[:, itself, itself] = profiles[:, 0, 1, None]
        profiles -= profiles.mean(axis=2, keepdims=True)
        length = np.sqrt(np.einsum("bij,bij->bi", profiles, profiles))
        cosine = (profiles @ profiles[:, 0, :, None])[..., 0]
        cosine /= np.maximum(length * length[:, :1], np.float32(1e-9))
        return cosine[:, 1:]


def measure_edges(
    rows: Float32, knn: KnnGraph, *, scale: Scale | None = None, seed: int = 0
) -> EdgeMeasures:
    """Measures every edge of the lists.

    Args:
        rows: (n, d) float32 of unit length, n >= 2, that `knn` was built from.
        knn: Its neighbours by cosine, without the item itself, at most `LIST_LENGTH` of them.
        scale: That of the collection of which this is a part or the whole; its own if None.
        seed: Draws the random pairs.

    Returns:
        The measures. O(n k (k + d)) time, 20 bytes an edge and the working memory of the kernels.
    """
    n, k = knn.indices.shape
    smoothed = [smoothed_matrix(rows, knn, neighbours=width) for width in (5, _WIDE)]
    if scale is None:
        scale = _measure_scale(rows, [knn.similarities, *smoothed], seed)
    zero = np.float32(scale.zero)
    s = (knn.similarities - zero) / np.float32(scale.unit)
    measures = np.empty((n, k, 8), np.float16)
    overlap, back = neighbour_overlaps(knn, _OVERLAPS)
    measures[..., 0] = _log_rank(np.where(back == k, LIST_LENGTH, back))
    measures[..., 1:5] = overlap
    measures[..., 5] = bhattacharyya_matrix(knn)
    measures[..., 6] = (smoothed[0] - zero) / np.float32(scale.narrow)
    measures[..., 7] = (smoothed[1] - zero) / np.float32(scale.wide)
    density = np.empty((n, 5), np.float32)
    density[:, 0] = s[:, 0]
    for column, width in ((1, 5), (2, 10), (3, 30)):
        density[:, column] = s[:, :width].mean(axis=1)
    width = min(10, k)
    seen = np.bincount(knn.indices[:, :width].ravel(), minlength=n) / width
    density[:, 4] = np.log(seen + 0.1)
    return EdgeMeasures(knn, scale, s, measures, density)


def _measure_scale(rows: Float32, similarities: list[Float32], seed: int) -> Scale:
    """Random pairs of rows, and typical nearest neighbours by each of three similarities."""
    zero = _random_similarity(rows, seed)
    above = [max(float(np.median(matrix[:, 0])) - zero, 1e-3) for matrix in similarities]
    return Scale(zero, *above)


def _random_similarity(rows: Float32, seed: int) -> float:
    """Mean similarity of random pairs."""
    rng = np.random.default_rng(seed)
    a = rng.integers(len(rows), size=_PAIRS)
    b = (a + rng.integers(1, len(rows), size=_PAIRS)) % len(rows)
    return float(np.einsum("ij,ij->i", rows[a], rows[b]).mean(dtype=np.float64))


def _log_rank(rank: IntArray) -> Float32:
    """Ranks from 0 on a logarithmic scale, 1 for `LIST_LENGTH`."""
    return (np.log1p(rank) / np.log1p(LIST_LENGTH)).astype(np.float32)
