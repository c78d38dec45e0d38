from __future__ import annotations

import numpy as np
import pytest

from covey.knn import build_knn_graph
from covey.similarity.jaccard import structure_matrix
from covey.types import KnnGraph, UsageError


def oracle(knn: KnnGraph, eta: float) -> np.ndarray:
    """The definition with sets."""
    lists = [[i, *row] for i, row in enumerate(knn.indices.tolist())]
    k = knn.k + 1

    def reciprocal(i: int, size: int) -> set[int]:
        return {j for j in lists[i][:size] if i in lists[j][:size]}

    expanded = []
    for i in range(knn.n):
        core = reciprocal(i, k)
        grown = set(core)
        for j in core:
            half = reciprocal(j, k // 2)
            if len(half & core) >= 2 / 3 * len(half) - 1e-9:
                grown |= half
        expanded.append(grown)
    score = np.empty(knn.indices.shape)
    for i in range(knn.n):
        for c, j in enumerate(knn.indices[i]):
            jaccard = len(expanded[i] & expanded[j]) / len(expanded[i] | expanded[j])
            score[i, c] = (1 - eta) * jaccard + eta * knn.similarities[i, c]
    return score


@pytest.mark.parametrize("k", [1, 2, 5, 12])
@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
def test_equals_sets(k: int, eta: float) -> None:
    rng = np.random.default_rng(k)
    x = rng.normal(size=(9, 6))[rng.integers(9, size=120)] + 0.6 * rng.normal(size=(120, 6))
    knn = build_knn_graph(x, k)
    np.testing.assert_allclose(structure_matrix(knn, eta=eta), oracle(knn, eta), atol=1e-6)


def test_sets_that_outgrow_the_first_buffer() -> None:
    """Expansion may add more members than lists have places."""
    knn = build_knn_graph(np.random.default_rng(0).normal(size=(400, 2)), 60)
    np.testing.assert_allclose(structure_matrix(knn), oracle(knn, 0.3), atol=1e-6)


@pytest.mark.parametrize("eta", [-0.1, 1.1, float("nan")])
def test_eta_out_of_range_is_refused(eta: float) -> None:
    knn = build_knn_graph(np.eye(3), 2)
    with pytest.raises(UsageError, match="eta"):
        structure_matrix(knn, eta=eta)
