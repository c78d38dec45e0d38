"""The main job as one function: embeddings in, groups and how far to trust them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from covey.calibration import CutCurve
from covey.types import Clustering, Constraints, Edges, KnnGraph

Prefer = Literal["precision", "balanced", "recall"]
Progress = Callable[[str, float], None]
"""Called as `progress(stage, fraction)`, fraction in [0, 1]."""


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """How sure the clustering is, and what the other cuts would have given.

    Attributes:
        expected_precision: Expected share of same-cluster pairs that belong together, in [0, 1].
        expected_recall: Expected share of belonging pairs that share a cluster, in [0, 1].
        cut: The edge probability below which edges were ignored.
        curve: The partition at every cut that was tried.
        method: Name of the scorer.
        partition: Name of the partition that `auto` took.
        prefer: The user's dial.
        seconds: Wall seconds of each stage, by name.
        cohesion: (n_clusters,) float32, expected share of true pairs within each cluster;
            1 for singletons.
        notes: Sentences for the user: what was odd about this collection.
    """

    expected_precision: float
    expected_recall: float
    cut: float
    curve: CutCurve
    method: str
    partition: str
    prefer: Prefer
    seconds: dict[str, float]
    cohesion: NDArray[np.float32]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ClusterResult:
    """Everything that one run gives.

    Attributes:
        clustering: The partition, with a strength per item.
        report: How far to trust it.
        edges: Calibrated edges that the partition was made from.
        knn: The neighbours that the edges were made from.
    """

    clustering: Clustering
    report: ClusterReport
    edges: Edges
    knn: KnnGraph


def cluster(
    x: ArrayLike,
    *,
    k: int | None = None,
    method: str = "auto",
    partition: str = "auto",
    prefer: Prefer = "balanced",
    metric: Literal["cosine", "euclidean"] = "cosine",
    constraints: Constraints | None = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> ClusterResult:
    """Groups the rows of `x`, with no labels, no number of groups and no threshold."""
    raise NotImplementedError
