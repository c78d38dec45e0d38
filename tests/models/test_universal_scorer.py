"""Scores of random weights: their range, level, threads; weights relative to a cut."""

import numba
import numpy as np
import pytest
from scipy.special import expit

from covey.graph import nearest
from covey.knn import build_knn_graph
from covey.models.edge_features import measure_edges
from covey.models.universal import UniversalScorer, relative_weights
from covey.types import Edges, KnnGraph
from covey.vectors import as_rows


def test_scores_are_the_logistic_of_odds_above_the_level(scorer, grouped) -> None:
    rows, _ = grouped(600)
    knn = build_knn_graph(rows, 80)
    got = scorer.score(rows, knn)
    assert (got.shape, got.dtype) == ((600, 64), np.float32)
    assert ((got > 0) & (got < 1)).all()
    measures = measure_edges(rows, nearest(knn, 64))
    odds = scorer.network(measures.features(rows, np.arange(600)))[..., 0]
    expected = expit(odds - np.quantile(odds, 0.85))
    np.testing.assert_allclose(got, expected, atol=1e-5)
    assert np.mean(got < 0.5) == pytest.approx(0.85, abs=0.01)


def test_a_given_level_stands(scorer, grouped) -> None:
    rows, _ = grouped(200)
    knn = build_knn_graph(rows, 20)
    fixed = scorer.fixed_on(rows, knn)
    assert fixed.network is scorer.network
    np.testing.assert_array_equal(fixed.score(rows, knn), scorer.score(rows, knn))
    other = UniversalScorer(scorer.network, fixed.scale, fixed.level + 1).score(rows, knn)
    odds = np.log(other / (1 - other)) - np.log(
        scorer.score(rows, knn) / (1 - scorer.score(rows, knn))
    )
    np.testing.assert_allclose(odds, -1, atol=1e-3)


def test_the_level_of_many_items_is_that_of_some(scorer, grouped) -> None:
    """Level of a fixed share of the items; the order among them does not count."""
    rows, _ = grouped(300)
    knn = build_knn_graph(rows, 10)
    order = np.random.default_rng(0).permutation(300)
    one = scorer.fixed_on(rows, knn).level
    other = scorer.fixed_on(rows[order], build_knn_graph(rows[order], 10)).level
    assert one == pytest.approx(other, abs=0.05)


def test_threads_change_nothing(scorer, grouped) -> None:
    rows, _ = grouped(700)
    measures = measure_edges(rows, build_knn_graph(rows, 12))
    before = numba.get_num_threads()
    found = []
    for threads in {1, before}:
        numba.set_num_threads(threads)
        found.append(scorer.log_odds(rows, measures))
    numba.set_num_threads(before)
    for other in found:
        np.testing.assert_array_equal(found[0], other)


@pytest.mark.parametrize("n", [2, 3, 20])
@pytest.mark.parametrize("d", [1, 2, 8])
def test_few_items(scorer, n: int, d: int) -> None:
    rows = as_rows(np.random.default_rng(n).normal(size=(n, d)))
    got = scorer.score(rows, build_knn_graph(rows, n - 1))
    assert got.shape == (n, n - 1)
    assert ((got > 0) & (got < 1)).all()


def test_one_item_has_no_scores(scorer) -> None:
    none = KnnGraph(np.empty((1, 0), np.int32), np.empty((1, 0), np.float32))
    assert scorer.score(np.ones((1, 1), np.float32), none).shape == (1, 0)


def _edges(score: np.ndarray) -> Edges:
    source = np.arange(len(score))
    return Edges(source, source + 1, score.astype(np.float32))


@pytest.mark.parametrize("cut", [1e-6, 0.03, 0.5, 0.97, 1 - 1e-6])
def test_relative_weights_are_one_half_at_the_cut_and_rise(cut: float) -> None:
    score = np.linspace(cut, 1, 500)
    weighed = relative_weights(_edges(score), cut)
    weight = weighed.score
    assert weight.dtype == np.float32
    assert weight[0] == pytest.approx(0.5, abs=0.02)
    assert (np.diff(weight) >= -1e-7).all()  # but for the last digit
    assert weight.max() <= 1
    assert weight[-1] >= 0.5
    np.testing.assert_array_equal(weighed.source, np.arange(500))


def test_relative_weights_equal_odds_above_the_cut() -> None:
    weighed = relative_weights(_edges(np.array([0.2, 0.5, 0.9])), 0.2)
    np.testing.assert_allclose(weighed.score, [1 / 2, 1 / 1.25, 9 / 9.25], rtol=1e-5)
    assert relative_weights(_edges(np.array([])), 0.5).m == 0


def test_relative_weights_do_not_depend_on_the_level() -> None:
    odds = np.array([-1.0, 0.3, 2.0, 4.0])
    found = [relative_weights(_edges(expit(odds + level)), expit(level - 1)) for level in (-2, 3)]
    np.testing.assert_allclose(found[0].score, found[1].score, rtol=1e-3)
