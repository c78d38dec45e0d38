"""Order of candidates, and what is known of each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from covey.knn import build_knn_graph
from covey.models.ada_nets_config import AdaNETSConfig
from covey.models.ordered_lists import candidates, ordered_lists
from covey.similarity.jaccard import structure_matrix

CONFIG = AdaNETSConfig(8, k=10, space="structure")


@pytest.fixture(scope="module")
def rows(grouped) -> np.ndarray:
    return grouped(90, 8, 9)[0]


@pytest.mark.parametrize("space", ["structure", "read", "knn"])
@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
def test_candidates_stand_in_the_order_of_their_scores(rows, space, eta) -> None:
    knn = build_knn_graph(rows, 9)
    lists = ordered_lists(rows, knn, replace(CONFIG, space=space, eta=eta))
    scores = knn.similarities if space == "knn" else structure_matrix(knn, eta=eta)
    np.testing.assert_array_equal(lists.items[:, 0], np.arange(90))
    for i in range(90):
        known = dict(zip(knn.indices[i].tolist(), scores[i], strict=True))
        near = dict(zip(knn.indices[i].tolist(), knn.similarities[i], strict=True))
        order = lists.items[i, 1:].tolist()
        first = known if space == "structure" else near
        assert order == sorted(known, key=lambda j: (-first[j], -near[j], j))
        assert [known[j] for j in order] == lists.scores[i, 1:].tolist()
        assert [near[j] for j in order] == lists.similarities[i, 1:].tolist()
    assert (lists.scores[:, 0] == 1).all()


def test_structure_space_differs_and_by_the_cosine_alone_it_does_not(rows) -> None:
    knn = build_knn_graph(rows, 9)
    plain = ordered_lists(rows, knn, replace(CONFIG, space="knn"))
    same = ordered_lists(rows, knn, replace(CONFIG, eta=1.0))
    other = ordered_lists(rows, knn, CONFIG)
    np.testing.assert_array_equal(same.items, plain.items)
    assert (other.items != plain.items).mean() > 0.2


def test_fit_is_the_cosine_with_the_mean_of_those_before(rows) -> None:
    lists = ordered_lists(rows, build_knn_graph(rows, 9), CONFIG)
    assert (lists.fit[:, 0] == 1).all()
    for i in range(0, 90, 7):
        for c in range(1, 10):
            mean = rows[lists.items[i, :c]].mean(axis=0)
            cosine = mean @ rows[lists.items[i, c]] / np.linalg.norm(mean)
            assert lists.fit[i, c] == pytest.approx(cosine, abs=1e-5)


def test_longer_lists_are_shortened_before_they_are_ordered(rows) -> None:
    long, short = (ordered_lists(rows, build_knn_graph(rows, k), CONFIG) for k in (30, 9))
    for name in ("items", "scores", "similarities", "agreement", "fit"):
        np.testing.assert_array_equal(getattr(long, name), getattr(short, name))


@pytest.mark.parametrize("n", [1, 2, 3, 9])
@pytest.mark.parametrize("space", ["structure", "read", "knn"])
def test_few_items(rows, n: int, space) -> None:
    lists = ordered_lists(rows[:n], candidates(rows[:n], CONFIG), replace(CONFIG, space=space))
    assert lists.items.shape == lists.fit.shape == lists.agreement.shape == (n, n)
    np.testing.assert_array_equal(np.sort(lists.items, axis=1), [np.arange(n)] * n)


def test_an_item_alone_with_itself(rows) -> None:
    alone = replace(CONFIG, k=1)
    lists = ordered_lists(rows, candidates(rows, alone), alone)
    assert lists.items.shape == (90, 1)


def test_rows_that_may_not_be_written(rows) -> None:
    fixed = rows.copy()
    fixed.flags.writeable = False
    found = ordered_lists(fixed, candidates(fixed, CONFIG), CONFIG)
    np.testing.assert_array_equal(
        found.fit, ordered_lists(rows, candidates(rows, CONFIG), CONFIG).fit
    )
