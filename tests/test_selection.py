"""Which recipe and which cut: thin edges, trials over cuts, promises, the decision."""

import threading
import time

import numpy as np
import pytest

from covey.graph import nearest
from covey.graph_partition import PARTITIONS, TRIED_PARTITIONS
from covey.knn import build_knn_graph
from covey.metrics.clustering import bcubed, evaluate
from covey.models.appraisal import COVERAGE_POWER, SIGNS, Appraiser, CutTrial, read_signs
from covey.models.edge_features import EDGE_FEATURES
from covey.models.network import Network
from covey.models.universal import UniversalScorer, relative_weights
from covey.partition.components import components
from covey.scoring import SCORERS, score_edges
from covey.selection import (
    DENSITIES,
    WEAK_AGREEMENT,
    Decision,
    Recipe,
    Trial,
    View,
    decide,
    edges_above,
    half_views,
    partition_thinned,
    thin_edges,
    try_cuts,
    try_recipe,
)
from covey.split_half import split_halves
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


def test_the_grid_falls() -> None:
    assert (np.diff(DENSITIES) < 0).all()
    np.testing.assert_allclose(np.diff(np.log(DENSITIES), 2), 0, atol=1e-9)


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


def test_only_random_walks_by_an_open_level_weigh_relatively() -> None:
    relative = {
        (scorer, partition)
        for scorer in SCORERS
        for partition in PARTITIONS
        if Recipe(scorer, 30, partition).relative
    }
    assert relative == {("universal", "map-equation")}


