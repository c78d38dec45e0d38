"""One mixture with noise, what `cluster` makes of it, and when two results are the same."""

from collections.abc import Callable

import numpy as np
import pytest

from covey.clustering import ClusterResult, cluster
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.partition.canonical import renumber


@pytest.fixture(scope="session")
def mixture() -> tuple[np.ndarray, np.ndarray]:
    """Embeddings (600, 48) and labels."""
    return von_mises_fisher_mixture(600, 48, n_groups=30, noise=0.1, seed=3)


@pytest.fixture(scope="session")
def found(mixture) -> ClusterResult:
    return cluster(mixture[0])


@pytest.fixture(scope="session")
def assert_same() -> Callable[..., None]:
    """`assert_same(a, b, order)`: b groups `order` of what a groups, up to names of clusters."""

    def check(a: ClusterResult, b: ClusterResult, order: np.ndarray | slice = slice(None)) -> None:
        np.testing.assert_array_equal(b.clustering.labels, renumber(a.clustering.labels[order]))
        np.testing.assert_array_equal(b.clustering.strength, a.clustering.strength[order])
        assert b.clustering.cut == a.clustering.cut
        assert b.report.method == a.report.method
        assert b.report.agreement == a.report.agreement
        assert b.report.expected_precision == a.report.expected_precision

    return check
