"""The four nouns that travel between the stages, and the errors that every stage may raise.

Nothing else is passed from stage to stage. All four are frozen dataclasses of arrays, checked for
shape when they are made, so that a stage may trust what it is handed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Int64 = NDArray[np.int64]
IntArray = NDArray[np.integer[Any]]


class CoveyError(Exception):
    """Anything that Covey refuses, with a message of one line: what, where, and the way out."""

    exit_code = 1


class UsageError(CoveyError, ValueError):
    """Options that contradict each other or lie out of range."""

    exit_code = 2


class InputError(CoveyError, ValueError):
    """Input that cannot be used: the message names the file, the row and the value."""

    exit_code = 3


class MemoryLimitError(CoveyError, MemoryError):
    """A step would need more memory than there is; raised before the memory is taken."""

    exit_code = 4


class MissingExtraError(CoveyError, ImportError):
    """An optional dependency is not installed; the message names the `pip install` line."""

    exit_code = 5


@dataclass(frozen=True, slots=True)
class KnnGraph:
    """The k nearest neighbours of each of n items.

    Attributes:
        indices: (n, k) int32 or int64. Each row is sorted by similarity descending, ties by index.
        similarities: (n, k) float32, larger is closer, aligned with `indices`.
        includes_self: Whether column 0 is the item itself.
    """

    indices: IntArray
    similarities: Float32
    includes_self: bool = False

    def __post_init__(self) -> None:
        if self.indices.ndim != 2 or self.indices.shape != self.similarities.shape:
            raise ValueError(
                f"indices {self.indices.shape} and similarities {self.similarities.shape} "
                "must be two matrices of the same shape (n, k)"
            )

    @property
    def n(self) -> int:
        """Number of items."""
        return int(self.indices.shape[0])

    @property
    def k(self) -> int:
        """Number of columns, the item itself counted where `includes_self`."""
        return int(self.indices.shape[1])


@dataclass(frozen=True, slots=True)
class Edges:
    """Undirected edges, each unordered pair once, no loops.

    Attributes:
        source, target: (m,) integers, the two ends; `source < target`.
        score: (m,) float32, larger means closer. Any scale.
        probability: (m,) float32 in [0, 1] that both ends belong together, or None before
            calibration.
    """

    source: IntArray
    target: IntArray
    score: Float32
    probability: Float32 | None = None

    def __post_init__(self) -> None:
        shapes = {self.source.shape, self.target.shape, self.score.shape}
        if self.probability is not None:
            shapes.add(self.probability.shape)
        if len(shapes) != 1 or self.source.ndim != 1:
            raise ValueError(f"edge arrays must be vectors of one length, got shapes {shapes}")

    @property
    def m(self) -> int:
        """Number of edges."""
        return int(self.source.shape[0])

    @property
    def weight(self) -> Float32:
        """The probability where the edges are calibrated, otherwise the score."""
        return self.score if self.probability is None else self.probability


@dataclass(frozen=True, slots=True)
class Clustering:
    """A partition of n items.

    Attributes:
        labels: (n,) int64, numbered by first appearance from 0. A cluster of one is a singleton;
            -1 stands only where the caller asked for noise to be called noise.
        strength: (n,) float32 in [0, 1], how firmly each item sits in its cluster.
        cut: The edge weight below which edges were ignored, or None.
        tree: (t, 4) float64 merge hierarchy in the layout of `scipy.cluster.hierarchy.linkage`
            (left, right, height as dissimilarity, size), or None.
    """

    labels: Int64
    strength: Float32
    cut: float | None = None
    tree: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        if self.labels.ndim != 1 or self.labels.shape != self.strength.shape:
            raise ValueError(
                f"labels {self.labels.shape} and strength {self.strength.shape} must be vectors "
                "of one length"
            )

    @property
    def n(self) -> int:
        """Number of items."""
        return int(self.labels.shape[0])

    @property
    def n_clusters(self) -> int:
        """Number of clusters, singletons counted, noise not."""
        return int(self.labels.max(initial=-1)) + 1

    @property
    def sizes(self) -> Int64:
        """(n_clusters,) int64, items in each cluster."""
        return np.bincount(self.labels[self.labels >= 0], minlength=self.n_clusters).astype(
            np.int64
        )

    @property
    def n_singletons(self) -> int:
        """Number of clusters of one item."""
        return int(np.count_nonzero(self.sizes == 1))


def _no_pairs() -> Int64:
    return np.empty((0, 2), np.int64)


@dataclass(frozen=True, slots=True)
class Constraints:
    """What is known for certain about pairs of items.

    Attributes:
        must_link: (p, 2) int64 pairs that share a cluster. Applied transitively.
        cannot_link: (q, 2) int64 pairs that do not.
        exclusive: (n,) or (n, e) int64, or None: items with the same non-negative number in a
            column are pairwise cannot-link (two faces in one photo); negative numbers mean no such
            group. Each column counts for itself.
    """

    must_link: Int64 = field(default_factory=_no_pairs)
    cannot_link: Int64 = field(default_factory=_no_pairs)
    exclusive: Int64 | None = None

    def __post_init__(self) -> None:
        for name in ("must_link", "cannot_link"):
            pairs = getattr(self, name)
            if pairs.ndim != 2 or pairs.shape[1] != 2:
                raise ValueError(f"{name} must have shape (p, 2), got {pairs.shape}")

    def __bool__(self) -> bool:
        return bool(len(self.must_link) or len(self.cannot_link) or self.exclusive is not None)
