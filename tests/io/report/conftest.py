"""Results made by hand: a threshold graph and its connected components."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from covey.calibration import CutCurve
from covey.clustering import ClusterReport, ClusterResult
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
        chosen=int(np.argmin(np.abs(cuts - cut))),
    )
    report = ClusterReport(
        expected_precision=float(curve.precision[curve.chosen]),
        expected_recall=float(curve.recall[curve.chosen]),
        cut=cut,
        curve=curve,
        method="structure",
        partition="components",
        prefer="balanced",
        seconds={"neighbours": 0.21, "score": 0.08, "calibrate": 0.02, "partition": 0.01},
        cohesion=cohesion.astype(np.float32),
        notes=["2 items are exact copies of another item."],
    )
    return ClusterResult(clustering, report, edges, knn)


def neighbour_result(x: np.ndarray, k: int, cut: float, *, sharp: float = 12.0) -> ClusterResult:
    """Threshold graph on cosine similarities, connected components."""
    n = x.shape[0]
    unit = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)
    k = min(k, n - 1)
    distance, index = NearestNeighbors(n_neighbors=k + 1, metric="cosine").fit(unit).kneighbors()
    index, similar = index[:, :k], (1.0 - distance[:, :k]).astype(np.float32)
    source = np.repeat(np.arange(n), k)
    pairs = np.stack([source, index.ravel()], axis=1)
    pairs.sort(axis=1)
    pairs, first = np.unique(pairs, axis=0, return_index=True)
    score = similar.ravel()[first]
    middle = float(np.quantile(score, 0.25))
    probability = 1.0 / (1.0 + np.exp(-sharp * (score - middle) / max(score.std(), 1e-6) / 4))
    edges = Edges(pairs[:, 0], pairs[:, 1], score, probability.astype(np.float32))
    knn = KnnGraph(index.astype(np.int64), similar)
    return make_result(edges, knn, components(edges, cut, n), cut)


@pytest.fixture(scope="session")
def digits() -> tuple[ClusterResult, np.ndarray, np.ndarray]:
    """Result, images (n, 8, 8) and embeddings (n, 64) of scikit-learn's digits."""
    data = load_digits()
    return neighbour_result(data.data, 10, 0.8), data.images, data.data


@pytest.fixture(scope="session")
def result_of() -> Callable[[Edges, KnnGraph, np.ndarray, float], ClusterResult]:
    """`result_of(edges, knn, labels, cut)`."""
    return make_result
