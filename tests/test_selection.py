"""Which recipe and which cut: thin edges, agreement of halves, expected precision and recall."""

import threading
import time

import numpy as np
import pytest

from covey.graph import nearest
from covey.knn import build_knn_graph
from covey.metrics.clustering import bcubed, evaluate
from covey.metrics.information import adjusted_mutual_information
from covey.partition.components import components
from covey.scoring import score_edges
from covey.selection import (
    COVERAGE_POWER,
    HalfViews,
    Recipe,
    Trial,
    decide,
    density_grid,
    edges_above,
    look_closer,
    thin_edges,
    try_recipe,
)
from covey.types import Edges
from covey.vectors import as_rows


def _edges(score: list[float], probability: list[float] | None = None) -> Edges:
    source = np.arange(len(score))
    given = None if probability is None else np.array(probability, np.float32)
    return Edges(source, source + 1, np.array(score, np.float32), given)


def test_thinning_keeps_the_heaviest_and_their_ties() -> None:
    edges = _edges([0.1, 0.9, 0.5, 0.5, 0.7, 0.5, 0.2])
    kept, cut = thin_edges(edges, 10, 0.3)  # three edges wanted, three tie for the third place
    np.testing.assert_array_equal(kept.source, [1, 2, 3, 4, 5])
    assert cut == 0.5
    assert thin_edges(edges, 10, 99)[0].m == 7
    least, cut = thin_edges(edges, 10, 0.0)
    assert (least.m, cut) == (1, pytest.approx(0.9))


def test_thinning_nothing() -> None:
    kept, cut = thin_edges(_edges([]), 1, 5.0)
    assert (kept.m, cut) == (0, 0.0)


def test_edges_above_keeps_probabilities_aligned() -> None:
    kept = edges_above(_edges([0.1, 0.3, 0.2], [0, 1, 0.5]), 0.2)
    np.testing.assert_array_equal(kept.source, [1, 2])
    np.testing.assert_array_equal(kept.probability, [1, 0.5])
    assert edges_above(_edges([0.1, 0.3]), 0.1).m == 2  # 0.1 in float64 exceeds 0.1 in float32


@pytest.mark.parametrize("most", [0.0, 0.3, 1.0, 40.0, 1000.0])
def test_density_grid_falls(most: float) -> None:
    grid = density_grid(most)
    assert (np.diff(grid) < 0).all()
    assert grid[0] == pytest.approx(min(max(most, 0.5), 50))
    assert grid[-1] == pytest.approx(0.25)


