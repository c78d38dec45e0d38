"""Lengths of lists without labels, against sets and plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from covey.graph import local_sets
from covey.knn import build_knn_graph
from covey.similarity.list_lengths import (
    gap_lengths,
    prefix_agreement,
    stable_lengths,
    stable_matrix,
)
from covey.types import KnnGraph
from covey.vectors import as_rows


def _lists(n: int = 60, k: int = 9, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    labels = rng.integers(6, size=n)
    x = rng.normal(size=(6, 5))[labels] + 0.7 * rng.normal(size=(n, 5))
    return local_sets(build_knn_graph(x.astype(np.float32), k))


def naive_agreement(lists: np.ndarray) -> np.ndarray:
    """The formula of the docstring with sets."""
    n, m = lists.shape
    found = np.zeros((n, m))
    for i in range(n):
        for j in range(2, m + 1):
            chance = j * j / n
            if chance >= j:
                continue
            own = set(lists[i, :j].tolist())
            for u in lists[i, 1:j]:
                found[i, j - 1] += (len(own & set(lists[u, :j].tolist())) - chance) / (j - chance)
            found[i, j - 1] /= j
    return found


@pytest.mark.parametrize(("n", "k"), [(60, 9), (60, 1), (12, 11), (7, 3), (2, 1)])
def test_agreement_equals_sets(n: int, k: int) -> None:
    lists = _lists(n, k)
    found = prefix_agreement(lists)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, naive_agreement(lists), atol=1e-6)


def test_groups_that_name_each_other_first_keep_each_other() -> None:
    sizes = np.array([2, 5, 9, 1])
    labels = np.repeat(np.arange(4), sizes)
    rng = np.random.default_rng(3)
    others = [rng.permutation(np.flatnonzero(labels != c)) for c in labels]
    mates = [rng.permutation(np.flatnonzero(labels == c)) for c in labels]
    lists = np.array(
        [
            [i, *mates[i][mates[i] != i], *others[i]][:12]  # its group in any order, then anybody
            for i in range(len(labels))
        ]
    )
    found = stable_lengths(prefix_agreement(lists))
    np.testing.assert_array_equal(found[labels < 3], sizes[labels[labels < 3]])
    agreement = prefix_agreement(lists)[labels == 2]
    np.testing.assert_allclose(agreement.max(axis=1), 8 / 9, atol=1e-6)


def test_nobody_agrees_with_an_item_that_nobody_names() -> None:
    lists = np.array(
        [[0, 1, 2], [1, 2, 3], [2, 1, 3], [3, 2, 1], *[[i, 1, 2] for i in range(4, 9)]]
    )
    assert stable_lengths(np.zeros((2, 4), np.float32)).tolist() == [1, 1]
    assert prefix_agreement(lists)[0, 1] < 0.5 * prefix_agreement(lists)[1, 1]


def test_shuffled_items_have_the_same_lengths() -> None:
    lists = _lists()
    order = np.random.default_rng(5).permutation(len(lists))
    place = np.argsort(order)
    np.testing.assert_array_equal(
        prefix_agreement(place[lists[order]]), prefix_agreement(lists)[order]
    )


def test_of_equal_agreement_the_longest() -> None:
    agreement = np.array([[0, 0.5, 0.5, 0.2], [0, -0.1, -0.2, -0.3], [0, 0.1, 0.2, 0.3]])
    assert stable_lengths(agreement.astype(np.float32)).tolist() == [3, 1, 4]


def test_gaps() -> None:
    scores = np.array(
        [
            [1.0, 0.9, 0.8, 0.3, 0.2],
            [1.0, 0.2, 0.1875, 0.125, 0.0625],  # the first gap does not count; the first of equals
            [1.0, 0.5, 0.5, 0.5, 0.5],
            [1.0, 0.9, 0.89, 0.88, 0.1],
        ],
        np.float32,
    )
    assert gap_lengths(scores).tolist() == [3, 3, 5, 4]
    for m in (1, 2):
        assert gap_lengths(scores[:, :m]).tolist() == [m] * 4


@pytest.mark.parametrize("includes_self", [False, True])
def test_what_is_kept_of_lists_keeps_its_similarity(includes_self: bool) -> None:
    rng = np.random.default_rng(0)
    rows = as_rows(rng.standard_normal((12, 8))[np.arange(60) % 12] + rng.normal(0, 0.3, (60, 8)))
    knn = build_knn_graph(rows, 20)
    lengths = stable_lengths(prefix_agreement(local_sets(knn)))
    assert 1 < lengths.min() < lengths.max()
    if includes_self:
        ones = np.ones((60, 1), np.float32)
        knn = KnnGraph(local_sets(knn), np.hstack([ones, knn.similarities]), True)
    kept = stable_matrix(knn)
    for item in range(60):
        places = int(lengths[item]) - 1 + int(includes_self)
        np.testing.assert_array_equal(kept[item, :places], knn.similarities[item, :places])
        assert not kept[item, places:].any()
