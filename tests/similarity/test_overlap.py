"""Overlaps at several lengths and ranks the other way round, against plain loops."""

import numpy as np
import pytest

from covey.knn import build_knn_graph
from covey.similarity.overlap import neighbour_overlaps
from covey.types import KnnGraph


def _oracle(lists: list[list[int]], lengths: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """One pair at a time; each list without the item itself."""
    n, k = len(lists), len(lists[0])
    overlap, back = np.zeros((n, k, len(lengths))), np.zeros((n, k), int)
    for i in range(n):
        for c, j in enumerate(lists[i]):
            for b, length in enumerate(lengths):
                here, there = {i, *lists[i][:length]}, {j, *lists[j][:length]}
                overlap[i, c, b] = len(here & there) / len(here | there)
            back[i, c] = lists[j].index(i) if i in lists[j] else k
    return overlap, back


@pytest.mark.parametrize(("n", "k"), [(2, 1), (3, 2), (40, 1), (40, 7), (40, 39), (150, 20)])
def test_equals_loops(n: int, k: int) -> None:
    knn = build_knn_graph(np.random.default_rng(n + k).normal(size=(n, 5)), k)
    lengths = (1, 3, 10, 500)
    overlap, back = neighbour_overlaps(knn, lengths)
    expected, expected_back = _oracle(knn.indices.tolist(), lengths)
    assert (overlap.dtype, back.dtype) == (np.float32, np.int16)
    np.testing.assert_allclose(overlap, expected, atol=1e-6)
    np.testing.assert_array_equal(back, expected_back)


def test_an_item_in_its_own_list_counts_once() -> None:
    knn = build_knn_graph(np.random.default_rng(0).normal(size=(30, 4)), 6)
    own = np.arange(30, dtype=knn.indices.dtype)[:, None]
    ones = np.ones((30, 1), np.float32)
    with_self = KnnGraph(
        np.hstack([own, knn.indices]), np.hstack([ones, knn.similarities]), includes_self=True
    )
    for one, other in zip(
        neighbour_overlaps(knn, (2, 6)), neighbour_overlaps(with_self, (2, 6)), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_no_neighbours() -> None:
    none = KnnGraph(np.empty((1, 0), np.int32), np.empty((1, 0), np.float32))
    overlap, back = neighbour_overlaps(none, (5, 10))
    assert (overlap.shape, back.shape) == ((1, 0, 2), (1, 0))
