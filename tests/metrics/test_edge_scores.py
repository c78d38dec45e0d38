"""`covey.metrics.edges` against plain loops and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from covey.metrics.edges import average_precision, expected_calibration_error, reliability
from covey.types import Edges, InputError, UsageError


def random_edges(seed: int, n: int = 60, m: int = 400, steps: int = 20) -> tuple[Edges, np.ndarray]:
    """Edges with many equal scores, and labels of which some are unknown."""
    rng = np.random.default_rng(seed)
    source, target = np.sort(rng.integers(n, size=(2, m)), axis=0)
    probability = (rng.integers(steps + 1, size=m) / steps).astype(np.float32)
    edges = Edges(source, target, rng.normal(size=m).astype(np.float32), probability)
    return edges, rng.integers(-1, 4, size=n)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000))
def test_average_precision_equals_the_reference(seed):
    edges, labels = random_edges(seed)
    known = (labels[edges.source] >= 0) & (labels[edges.target] >= 0)
    true = (labels[edges.source] == labels[edges.target])[known]
    expected = average_precision_score(true, edges.probability[known])
    assert average_precision(edges, labels) == pytest.approx(expected, abs=1e-12)
    bare = Edges(edges.source, edges.target, edges.score)
    expected = average_precision_score(true, edges.score[known])
    assert average_precision(bare, labels) == pytest.approx(expected, abs=1e-12)


def test_average_precision_of_a_perfect_and_of_no_ranking():
    source, target = np.array([0, 0, 1]), np.array([1, 2, 2])
    edges = Edges(source, target, np.array([0.9, 0.2, 0.1], np.float32))
    assert average_precision(edges, [0, 0, 1]) == 1.0
    assert np.isnan(average_precision(edges, [0, 1, 2]))
    assert np.isnan(average_precision(edges, [-1, -1, -1]))
    tied = Edges(source, target, np.ones(3, np.float32))
    assert average_precision(tied, [0, 0, 1]) == pytest.approx(1 / 3)


@pytest.mark.parametrize("bins", [1, 3, 10])
def test_reliability_equals_plain_loops(bins):
    edges, labels = random_edges(7)
    kept = [[] for _ in range(bins)]
    for i, j, p in zip(edges.source, edges.target, edges.probability, strict=True):
        if labels[i] >= 0 and labels[j] >= 0:
            kept[min(int(float(p) * bins), bins - 1)].append((float(p), labels[i] == labels[j]))
    table = reliability(edges, labels, bins=bins)
    error, total = 0.0, sum(map(len, kept))
    for b, pairs in enumerate(kept):
        promised, true = map(np.mean, zip(*pairs, strict=True))
        assert table.count[b] == len(pairs)
        assert (table.expected[b], table.observed[b]) == pytest.approx((promised, true))
        error += len(pairs) / total * abs(promised - true)
    assert expected_calibration_error(edges, labels, bins=bins) == pytest.approx(error)
    np.testing.assert_allclose(table.bounds, np.arange(bins + 1) / bins)


def test_empty_bins_are_nan_and_do_not_count():
    edges = Edges(
        np.array([0, 1]),
        np.array([1, 2]),
        np.zeros(2, np.float32),
        np.array([1.0, 0.0], np.float32),
    )
    table = reliability(edges, [0, 0, 1])
    assert table.count.tolist() == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
    assert np.isnan(table.expected[1:9]).all()
    assert expected_calibration_error(edges, [0, 0, 1]) == 0.0
    assert np.isnan(expected_calibration_error(edges, [-1, -1, -1]))


def test_no_edges():
    none = np.empty(0, np.int64)
    edges = Edges(none, none, np.empty(0, np.float32), np.empty(0, np.float32))
    assert np.isnan(average_precision(edges, [0, 1]))
    assert np.isnan(expected_calibration_error(edges, []))


def test_refuses_what_cannot_be_judged():
    ends = np.array([0]), np.array([1])
    with pytest.raises(UsageError, match="calibrate"):
        reliability(Edges(*ends, np.ones(1, np.float32)), [0, 0])
    edges = Edges(*ends, np.ones(1, np.float32), np.array([1.5], np.float32))
    with pytest.raises(InputError, match=r"outside \[0, 1\]"):
        reliability(edges, [0, 0])
    with pytest.raises(InputError, match="item 1, but there are 1 labels"):
        average_precision(edges, [0])
    with pytest.raises(UsageError, match="bins"):
        reliability(edges, [0, 0], bins=0)