def _naive_bcubed(truth: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    precision = recall = 0.0
    for i in range(len(truth)):
        both = ((truth == truth[i]) & (labels == labels[i])).sum()
        precision += both / (labels == labels[i]).sum()
        recall += both / (truth == truth[i]).sum()
    return precision / len(truth), recall / len(truth)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_bcubed_equals_loops_and_the_metric(dtype) -> None:
    rng = np.random.default_rng(0)
    for groups, clusters in ((1, 1), (1, 30), (8, 5), (60, 60)):
        truth = rng.integers(0, groups, 60).astype(dtype)
        labels = rng.integers(0, clusters, 60).astype(dtype)
        got = bcubed(truth, labels)
        assert (got.precision, got.recall) == pytest.approx(_naive_bcubed(truth, labels))
        assert got == evaluate(truth, labels).bcubed


def test_bcubed_of_large_numbers_does_not_overflow() -> None:
    truth = np.arange(100_000, dtype=np.int32)
    got = bcubed(truth, truth[::-1].copy())
    assert (got.precision, got.recall) == (1, 1)


def _trial(halves: np.ndarray, agreement: list[float], coverage: list[float]) -> Trial:
    density = np.geomspace(4, 1, len(agreement))
    return Trial(Recipe("cosine", 5), density, halves, np.array(agreement), np.array(coverage))


def test_utility_and_weight() -> None:
    trial = _trial(np.zeros((2, 3, 4), np.int32), [0.8, 0.8, 0.2], [1.0, 0.5, 1.0])
    np.testing.assert_allclose(trial.utility, [0.8, 0.8 * 0.5**COVERAGE_POWER, 0.2])
    assert trial.weight.sum() == pytest.approx(1)
    assert trial.weight[0] > 0.9
    assert trial.weight[2] < 1e-9
    assert trial.mean_agreement == pytest.approx(0.8)


def test_together_counts_both_halves_by_weight() -> None:
    halves = np.array([[[0, 0, 1], [0, 1, 2]], [[0, 0, 0], [0, 0, 1]]], np.int32)
    trial = _trial(halves, [0.5, 0.5], [1.0, 1.0])  # two cuts of equal weight
    edges = Edges(np.array([0, 0, 1]), np.array([1, 2, 2]), np.ones(3, np.float32))
    np.testing.assert_allclose(trial.together(edges), [0.75, 0.25, 0.25])


def _grouped(n: int = 400, groups: int = 20, d: int = 32, seed: int = 0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % groups
    return as_rows(rng.normal(size=(groups, d))[labels] + 0.5 * rng.normal(size=(n, d))), labels


def _divide(edges: Edges, n: int) -> np.ndarray:
    return components(edges, n, cut=0.0).labels


def test_halves_of_grouped_rows_agree() -> None:
    rows, labels = _grouped()
    views = HalfViews(rows, 15, unit=True, seed=0, threads=1)
    assert [knn.k for knn in views.knn] == [15, 15]
    done: list[float] = []
    trial = try_recipe(Recipe("cosine", 10), views, _divide, threads=2, tick=done.append)
    assert trial.halves.shape == (2, len(trial.density), 400)
    assert len(done) == 2 * len(trial.density)
    assert done == sorted(done)
    assert done[-1] == 1
    assert ((trial.agreement >= 0) & (trial.agreement <= 1)).all()
    assert ((trial.coverage >= 0) & (trial.coverage <= 1)).all()
    assert (np.diff(trial.coverage) <= 1e-12).all()  # components fall apart as edges go
    assert trial.agreement.max() > 0.9
    best = int(trial.utility.argmax())
    assert evaluate(labels, trial.halves[0, best]).bcubed.f > 0.9


def test_one_thread_gives_what_two_give() -> None:
    rows, _ = _grouped(200, 10)
    views = HalfViews(rows, 10, unit=True, seed=0, threads=1)
    one, two = (
        try_recipe(Recipe("smoothed", 10), views, _divide, threads=threads) for threads in (1, 2)
    )
    np.testing.assert_array_equal(one.halves, two.halves)
    np.testing.assert_array_equal(one.agreement, two.agreement)


def test_all_in_one_and_all_alone_agree_on_nothing() -> None:
    rows, _ = _grouped(50, 5)
    views = HalfViews(rows, 5, unit=True, seed=0, threads=1)
    for divide in (lambda e, n: np.zeros(n, np.int64), lambda e, n: np.arange(n)):
        trial = try_recipe(Recipe("cosine", 5), views, divide, threads=1)
        assert (trial.agreement == 0).all()


def test_a_closer_look_adds_a_pair_and_cuts_between() -> None:
    rows, _ = _grouped(200, 10)
    first, second = (HalfViews(rows, 10, unit=True, seed=s, threads=1) for s in (0, 1))
    recipe = Recipe("cosine", 10)
    coarse = try_recipe(recipe, first, _divide, threads=1)
    done: list[float] = []
    fine = look_closer(coarse, first, second, _divide, threads=1, tick=done.append)
    assert done == sorted(done)
    assert done[-1] == pytest.approx(1)
    assert (np.diff(fine.density) < 0).all()
    assert len(fine.density) > len(coarse.density)
    assert fine.halves.shape == (4, len(fine.density), 200)
    assert fine.weight.sum() == pytest.approx(1)
    old = np.searchsorted(-fine.density, -coarse.density)
    np.testing.assert_array_equal(fine.halves[:2, old], coarse.halves)
    best = coarse.density[coarse.utility.argmax()]
    at = int(np.flatnonzero(fine.density == best)[0])
    for beside in {max(at - 1, 0), min(at + 1, len(fine.density) - 1)} - {at}:
        assert fine.density[beside] not in coarse.density
    for c, density in enumerate(fine.density):  # every half at every cut is what it says
        for half, edges in enumerate([*first.edges(recipe), *second.edges(recipe)]):
            expected = _divide(thin_edges(edges, 200, density)[0], 200)
            np.testing.assert_array_equal(fine.halves[half, c], expected)
        pairs = [
            adjusted_mutual_information(*fine.halves[h : h + 2, c])
            if 1 < fine.halves[h : h + 2, c].max() + 1 < 200
            else 0.0
            for h in (0, 2)
        ]
        assert fine.agreement[c] == pytest.approx(np.mean(np.maximum(pairs, 0)), abs=1e-9)


def test_an_interrupt_drops_what_has_not_begun() -> None:
    rows, _ = _grouped(60, 6)
    views = HalfViews(rows, 5, unit=True, seed=0, threads=1)
    ran = []

    def slow(edges: Edges, n: int) -> np.ndarray:
        ran.append(threading.get_ident())
        time.sleep(0.02)
        return np.arange(n)

    def stop(done: float) -> None:
        assert threading.current_thread() is threading.main_thread()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        try_recipe(Recipe("cosine", 5), views, slow, threads=1, tick=stop)
    assert len(ran) < 5


@pytest.mark.parametrize("beta", [0.25, 1.0, 4.0])
def test_the_decision_takes_the_best_expected_f(beta: float) -> None:
    rows, _ = _grouped(120, 10)
    views = HalfViews(rows, 10, unit=True, seed=0, threads=1)
    trial = try_recipe(Recipe("cosine", 10), views, _divide, threads=1)
    edges = score_edges(rows, nearest(build_knn_graph(rows, 10), 10), "cosine")
    decision = decide(trial, edges, _divide, beta=beta, threads=2)
    weight = np.where(trial.weight > 1e-4, trial.weight, 0)
    cuts = range(len(trial.density))
    expected = np.zeros((len(cuts), 3))
    for row, labels in enumerate(decision.labels):
        for c in cuts:
            for half in (0, 1):
                p, r = _naive_bcubed(trial.halves[half, c], labels)
                f = (1 + beta**2) * p * r / (beta**2 * p + r)
                expected[row] += weight[c] / weight.sum() / 2 * np.array([p, r, f])
    np.testing.assert_allclose(decision.precision, expected[:, 0])
    np.testing.assert_allclose(decision.recall, expected[:, 1])
    assert expected[decision.chosen, 2] == pytest.approx(expected[:, 2].max())
    assert (np.diff(decision.cut) >= 0).all()
    for c in cuts:
        kept = edges.score >= np.float32(decision.cut[c])
        alone = Edges(edges.source[kept], edges.target[kept], edges.score[kept])
        np.testing.assert_array_equal(decision.labels[c], _divide(alone, 120))
