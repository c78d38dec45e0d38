"""Which way to groups held-out groups speak for, and what another size does to it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from covey.calibration import Calibration
from covey.labelled_rows import LabelledRows, in_folds
from covey.metrics.clustering import evaluate
from covey.models.held_out import HeldOut
from covey.training.choosing import (
    LEARNED_PARTITIONS,
    best_way,
    judge_learned,
    learned_ways,
    with_falls,
)
from covey.training.judging import Judged, judge
from covey.vectors import as_rows


@pytest.fixture(scope="module")
def items(hidden) -> LabelledRows:
    x, labels = hidden(240, 24)
    return LabelledRows(as_rows(x), labels)


def _judged(precision: float, f: float) -> Judged:
    shares = np.array([f])
    return Judged(
        1.0, precision, HeldOut(100, Calibration(np.zeros(1), shares), np.zeros(1), shares, shares)
    )


@pytest.fixture(scope="module")
def ways(items) -> list[Judged]:
    return judge_learned(items, 0.5, seed=3)


def test_one_for_each_partition(ways, items) -> None:
    assert [way.partition for way in ways] == list(LEARNED_PARTITIONS)
    assert {way.own for way in ways} == {0.5}
    assert {way.held.n_items for way in ways} == {240}
    assert len({way.precision for way in ways}) == 1
    assert ways[0].precision > judge(items).precision
    for way in ways:
        assert (np.diff(way.held.cut) > 0).all()
        assert way.held.cut[-1] <= way.scored.edges.edges(way.scored.probability()).score.max()


def test_groups_with_too_little_company_teach_no_scorer(items) -> None:
    alone = LabelledRows(items.rows[:20], np.arange(20) // 4)
    assert judge_learned(alone, 1.0) == []
    way = judge(alone)
    assert with_falls(way, alone) is way


@pytest.mark.parametrize(
    ("others", "taken"),
    [
        ([(0.9, 0.86)], 1),
        ([(0.9, 0.801)], 0),  # no better groups
        ([(0.805, 0.9)], 0),  # no better edges: chance
        ([(0.9, 0.86), (0.95, 0.9), (0.99, 0.88)], 2),
    ],
)
def test_better_is_who_is_better_in_edges_and_groups(others, taken) -> None:
    found = [_judged(0.8, 0.8), *(_judged(*each) for each in others)]
    assert best_way(found, 100) is found[taken]


def test_falls_are_those_of_two_halves(items) -> None:
    way = judge(items)
    found = with_falls(way, items, seed=5).held
    fold = in_folds(items.labels, 5) < 2
    shares = []
    for half in (fold, ~fold):
        part = items.of(half)
        judged = judge(part)
        at = [np.abs(judged.held.cut - cut).argmin() for cut in way.held.cut]
        shares.append((judged.held.precision[at], judged.held.recall[at]))
    precision = np.mean([each[0] for each in shares], axis=0)
    near = way.held.f >= 0.9 * way.held.best

    def odds(share: np.ndarray) -> np.ndarray:
        share = np.clip(share, 0.005, 0.995)
        return np.log(share / (1 - share))

    expected = np.mean((odds(precision) - odds(way.held.precision))[near]) / np.log(2)
    assert found.precision_falls == pytest.approx(np.clip(expected, 0, 2), abs=0.25)
    assert 0 <= found.recall_falls <= 2


def test_falls_of_learned_scores_are_looked_for_too(ways, items) -> None:
    found = with_falls(ways[-1], items, seed=3).held
    assert found != replace(ways[-1].held)
    assert 0 <= found.precision_falls <= 2
    np.testing.assert_array_equal(found.precision, ways[-1].held.precision)


@pytest.mark.slow
def test_choice_is_among_all_that_was_judged(items) -> None:
    first = judge(items, 0.5)
    told: list[tuple[str, float]] = []
    ways = learned_ways(first, lambda own: items, tell=lambda *each: told.append(each))
    assert [way.own for way in ways] == [1.0] * 3 + [0.5] * 3
    chosen = best_way([first, *ways], 240)
    assert chosen.scored is not None
    assert chosen.held.best > first.held.best
    assert [done for _, done in told] == sorted(done for _, done in told)


def test_what_is_foreseen_comes_true_for_others_like_these(hidden, items) -> None:
    """The scorer and cut learned here, on other groups of the same kind and number."""
    from covey.graph import knn_to_edges
    from covey.graph_partition import partition_edges
    from covey.knn import build_knn_graph
    from covey.selection import edges_above

    way = best_way([judge(items), *judge_learned(items, 1.0)], 240)
    x, labels = hidden(240, 24, seed=9)
    rows = as_rows(x)
    knn = build_knn_graph(rows, 64)
    edges = knn_to_edges(knn, score=way.scored.scorer().score(rows, knn))
    kept = edges_above(edges, float(way.held.cut[way.held.at_best]))
    groups = partition_edges(kept, 240, name=way.partition, probable=True).labels
    found = evaluate(labels, groups).bcubed
    at = way.held.at_best
    assert found.precision == pytest.approx(way.held.precision[at], abs=0.2)
    assert found.recall == pytest.approx(way.held.recall[at], abs=0.2)
