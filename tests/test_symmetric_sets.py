"""Local sets from both directions of neighbour lists, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

from covey.graph import local_sets, nearest, symmetric_sets
from covey.knn import build_knn_graph
from covey.types import KnnGraph


def lists(n: int, k: int, *, levels: int, dtype: type = np.int32) -> KnnGraph:
    """Random lists, in order, that need not agree in both directions; few levels make ties."""
    rng = np.random.default_rng(n + k + levels)
    indices = np.empty((n, k), dtype)
    for i in range(n):
        indices[i] = rng.choice(np.delete(np.arange(n), i), k, replace=False)
    similarities = (rng.integers(levels, size=(n, k)) / levels).astype(np.float32)
    order = np.lexsort((indices, -similarities))
    return KnnGraph(
        np.take_along_axis(indices, order, axis=1), np.take_along_axis(similarities, order, axis=1)
    )


def oracle(knn: KnnGraph, most: int) -> np.ndarray:
    near: list[dict[int, float]] = [{} for _ in range(knn.n)]
    for i in range(knn.n):
        for j, s in zip(knn.indices[i].tolist(), knn.similarities[i].tolist(), strict=True):
            near[i][j] = s
    for i in range(knn.n):
        for j, s in zip(knn.indices[i].tolist(), knn.similarities[i].tolist(), strict=True):
            if i not in knn.indices[j]:
                near[j][i] = s
    members = np.full((knn.n, most), -1)
    for i, found in enumerate(near):
        best = sorted(found, key=lambda j: (-found[j], j))[: most - 1]
        members[i, : 1 + len(best)] = [i, *best]
    return members


@pytest.mark.parametrize("levels", [2, 5, 10_000])
@pytest.mark.parametrize("most", [1, 2, 7, 9, 40])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_same_as_plain_loops(levels: int, most: int, dtype: type) -> None:
    knn = lists(30, 6, levels=levels, dtype=dtype)
    found = symmetric_sets(knn, most)
    assert found.dtype == np.int64
    np.testing.assert_array_equal(found, oracle(knn, most))


def test_exact_lists_fill_a_set_alone() -> None:
    x = np.random.default_rng(0).standard_normal((60, 5))
    knn = build_knn_graph(x, 8)
    np.testing.assert_array_equal(symmetric_sets(knn, 9), local_sets(knn))
    short = nearest(knn, 3)
    assert (symmetric_sets(short, 9) != symmetric_sets(knn, 9)).any()
    np.testing.assert_array_equal(symmetric_sets(short, 9), oracle(short, 9))


def test_an_entry_that_one_end_missed_comes_back() -> None:
    knn = KnnGraph(np.array([[1], [2], [1]]), np.float32([[0.9], [0.5], [0.5]]))
    assert symmetric_sets(knn, 2).tolist() == [[0, 1], [1, 0], [2, 1]]


def test_equal_rows_are_different_members() -> None:
    x = np.repeat(np.random.default_rng(0).standard_normal((4, 3)), 5, axis=0)
    sets = symmetric_sets(build_knn_graph(x, 7), 8)
    for i, members in enumerate(sets):
        assert members[0] == i
        assert len(set(members.tolist())) == 8
        assert {member // 5 for member in members[:5]} == {i // 5}


def test_everybody_where_sets_are_larger_than_the_collection() -> None:
    sets = symmetric_sets(build_knn_graph(np.eye(4), 3), 6)
    assert sets.tolist() == [
        [0, 1, 2, 3, -1, -1],
        [1, 0, 2, 3, -1, -1],
        [2, 0, 1, 3, -1, -1],
        [3, 0, 1, 2, -1, -1],
    ]


@pytest.mark.parametrize("n", [0, 1])
@pytest.mark.parametrize("most", [1, 3])
def test_nobody_has_neighbours(n: int, most: int) -> None:
    knn = KnnGraph(np.empty((n, 0), np.int32), np.empty((n, 0), np.float32))
    expected = np.full((n, most), -1)
    expected[:, :1] = np.arange(n)[:, None]
    np.testing.assert_array_equal(symmetric_sets(knn, most), expected)


def test_two_items() -> None:
    knn = build_knn_graph(np.float32([[1, 0], [0, 1]]), 1)
    assert symmetric_sets(knn, 3).tolist() == [[0, 1, -1], [1, 0, -1]]
