"""Scores to probabilities: monotone, calibrated, whole for any number of edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.calibration import calibrate, with_probability
from covey.types import Edges


def _edges(score: np.ndarray) -> Edges:
    source = np.zeros(len(score), np.int64)
    return Edges(source, source + 1 + np.arange(len(score)), score.astype(np.float32))


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(-20, 20), st.floats(0, 1, width=32)), min_size=1, max_size=60)
)
def test_monotone_and_in_range(pairs) -> None:
    score = np.array([s / 4 for s, _ in pairs])
    together = np.array([t for _, t in pairs], np.float32)
    edges = _edges(score)
    calibration = calibrate(edges, together)
    assert (np.diff(calibration.score) >= 0).all()
    assert (np.diff(calibration.probability) >= 0).all()
    got = calibration(np.linspace(-9, 9, 101, dtype=np.float32))
    assert got.dtype == np.float32
    assert (np.diff(got) >= 0).all()
    assert ((got >= 0) & (got <= 1)).all()
    order = np.argsort(edges.score, kind="stable")
    assert (np.diff(with_probability(edges, calibration).probability[order]) >= 0).all()


def _pools(values: np.ndarray) -> np.ndarray:
    """Isotonic regression the slow way: the largest of the smallest means (min-max formula)."""
    fitted = np.empty(len(values))
    for i in range(len(values)):
        fitted[i] = max(
            min(values[a : b + 1].mean() for b in range(i, len(values))) for a in range(i + 1)
        )
    return fitted


def test_equals_pooling_by_hand() -> None:
    rng = np.random.default_rng(0)
    score = np.sort(rng.normal(size=40))
    together = (rng.random(40) < 1 / (1 + np.exp(-score))).astype(np.float32)
    got = with_probability(_edges(score), calibrate(_edges(score), together)).probability
    np.testing.assert_allclose(got, _pools(together.astype(float)), atol=1e-6)


def test_recovers_a_known_chance() -> None:
    rng = np.random.default_rng(1)
    score = rng.random(100_000)
    together = (rng.random(100_000) < score**2).astype(np.float32)
    calibration = calibrate(_edges(score), together)
    assert len(calibration.score) <= 400
    at = np.linspace(0.05, 0.95, 19, dtype=np.float32)
    np.testing.assert_allclose(calibration(at), at**2, atol=0.06)


def test_evidence_against_the_order_gives_its_mean() -> None:
    edges = _edges(np.array([1.0, 2.0, 3.0]))
    calibration = calibrate(edges, np.array([1, 0.5, 0], np.float32))
    np.testing.assert_allclose(calibration(edges.score), 0.5)


def test_one_edge_and_equal_scores() -> None:
    one = calibrate(_edges(np.array([0.3])), np.array([0.7], np.float32))
    np.testing.assert_allclose(one(np.array([-5, 0.3, 5], np.float32)), 0.7, atol=1e-6)
    tied = calibrate(_edges(np.full(1000, 0.3)), (np.arange(1000) % 4 == 0).astype(np.float32))
    np.testing.assert_allclose(tied(np.array([0.3], np.float32)), 0.25, atol=1e-6)


def test_the_order_of_edges_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    score, together = rng.random(3000), rng.random(3000).astype(np.float32)
    order = rng.permutation(3000)
    a = calibrate(_edges(score), together)
    b = calibrate(_edges(score[order]), together[order])
    np.testing.assert_allclose(a.probability, b.probability, atol=1e-12)


def test_probability_becomes_the_weight() -> None:
    edges = _edges(np.array([0.1, 0.9]))
    calibrated = with_probability(edges, calibrate(edges, np.array([0, 1], np.float32)))
    assert calibrated.source is edges.source
    np.testing.assert_array_equal(calibrated.score, edges.score)
    np.testing.assert_array_equal(calibrated.weight, [0, 1])
    assert pytest.approx(0.5) == float(calibrate(edges, calibrated.weight)(np.float32([0.5]))[0])
