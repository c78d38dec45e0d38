from __future__ import annotations

import numpy as np
import pytest

from covey.knn import build_knn_graph
from covey.similarity.bhattacharyya import bhattacharyya_matrix, neighbour_scale
from covey.types import KnnGraph, UsageError


def oracle(knn: KnnGraph, scale: float) -> np.ndarray:
    """The definition with one dictionary of probabilities an item."""
    steps = []
    for i in range(knn.n):
        row = knn.similarities[i].astype(float)
        weight = {i: np.exp(row[0] / scale)}
        weight |= {j: np.exp(s / scale) for j, s in zip(knn.indices[i].tolist(), row, strict=True)}
        total = sum(weight.values())
        steps.append({j: w / total for j, w in weight.items()})
    return np.array(
        [
            [sum(np.sqrt(p * steps[j].get(m, 0)) for m, p in steps[i].items()) for j in row]
            for i, row in enumerate(knn.indices.tolist())
        ]
    )


@pytest.mark.parametrize("scale", [0.05, 0.5])
@pytest.mark.parametrize("k", [1, 4, 11])
def test_equals_the_sum_over_shared_places(scale: float, k: int) -> None:
    knn = build_knn_graph(np.random.default_rng(0).normal(size=(70, 5)), k)
    np.testing.assert_allclose(
        bhattacharyya_matrix(knn, scale=scale), oracle(knn, scale), atol=1e-5
    )


def test_scale_is_the_median_gap() -> None:
    knn = build_knn_graph(np.random.default_rng(0).normal(size=(70, 5)), 12)
    gaps = [row[0] - row[9] for row in knn.similarities]
    assert neighbour_scale(knn) == pytest.approx(np.median(gaps), rel=1e-5)
    np.testing.assert_array_equal(
        bhattacharyya_matrix(knn), bhattacharyya_matrix(knn, scale=neighbour_scale(knn))
    )


def test_scale_of_twins_only_is_one() -> None:
    assert neighbour_scale(build_knn_graph(np.ones((20, 3)), 12)) == 1


def test_euclidean_similarities_do_not_overflow() -> None:
    x = 1000 * np.random.default_rng(0).normal(size=(50, 5))
    score = bhattacharyya_matrix(build_knn_graph(x, 6, metric="euclidean"), scale=0.1)
    assert np.isfinite(score).all()


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan")])
def test_scale_out_of_range_is_refused(scale: float) -> None:
    with pytest.raises(UsageError, match="scale"):
        bhattacharyya_matrix(build_knn_graph(np.eye(3), 2), scale=scale)
