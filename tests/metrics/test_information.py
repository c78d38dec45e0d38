"""Adjusted mutual information against scikit-learn, and its worth as a measure of agreement."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import adjusted_mutual_info_score

from covey.metrics.information import adjusted_mutual_information, entropy, information

_LABELS = st.integers(1, 40).flatmap(
    lambda n: st.tuples(*[arrays(np.int64, n, elements=st.integers(-2, 6)) for _ in "ab"])
)


@settings(deadline=None)
@given(_LABELS)
def test_equals_sklearn(labels) -> None:
    a, b = labels
    if len(np.unique(a)) == len(np.unique(b)) == 1 or (
        len(np.unique(a)) == len(np.unique(b)) == len(a)
    ):
        expected = 1.0  # equal partitions
    elif min(len(np.unique(a)), len(np.unique(b))) == 1:
        expected = 0.0  # one side says nothing
    else:
        expected = adjusted_mutual_info_score(a, b)
    assert adjusted_mutual_information(a, b) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("n", "groups", "clusters"), [(3_000, 40, 900), (3_000, 2_900, 1_500)])
def test_equals_sklearn_for_many_groups(n: int, groups: int, clusters: int) -> None:
    rng = np.random.default_rng(groups)
    a = rng.integers(0, groups, n)
    b = np.where(rng.random(n) < 0.5, a, rng.integers(0, clusters, n))
    expected = adjusted_mutual_info_score(a, b)
    assert adjusted_mutual_information(a, b) == pytest.approx(expected, abs=1e-9)


def test_names_and_sides_do_not_matter() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 9, 200), rng.integers(0, 5, 200)
    value = adjusted_mutual_information(a, b)
    assert adjusted_mutual_information(b, a) == pytest.approx(value, abs=1e-12)
    assert adjusted_mutual_information(100 - 7 * a, b.astype(np.int32)) == pytest.approx(value)
    assert adjusted_mutual_information(a, 3 * a) == 1.0


def test_independent_partitions_agree_by_chance_only() -> None:
    rng = np.random.default_rng(2)
    values = [
        adjusted_mutual_information(rng.integers(0, 60, 400), rng.integers(0, 60, 400))
        for _ in range(30)
    ]
    assert abs(np.mean(values)) < 0.01  # plain NMI would be about 0.5


def test_many_small_groups_do_not_overflow() -> None:
    pairs = np.arange(200_000) // 2
    rng = np.random.default_rng(3)
    assert adjusted_mutual_information(pairs, rng.permutation(pairs)) == pytest.approx(0, abs=1e-3)
    half_right = np.where(np.arange(200_000) < 100_000, pairs, 10**6 + rng.permutation(pairs))
    assert 0.4 < adjusted_mutual_information(pairs, half_right) < 0.6


def test_entropy() -> None:
    assert entropy(np.array([5])) == 0.0
    assert entropy(np.array([1, 1, 1, 1])) == pytest.approx(np.log(4))
    assert entropy(np.array([1, 3])) == pytest.approx(-0.25 * np.log(0.25) - 0.75 * np.log(0.75))


def test_information_of_a_refinement() -> None:
    """Splitting one of two groups keeps homogeneity whole and costs completeness."""
    homogeneity, completeness, nmi, ami = information(
        np.array([4, 2, 2]), np.array([4, 4]), np.array([4, 2, 2])
    )
    assert homogeneity == pytest.approx(1)
    assert completeness == pytest.approx(np.log(2) / (1.5 * np.log(2)))
    assert nmi == pytest.approx(2 * completeness / (1 + completeness))
    assert 0 < ami < nmi