def _grouped(n: int = 400, groups: int = 20, d: int = 32, seed: int = 0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % groups
    return as_rows(rng.normal(size=(groups, d))[labels] + 0.5 * rng.normal(size=(n, d))), labels


def _by_similarity() -> UniversalScorer:
    """Odds rise with similarity alone."""
    count = len(EDGE_FEATURES)
    weight = np.zeros((1, count), np.float32)
    weight[0, 0] = 4
    layers = ((weight, np.zeros(1, np.float32)),)
    return UniversalScorer(Network(np.zeros(count, np.float32), np.ones(count, np.float32), layers))


def _foreseen(signs: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """What an appraiser foresees, which looks at no cut."""
    return _by_agreement()(signs)


def _by_agreement() -> Appraiser:
    """Foresees precision from the agreement of the halves, recall from their company."""
    weight = np.zeros((2, len(SIGNS)), np.float32)
    weight[0, SIGNS.index("agreement of the halves")] = 6
    weight[1, SIGNS.index("share of the halves' items in company")] = 6
    scale = np.ones(len(SIGNS), np.float32)
    bias = np.full(2, -3, np.float32)
    return Appraiser(Network(np.zeros(len(SIGNS), np.float32), scale, ((weight, bias),)))


def _whole(rows: np.ndarray, k: int, model: UniversalScorer | None = None) -> View:
    return View(rows, build_knn_graph(rows, k), model)


def _halves(rows: np.ndarray, k: int, model: UniversalScorer | None = None) -> list[View]:
    return half_views(rows, k, unit=True, seed=0, threads=1, model=model)


def _divide(edges: Edges, n: int) -> np.ndarray:
    return components(edges, n, cut=0.0).labels


def test_a_view_scores_edges_once_for_all_partitions() -> None:
    rows, _ = _grouped(100, 5)
    model = _by_similarity()
    view = _whole(rows, 20, model)
    for scorer, k in (("cosine", 20), ("smoothed", 7), ("universal", 64)):
        got = view.edges(Recipe(scorer, k))
        assert view.edges(Recipe(scorer, k, "leiden")) is got
        expected = score_edges(rows, nearest(view.knn, k), scorer, model=model)
        np.testing.assert_array_equal(got.source, expected.source)
        np.testing.assert_array_equal(got.score, expected.score)
    assert view.edges(Recipe("cosine", 3)).m < view.edges(Recipe("cosine", 20)).m


@pytest.mark.parametrize("unit", [True, False])
def test_half_views_are_neighbours_in_half_of_the_dimensions(unit: bool) -> None:
    rows, _ = _grouped(80, 8)
    model = _by_similarity()
    views = half_views(rows, 9, unit=unit, seed=4, threads=1, model=model)
    for view, half in zip(views, split_halves(rows, unit=unit, seed=4), strict=True):
        np.testing.assert_array_equal(view.rows, half)
        expected = build_knn_graph(half, 9, metric="cosine" if unit else "euclidean")
        np.testing.assert_array_equal(view.knn.indices, expected.indices)
        assert view.scorer is model
        if not unit:  # distances with a minus would be no weights
            assert ((view.knn.similarities >= 0) & (view.knn.similarities <= 1)).all()


@pytest.mark.parametrize("scorer", ["cosine", "universal"])
@pytest.mark.parametrize("partition", TRIED_PARTITIONS)
def test_every_clustering_is_what_it_says(scorer, partition) -> None:
    rows, _ = _grouped(150, 10)
    recipe = Recipe(scorer, 12, partition)
    model = _by_similarity()
    views = [_whole(rows, 12, model), *_halves(rows, 12, model)]
    trial, cut = try_cuts(recipe, views[0], views[1:], _divide, threads=2)
    count = len(DENSITIES)
    assert (trial.labels.shape, trial.labels.dtype) == ((count, 150), np.int32)
    assert (trial.halves.shape, trial.halves.dtype) == ((2, count, 150), np.int32)
    np.testing.assert_array_equal(trial.density, DENSITIES)
    assert (np.diff(cut) >= 0).all()
    for c, density in enumerate(DENSITIES):
        for view, found in zip(views, [trial.labels, *trial.halves], strict=True):
            thinned, at = thin_edges(view.edges(recipe), 150, density)
            np.testing.assert_array_equal(found[c], _divide(thinned, 150))
            if view is views[0]:
                assert cut[c] == at
                inside = found[c][thinned.source] == found[c][thinned.target]
                assert trial.kept[c] == pytest.approx(inside.mean())


def test_partitions_see_weights_relative_to_the_cut() -> None:
    edges = _edges([0.4, 0.6, 0.9])
    seen: list[np.ndarray] = []

    def look(given: Edges, n: int) -> np.ndarray:
        seen.append(given.score)
        return np.arange(n)

    for scorer, partition in (("universal", "map-equation"), ("universal", "leiden")):
        partition_thinned(edges, 0.4, 4, Recipe(scorer, 5, partition), look)
    np.testing.assert_array_equal(seen[0], relative_weights(edges, 0.4).score)
    np.testing.assert_array_equal(seen[1], edges.score)


def test_one_thread_gives_what_two_give() -> None:
    rows, _ = _grouped(200, 10)
    views = [_whole(rows, 10), *_halves(rows, 10)]
    one, two = (
        try_recipe(Recipe("smoothed", 10), views[0], views[1:], _divide, _foreseen, threads=threads)
        for threads in (1, 2)
    )
    np.testing.assert_array_equal(one.cuts.labels, two.cuts.labels)
    np.testing.assert_array_equal(one.cuts.halves, two.cuts.halves)
    np.testing.assert_array_equal(one.precision, two.precision)


def test_a_trial_of_grouped_rows() -> None:
    rows, labels = _grouped()
    whole, halves = _whole(rows, 15), _halves(rows, 15)
    done: list[float] = []
    recipe, appraiser = Recipe("cosine", 10), _by_agreement()
    trial = try_recipe(
        recipe,
        whole,
        halves,
        _divide,
        _foreseen,
        threads=2,
        tick=done.append,
    )
    assert len(done) == 3 * len(DENSITIES)
    assert done == sorted(done)
    assert done[-1] == 1
    signs = read_signs(trial.cuts, whole.edges(recipe), whole.knn)
    np.testing.assert_array_equal(np.stack([trial.precision, trial.recall], 1), appraiser(signs))
    np.testing.assert_allclose(
        trial.cuts.agreement, signs[:, SIGNS.index("agreement of the halves")], atol=1e-6
    )
    assert trial.cuts.agreement.max() > 0.9
    chosen = decide([trial]).chosen
    assert evaluate(labels, trial.cuts.labels[chosen]).bcubed.f > 0.9


def _trial(
    halves: list[list[list[int]]],
    precision: list[float] | None = None,
    recall: list[float] | None = None,
) -> Trial:
    stacked = np.array(halves, np.int32)
    count = stacked.shape[1]
    cuts = CutTrial(np.geomspace(4, 1, count), stacked[0], stacked, np.ones(count))
    shares = [np.array(given or [0.5] * count, np.float64) for given in (precision, recall)]
    return Trial(Recipe("cosine", 5), cuts, np.linspace(0.1, 0.9, count), *shares)


def test_weights_of_cuts() -> None:
    same = [0, 0, 0, 1, 1, 1]
    pairs, torn = [0, 0, 1, 2, 3, 4], [0, 1, 0, 1, 0, 1]
    trial = _trial([[same, pairs, same, same], [same, pairs, torn, [0] * 6]])
    np.testing.assert_allclose(trial.cuts.agreement, [1, 1, 0, 0], atol=1e-9)
    utility = np.array([1, (1 / 3) ** COVERAGE_POWER, 0, 0])
    expected = np.exp((utility - 1) / 0.02)
    np.testing.assert_allclose(trial.cuts.weight, expected / expected.sum())
    assert trial.mean_agreement == pytest.approx(1)


def test_f_is_the_weighted_mean_of_both() -> None:
    trial = _trial([[[0, 0, 1]] * 3] * 2, [0.5, 0.9, 1.0], [0.5, 0.3, 0.1])
    for beta in (0.25, 1.0, 4.0):
        expected = [
            (1 + beta**2) / (1 / p + beta**2 / r)
            for p, r in zip(trial.precision, trial.recall, strict=True)
        ]
        np.testing.assert_allclose(trial.f(beta), expected)


def test_together_counts_both_halves_by_weight() -> None:
    first = [[0, 0, 1, 1], [0, 0, 1, 1]]
    second = [[0, 0, 1, 1], [0, 0, 1, 1]]
    edges = Edges(np.array([0, 0, 2]), np.array([1, 2, 3]), np.ones(3, np.float32))
    np.testing.assert_allclose(_trial([first, second]).together(edges), [1, 0, 1])
    second = [[0, 1, 0, 1], [0, 1, 0, 1]]  # agrees on nothing: both cuts count alike
    np.testing.assert_allclose(_trial([first, second]).together(edges), [0.5, 0.5, 0.5])


def test_all_in_one_and_all_alone_agree_on_nothing() -> None:
    rows, _ = _grouped(50, 5)
    views = [_whole(rows, 5), *_halves(rows, 5)]
    for divide in (lambda e, n: np.zeros(n, np.int64), lambda e, n: np.arange(n)):
        trial = try_recipe(Recipe("cosine", 5), views[0], views[1:], divide, _foreseen, threads=1)
        assert (trial.cuts.agreement == 0).all()
        assert trial.mean_agreement == 0
        assert np.isfinite(trial.f(1.0)).all()


def test_an_interrupt_drops_what_has_not_begun() -> None:
    rows, _ = _grouped(60, 6)
    views = [_whole(rows, 5), *_halves(rows, 5)]
    ran = []

    def slow(edges: Edges, n: int) -> np.ndarray:
        ran.append(threading.get_ident())
        time.sleep(0.02)
        return np.arange(n)

    def stop(done: float) -> None:
        assert threading.current_thread() is threading.main_thread()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        try_cuts(Recipe("cosine", 5), views[0], views[1:], slow, threads=1, tick=stop)
    assert len(ran) < 5


@pytest.mark.parametrize(("beta", "cut"), [(0.25, 2), (1.0, 1), (4.0, 0)])
def test_halves_choose_the_recipe_and_foresight_the_cut(beta: float, cut: int) -> None:
    same, other = [0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 2, 2]
    trials = [
        _trial([[same] * 3, [other] * 3], [0.99, 0.99, 0.99], [0.99, 0.99, 0.99]),
        _trial([[same] * 3] * 2, [0.3, 0.8, 0.9], [0.9, 0.8, 0.3]),
    ]
    assert trials[0].utility < trials[1].utility == 1
    decision = decide(trials, beta=beta)
    assert decision.trial is trials[1]
    assert decision.chosen == cut


@pytest.mark.parametrize("prefer_first", [True, False])
def test_of_equals_the_first_is_taken(prefer_first: bool) -> None:
    labels = [[[0, 0, 1]] * 2] * 2
    trials = [_trial(labels, [0.7, 0.7], [0.7, 0.7]) for _ in range(2)]
    decision = decide(trials if prefer_first else trials[::-1])
    assert decision.trial is trials[0 if prefer_first else 1]
    assert decision.chosen == 0


def test_the_promise_is_what_was_foreseen_where_halves_agree() -> None:
    labels = [[[0, 0, 0, 1, 1, 1]]] * 2
    decision = Decision(_trial(labels, [0.8], [0.7]), 0)
    assert decision.promise == (pytest.approx(0.8), 0.7)


def test_the_promise_falls_to_the_item_itself_where_halves_do_not_agree() -> None:
    first, second = [[0, 0, 0, 1, 1, 2]], [[0, 1, 2, 0, 1, 2]]
    trial = _trial([first, second], [0.8], [0.7])
    assert trial.mean_agreement == 0
    itself = np.mean([1 / 3] * 3 + [1 / 2] * 2 + [1])
    assert Decision(trial, 0).promise == (pytest.approx(itself), 0.7)
    lower = _trial([first, second], [0.1], [0.7])
    assert Decision(lower, 0).promise[0] == pytest.approx(itself)  # no item is worse than alone


def test_the_promise_rises_with_agreement() -> None:
    rng = np.random.default_rng(0)
    groups = np.arange(200) % 8
    promised = []
    for share in (0.0, 0.5, 0.7):
        halves = [
            [np.where(rng.random(200) < share, rng.integers(8, size=200), groups).tolist()]
            for _ in range(2)
        ]
        trial = _trial(halves, [0.9], [0.9])
        itself = np.mean(1 / np.bincount(halves[0][0])[halves[0][0]])
        trust = min(1, trial.mean_agreement / WEAK_AGREEMENT) ** 2
        promised.append(Decision(trial, 0).promise[0])
        assert promised[-1] == pytest.approx(itself + trust * (0.9 - itself))
    assert promised == sorted(promised, reverse=True)
