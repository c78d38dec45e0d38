"""Digits as `cluster` groups them, and results made by hand for odd cases."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.datasets import load_digits

from covey.calibration import Calibration, CutCurve
from covey.cluster_report import ClusterReport
from covey.clustering import ClusterResult, cluster
from covey.grouping_rule import GroupingRule
from covey.selection import Recipe
from covey.types import Clustering, Edges, KnnGraph


def components(edges: Edges, cut: float, n: int) -> np.ndarray:
    kept = edges.weight >= cut
    ends = (edges.source[kept], edges.target[kept])
    graph = coo_array((np.ones(ends[0].shape[0]), ends), shape=(n, n))
    found = connected_components(graph, directed=False)[1]
    _, first, label = np.unique(found, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[label].astype(np.int64)


def make_result(edges: Edges, knn: KnnGraph, labels: np.ndarray, cut: float) -> ClusterResult:
    """A result with strengths and cohesions that are the means of the edges inside."""
    n = labels.shape[0]
    inside = (labels[edges.source] == labels[edges.target]) & (labels[edges.source] >= 0)
    s, t, w = edges.source[inside], edges.target[inside], edges.weight[inside]
    degree = np.bincount(s, minlength=n) + np.bincount(t, minlength=n)
    total = np.bincount(s, w, minlength=n) + np.bincount(t, w, minlength=n)
    strength = np.where(degree > 0, total / np.maximum(degree, 1) * (1 - 0.5**degree), 0)
    clustering = Clustering(labels, strength.astype(np.float32), cut=cut)
    c = clustering.n_clusters
    links = np.bincount(labels[s], minlength=c)
    cohesion = np.where(links, np.bincount(labels[s], w, minlength=c) / np.maximum(links, 1), 1.0)
    cuts = np.linspace(0.05, 0.95, 37) if edges.m else np.array([0.5])
    parts = [components(edges, at, n) for at in cuts]
    sizes = [np.bincount(part) if n else np.zeros(1, int) for part in parts]
    rise = np.linspace(0, 1, len(cuts))
    curve = CutCurve(
        cut=cuts,
        n_clusters=np.array([p.max(initial=-1) + 1 for p in parts]),
        n_singletons=np.array([np.count_nonzero(b == 1) for b in sizes]),
        largest=np.array([b.max() for b in sizes]),
        precision=0.2 + 0.79 * rise**0.4,
        recall=0.98 - 0.8 * rise**3,
        agreement=0.9 - 0.5 * np.abs(rise - 0.6),
        chosen=int(np.argmin(np.abs(cuts - cut))),
    )
    report = ClusterReport(
        expected_precision=float(curve.precision[curve.chosen]),
        expected_recall=float(curve.recall[curve.chosen]),
        agreement=float(curve.agreement[curve.chosen]),
        cut=cut,
        curve=curve,
        method="structure",
        partition="components",
        prefer="balanced",
        k=knn.k,
        n_unique=n,
        seconds={"neighbours": 0.21, "score": 0.08, "calibrate": 0.02, "partition": 0.01},
        cohesion=cohesion.astype(np.float32),
        notes=["2 items repeat another row exactly and share its cluster."],
    )
    evidence = Calibration(np.array([0.0, 1.0]), np.array([0.0, 1.0]))
    rule = GroupingRule(Recipe("structure", knn.k, "components"), cut, evidence)
    return ClusterResult(clustering, report, edges, knn, rule)


@pytest.fixture(scope="session")
def digits() -> tuple[ClusterResult, np.ndarray, np.ndarray]:
    """Result, images (n, 8, 8) and embeddings (n, 64) of scikit-learn's digits."""
    data = load_digits()
    return cluster(data.data), data.images, data.data


def linked(labels: list[int], links: list[tuple[int, int, float]], cut: float = 0.5):
    """A result whose neighbour lists are its links, heaviest first, filled up with -1."""
    n = len(labels)
    s, t, w = (np.array(column) for column in zip(*links, strict=True))
    edges = Edges(s, t, w.astype(np.float32), w.astype(np.float32))
    weight = np.zeros((n, n), np.float32)
    weight[s, t] = weight[t, s] = w
    k = int((weight > 0).sum(axis=1).max())
    indices = np.argsort(-weight, axis=1, kind="stable")[:, :k]
    similarities = np.take_along_axis(weight, indices, axis=1)
    knn = KnnGraph(np.where(similarities > 0, indices, -1), similarities)
    return make_result(edges, knn, np.array(labels, np.int64), cut)


@pytest.fixture(scope="session")
def result_from() -> Callable[..., ClusterResult]:
    """`result_from(labels, links)`."""
    return linked


@pytest.fixture(scope="session")
def result_of() -> Callable[[Edges, KnnGraph, np.ndarray, float], ClusterResult]:
    """`result_of(edges, knn, labels, cut)`."""
    return make_result


@pytest.fixture(scope="session")
def ring() -> Callable[[range, float], list[tuple[int, int, float]]]:
    """`ring(items, weight)`: links of each item to the three on either side."""

    def links(items: range, weight: float) -> list[tuple[int, int, float]]:
        return [
            (a, b, weight)
            for i, a in enumerate(items)
            for b in items[i + 1 :]
            if b - a <= 3 or b - a >= len(items) - 3
        ]

    return links
