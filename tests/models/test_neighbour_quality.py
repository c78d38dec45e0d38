"""Quality of the first candidates against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from covey.models.neighbour_quality import best_fixed_length, best_lengths, neighbour_quality


def naive(lists: np.ndarray, labels: np.ndarray, beta: float) -> np.ndarray:
    found = np.zeros(lists.shape)
    for i, row in enumerate(lists):
        size = np.count_nonzero(labels == labels[i]) if labels[i] >= 0 else 1
        for j in range(1, len(row) + 1):
            hits = sum(u == i or (labels[u] == labels[i] and labels[i] >= 0) for u in row[:j])
            precision, recall = hits / j, hits / size
            below = beta**2 * precision + recall
            found[i, j - 1] = (1 + beta**2) * precision * recall / below
    return found


def _lists(n: int, m: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    order = [rng.permutation(np.delete(np.arange(n), i)) for i in range(n)]
    return np.hstack([np.arange(n)[:, None], np.array(order, int).reshape(n, n - 1)])[:, :m]


@pytest.mark.parametrize("beta", [0.25, 0.5, 1.0, 2.0])
@pytest.mark.parametrize(("n", "m"), [(40, 12), (5, 5), (2, 2), (1, 1)])
def test_equals_its_definition(beta: float, n: int, m: int) -> None:
    lists, labels = _lists(n, m), np.random.default_rng(1).integers(-1, 5, size=n)
    quality = neighbour_quality(lists, labels, beta)
    assert quality.dtype == np.float32
    expected = naive(lists, labels, beta)
    np.testing.assert_allclose(quality, expected, atol=1e-6)
    for i, row in enumerate(expected):
        best = max(row)
        first = next(j for j, value in enumerate(row, 1) if value >= best - 1e-9)
        assert best_lengths(quality)[i] == first


def test_all_items_of_the_class_count() -> None:
    labels = np.array([7, 7, 7, 7, 2])
    quality = neighbour_quality(np.array([[0, 1]]).repeat(5, 0), labels, 1.0)
    np.testing.assert_allclose(quality[0], [2 * 0.25 / 1.25, 2 * 0.5 / 1.5])


def test_perfect_lists_end_where_the_class_does() -> None:
    labels = np.repeat([0, 1, 2, 3], [1, 3, 6, 10])
    lists = np.argsort(np.abs(labels[:, None] - labels[None]), axis=1, kind="stable")
    lists = np.array([[i, *row[row != i]] for i, row in enumerate(lists)])[:, :8]
    found = best_lengths(neighbour_quality(lists, labels))
    np.testing.assert_array_equal(found, np.minimum(np.bincount(labels)[labels], 8))


def test_items_of_nobody_are_best_alone() -> None:
    labels = np.array([-1, -1, -2, 0, 0])
    found = best_lengths(neighbour_quality(_lists(5, 5), labels))
    assert found[:3].tolist() == [1, 1, 1]


def test_the_best_fixed_length_is_best_in_the_mean() -> None:
    quality = np.array([[0.1, 0.9, 0.2], [0.8, 0.6, 0.2]], np.float32)
    assert best_fixed_length(quality) == 2
