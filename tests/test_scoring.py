"""Every scorer by name keeps one contract."""

import numpy as np
import pytest

from covey.graph import knn_to_edges, nearest
from covey.knn import build_knn_graph
from covey.scoring import LIST_LENGTH, SCORERS, as_affinity, score_edges
from covey.types import KnnGraph, UsageError
from covey.vectors import as_rows


@pytest.fixture(scope="module")
def grouped():
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 15
    x = rng.normal(size=(15, 32))[labels] + 0.7 * rng.normal(size=(300, 32))
    rows = as_rows(x)
    return rows, labels, build_knn_graph(rows, 25)


@pytest.mark.parametrize("scorer", SCORERS)
def test_contract(grouped, scorer) -> None:
    rows, labels, knn = grouped
    edges = score_edges(rows, knn, scorer)
    assert edges.probability is None
    assert edges.score.dtype == np.float32
    assert (edges.source < edges.target).all()
    assert (edges.score > 0).all()
    assert (edges.score <= 1).all()
    pairs = knn_to_edges(knn)
    np.testing.assert_array_equal(edges.source, pairs.source)
    np.testing.assert_array_equal(edges.target, pairs.target)
    same = labels[edges.source] == labels[edges.target]
    assert np.median(edges.score[same]) > np.quantile(edges.score[~same], 0.95)


@pytest.mark.parametrize("scorer", SCORERS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_few_items(scorer, n: int) -> None:
    rows = as_rows(np.random.default_rng(n).normal(size=(n, 4)))
    edges = score_edges(rows, build_knn_graph(rows, 5), scorer)
    assert edges.m == n * (n - 1) // 2
    assert np.isfinite(edges.score).all()


def test_every_scorer_has_a_list_length() -> None:
    assert set(LIST_LENGTH) == {*SCORERS, "learned"}


def test_unknown_scorer_is_refused(grouped) -> None:
    rows, _, knn = grouped
    with pytest.raises(UsageError, match="unknown scorer 'magic': choose one of universal, cosine"):
        score_edges(rows, knn, "magic")


@pytest.mark.parametrize("d", [1, 2, 16, 256, 2048])
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_affinity_tells_near_from_far_in_any_dimension(d: int, scale: float) -> None:
    x = scale * np.random.default_rng(d).normal(size=(300, d))
    knn = build_knn_graph(x, 20, metric="euclidean")
    affinity = as_affinity(knn)
    np.testing.assert_array_equal(affinity.indices, knn.indices)
    assert ((affinity.similarities >= 0) & (affinity.similarities <= 1)).all()
    assert (np.diff(affinity.similarities, axis=1) <= 0).all()
    first, tenth = np.median(affinity.similarities[:, [0, 9]], axis=0)
    assert first > 1.15 * tenth > 0
    different = np.abs(np.diff(knn.similarities, axis=1)) > 1e-4 * scale
    told_apart = np.diff(affinity.similarities, axis=1) < 0
    assert told_apart[different].mean() > 0.99


def test_affinity_survives_a_near_pair_and_an_outlier() -> None:
    x = np.random.default_rng(0).normal(size=(200, 128))
    x[1] = x[0] + 1e-6
    x[2] *= 1000
    affinity = as_affinity(build_knn_graph(x, 10, metric="euclidean")).similarities
    assert affinity[0, 0] > 0.99
    assert affinity[2].max() < 1e-5
    assert np.median(affinity[3:, 0]) > 0.1


def test_affinity_of_no_or_equal_distances() -> None:
    none = KnnGraph(np.empty((1, 0), np.int32), np.empty((1, 0), np.float32))
    assert as_affinity(none).similarities.shape == (1, 0)
    equal = KnnGraph(np.array([[1], [0]], np.int32), np.full((2, 1), -3, np.float32))
    affinity = as_affinity(equal).similarities
    assert affinity[0, 0] == affinity[1, 0] > 0


def test_nearest_keeps_the_first_columns(grouped) -> None:
    _, _, knn = grouped
    short = nearest(knn, 4)
    np.testing.assert_array_equal(short.indices, knn.indices[:, :4])
    np.testing.assert_array_equal(short.similarities, knn.similarities[:, :4])
    assert short.indices.flags.c_contiguous
    assert nearest(knn, 99).k == knn.k
    own = np.arange(knn.n, dtype=knn.indices.dtype)[:, None]
    ones = np.ones((knn.n, 1), np.float32)
    with_self = KnnGraph(
        np.hstack([own, knn.indices]), np.hstack([ones, knn.similarities]), includes_self=True
    )
    np.testing.assert_array_equal(nearest(with_self, 4).indices[:, 1:], short.indices)
    assert nearest(with_self, 4).includes_self
