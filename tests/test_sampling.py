"""Whole regions stand for a large collection."""

import numpy as np
import pytest

from covey import sampling
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.knn import build_knn_graph
from covey.sampling import whole_regions
from covey.scoring import as_affinity


@pytest.fixture(scope="module")
def collection():
    x, labels = von_mises_fisher_mixture(4_000, 32, n_groups=150, seed=0)
    return x, labels, build_knn_graph(x, 10)


def _place(rows: np.ndarray, sample: np.ndarray) -> np.ndarray:
    at = {row.tobytes(): i for i, row in enumerate(rows)}
    return np.array([at[row.tobytes()] for row in sample])


def test_a_small_collection_is_taken_whole(collection) -> None:
    x, _, knn = collection
    sample = whole_regions(x, knn, 4_000, unit=True, seed=0, threads=1)
    assert sample.rows is x
    assert sample.knn is knn
    assert sample.share == 1.0


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("region", [50, 200])
def test_whole_cells_and_no_more_than_asked(collection, seed, region, monkeypatch) -> None:
    monkeypatch.setattr(sampling, "_REGION", region)
    x, labels, knn = collection
    sample = whole_regions(x, knn, 1_500, unit=True, seed=seed, threads=1)
    assert 750 <= len(sample.rows) <= 1_500
    assert sample.share == len(sample.rows) / 4_000
    taken = _place(x, sample.rows)
    assert (np.diff(taken) > 0).all()
    size = np.bincount(labels)
    inside = np.bincount(labels[taken], minlength=len(size))
    share_of_own_group = np.average(inside / size, weights=inside)
    assert share_of_own_group > sample.share + 0.1  # no more than the share at random


def test_neighbours_are_searched_within_the_sample(collection) -> None:
    x, _, knn = collection
    sample = whole_regions(x, knn, 1_500, unit=True, seed=0, threads=1)
    expected = build_knn_graph(sample.rows, 10)
    np.testing.assert_array_equal(sample.knn.indices, expected.indices)
    np.testing.assert_array_equal(sample.knn.similarities, expected.similarities)


def test_euclidean_neighbours_become_affinities(collection) -> None:
    x = collection[0] * np.linspace(1, 3, 4_000, dtype=np.float32)[:, None]
    knn = build_knn_graph(x, 5, metric="euclidean")
    whole = as_affinity(knn)
    np.testing.assert_array_equal(
        whole_regions(x, knn, 4_000, unit=False, seed=0, threads=1).knn.similarities,
        whole.similarities,
    )
    sample = whole_regions(x, knn, 1_500, unit=False, seed=0, threads=1)
    assert sample.knn.k == 5
    assert ((sample.knn.similarities >= 0) & (sample.knn.similarities <= 1)).all()
    taken = _place(x, sample.rows)  # a pair that both graphs hold has one affinity
    same = taken[sample.knn.indices] == knn.indices[taken]
    assert same.mean() > 0.3
    np.testing.assert_array_equal(sample.knn.similarities[same], whole.similarities[taken][same])


@pytest.mark.parametrize("seed", range(8))
def test_a_cell_that_holds_nearly_all_does_not_starve_the_sample(seed, monkeypatch) -> None:
    """One dense heap and a few strays: cells of strays fit, the cell of the heap does not."""
    monkeypatch.setattr(sampling, "_REGION", 400)
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(size=(1_990, 4)), 1e4 * rng.normal(size=(10, 4))])
    x = x.astype(np.float32)
    x[0] = 0  # the middle of the heap
    knn = build_knn_graph(x, 5, metric="euclidean")
    sample = whole_regions(x, knn, 600, unit=False, seed=seed, threads=1)
    assert 300 <= len(sample.rows) <= 600


def test_the_seed_decides(collection) -> None:
    x, _, knn = collection
    a, b, c = (
        whole_regions(x, knn, 1_500, unit=True, seed=seed, threads=1).rows for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(a, b)
    assert a.shape != c.shape or not np.array_equal(a, c)
