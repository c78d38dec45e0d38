"""Neighbourhood means against plain loops."""

import numpy as np
import pytest

from covey.graph import knn_to_edges
from covey.knn import build_knn_graph
from covey.similarity.smoothing import smoothed_matrix
from covey.types import Edges, KnnGraph, UsageError


def oracle(rows: np.ndarray, knn: KnnGraph, neighbours: int, power: float) -> np.ndarray:
    rows = rows.astype(np.float64)
    start = int(knn.includes_self)
    means = rows.copy()
    for i in range(knn.n):
        for c in range(start, min(knn.k, start + neighbours)):
            s = max(0.0, float(knn.similarities[i, c]))
            means[i] += s**power * rows[knn.indices[i, c]]
    score = np.empty(knn.indices.shape)
    for i in range(knn.n):
        for c, j in enumerate(knn.indices[i]):
            score[i, c] = means[i] @ means[j]
            score[i, c] /= np.linalg.norm(means[i]) * np.linalg.norm(means[j])
    return score


def _rows(n: int, d: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize(("neighbours", "power"), [(5, 3.0), (1, 1.0), (100, 0.5)])
def test_equals_loops(neighbours: int, power: float) -> None:
    rows = _rows(90, 10)
    knn = build_knn_graph(rows, 12)
    got = smoothed_matrix(rows, knn, neighbours=neighbours, power=power)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, oracle(rows, knn, neighbours, power), atol=1e-5)


def test_without_neighbours_it_is_the_cosine() -> None:
    rows = _rows(60, 8)
    knn = build_knn_graph(rows, 9)
    np.testing.assert_allclose(
        smoothed_matrix(rows, knn, neighbours=0), knn.similarities, atol=1e-6
    )


def test_the_item_itself_counts_once() -> None:
    rows = _rows(50, 8)
    knn = build_knn_graph(rows, 6)
    own = np.arange(50, dtype=knn.indices.dtype)[:, None]
    with_self = KnnGraph(
        np.hstack([own, knn.indices]),
        np.hstack([np.ones((50, 1), np.float32), knn.similarities]),
        includes_self=True,
    )
    got = smoothed_matrix(rows, with_self)
    np.testing.assert_array_equal(got[:, 1:], smoothed_matrix(rows, knn))
    np.testing.assert_allclose(got[:, 0], 1, atol=1e-6)


def smoothed_edges(rows: np.ndarray) -> Edges:
    knn = build_knn_graph(rows, 10)
    return knn_to_edges(knn, score=smoothed_matrix(rows, knn))


def test_one_score_for_a_pair_and_renaming_changes_nothing() -> None:
    rows = _rows(120, 16)
    edges = smoothed_edges(rows)
    assert (edges.source < edges.target).all()
    assert (np.abs(edges.score) <= 1).all()
    order = np.random.default_rng(1).permutation(120)
    place = np.argsort(order)
    other = smoothed_edges(rows[order])
    pair = np.sort(np.stack([place[edges.source], place[edges.target]]), axis=0)
    at = np.lexsort((pair[1], pair[0]))
    np.testing.assert_array_equal(pair[0][at], other.source)
    np.testing.assert_array_equal(pair[1][at], other.target)
    np.testing.assert_array_equal(edges.score[at], other.score)


def test_groups_stand_out_more_than_by_the_cosine() -> None:
    rng = np.random.default_rng(3)
    labels = np.arange(400) % 20
    rows = rng.normal(size=(20, 64))[labels] + 1.2 * rng.normal(size=(400, 64))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    knn = build_knn_graph(rows, 30)
    same = labels[:, None] == labels[knn.indices]

    def overlap(score: np.ndarray) -> float:
        return float((score[~same] > np.median(score[same])).mean())

    assert overlap(smoothed_matrix(rows, knn)) < overlap(knn.similarities) / 2


@pytest.mark.parametrize("n", [1, 2])
def test_few_items(n: int) -> None:
    rows = _rows(n, 4)
    assert smoothed_matrix(rows, build_knn_graph(rows, 3)).shape == (n, n - 1)


def test_opposite_neighbours_do_not_count() -> None:
    rows = np.array([[1, 0], [-1, 0]], np.float32)
    got = smoothed_matrix(rows, build_knn_graph(rows, 1))
    np.testing.assert_array_equal(got, [[-1], [-1]])


def test_a_mean_of_nothing_is_like_nothing() -> None:
    """With a power of 0 two opposite rows cancel out: no NaN comes of it."""
    rows = np.array([[1, 0], [-1, 0]], np.float32)
    knn = KnnGraph(np.array([[1], [0]], np.int32), np.full((2, 1), 0.5, np.float32))
    np.testing.assert_array_equal(smoothed_matrix(rows, knn, power=0.0), [[0], [0]])


def test_wrong_input_is_refused() -> None:
    rows = _rows(20, 4)
    knn = build_knn_graph(rows, 3)
    with pytest.raises(UsageError, match="rows has 19 items, the graph has 20"):
        smoothed_matrix(rows[:19], knn)
    with pytest.raises(UsageError, match="at least 0, got -1"):
        smoothed_matrix(rows, knn, neighbours=-1)
