from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from covey.knn import build_knn_graph
from covey.similarity.local_scale import csls_matrix, mutual_proximity_matrix
from covey.types import KnnGraph


@pytest.fixture
def knn() -> KnnGraph:
    return build_knn_graph(np.random.default_rng(0).normal(size=(60, 6)), 8)


def each_pair(knn: KnnGraph, formula) -> np.ndarray:  # type: ignore[no-untyped-def]
    s = knn.similarities.astype(float)
    return np.array(
        [
            [formula(s[i, c], s[i], s[j]) for c, j in enumerate(row)]
            for i, row in enumerate(knn.indices)
        ]
    )


def test_mutual_proximity_equals_two_normal_laws(knn: KnnGraph) -> None:
    def formula(s: float, mine: np.ndarray, other: np.ndarray) -> float:
        laws = [NormalDist(row.mean(), row.std()) for row in (mine, other)]
        return laws[0].cdf(s) * laws[1].cdf(s)

    np.testing.assert_allclose(mutual_proximity_matrix(knn), each_pair(knn, formula), atol=1e-5)


def test_csls_equals_its_formula(knn: KnnGraph) -> None:
    expected = each_pair(knn, lambda s, mine, other: 2 * s - mine.mean() - other.mean())
    np.testing.assert_allclose(csls_matrix(knn), expected, atol=1e-5)
