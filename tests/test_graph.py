from __future__ import annotations

import numpy as np
import pytest

from covey.graph import knn_to_edges, local_sets
from covey.types import KnnGraph, UsageError


def random_knn(n: int, k: int, *, seed: int = 0, dtype: type = np.int32) -> KnnGraph:
    """Distinct random neighbours with random scores, which need not agree in both directions."""
    rng = np.random.default_rng(seed)
    indices = np.empty((n, k), dtype)
    for i in range(n):
        indices[i] = rng.choice(np.delete(np.arange(n), i), k, replace=False)
    similarities = -np.sort(-rng.random((n, k), np.float32), axis=1)
    return KnnGraph(indices, similarities)


def oracle(knn: KnnGraph, score: np.ndarray) -> dict[tuple[int, int], float]:
    found: dict[tuple[int, int], list[float]] = {}
    for i in range(knn.n):
        for c in range(knn.k):
            j = int(knn.indices[i, c])
            if i != j:
                found.setdefault((min(i, j), max(i, j)), []).append(float(score[i, c]))
    return {pair: sum(values) / len(values) for pair, values in found.items()}


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("own_score", [False, True])
def test_edges_equal_plain_loops(dtype: type, own_score: bool) -> None:
    knn = random_knn(60, 7, dtype=dtype)
    score = np.random.default_rng(1).normal(size=(60, 7)).astype(np.float32)
    edges = knn_to_edges(knn, score=score if own_score else None)
    expected = oracle(knn, score if own_score else knn.similarities)
    pairs = list(zip(edges.source.tolist(), edges.target.tolist(), strict=True))
    assert pairs == sorted(expected)
    np.testing.assert_allclose(edges.score, [expected[p] for p in pairs], rtol=1e-6)
    assert edges.source.dtype == dtype
    assert edges.score.dtype == np.float32


def test_loops_are_dropped() -> None:
    bare = random_knn(20, 4)
    own = np.arange(20, dtype=np.int32)[:, None]
    with_self = KnnGraph(
        np.hstack([own, bare.indices]),
        np.hstack([np.ones((20, 1), np.float32), bare.similarities]),
        includes_self=True,
    )
    a, b = knn_to_edges(bare), knn_to_edges(with_self)
    np.testing.assert_array_equal(a.source, b.source)
    np.testing.assert_array_equal(a.target, b.target)
    np.testing.assert_array_equal(a.score, b.score)


@pytest.mark.parametrize("n", [0, 1])
def test_no_neighbours_make_no_edges(n: int) -> None:
    empty = KnnGraph(np.empty((n, 0), np.int32), np.empty((n, 0), np.float32))
    edges = knn_to_edges(empty)
    assert edges.m == 0
    np.testing.assert_array_equal(local_sets(empty), np.arange(n)[:, None])


def test_scores_of_another_shape_are_refused() -> None:
    knn = random_knn(10, 3)
    with pytest.raises(UsageError, match="shape"):
        knn_to_edges(knn, score=np.zeros((10, 2), np.float32))


def test_local_sets_start_with_the_item() -> None:
    knn = random_knn(12, 4)
    np.testing.assert_array_equal(local_sets(knn)[:, 0], np.arange(12))
    np.testing.assert_array_equal(local_sets(knn)[:, 1:], knn.indices)
