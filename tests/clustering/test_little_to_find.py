"""Collections with nothing to find, or little: the report must say so."""

import numpy as np
import pytest

from covey.clustering import cluster


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("n", [2, 3, 4])
def test_few_items(n: int, metric) -> None:
    result = cluster(np.random.default_rng(n).normal(size=(n, 6)), metric=metric)
    assert result.clustering.n == n
    assert result.knn.k == n - 1
    assert any(f"{n} items" in note for note in result.report.notes)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_all_rows_equal(metric) -> None:
    result = cluster(np.full((30, 5), 0.7), metric=metric)
    assert result.clustering.n_clusters == 1
    assert result.edges.m == 29
    assert result.report.cohesion.tolist() == [1]
    assert any("one item without repeats" in note for note in result.report.notes)
    assert any("29 items repeat" in note for note in result.report.notes)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_two_rows_repeated(metric) -> None:
    rows = np.array([[1.0, 0.1, 0], [-0.1, 0.2, 1]])
    labels = cluster(np.repeat(rows, 20, axis=0), metric=metric).clustering.labels
    assert len(np.unique(labels[:20])) == len(np.unique(labels[20:])) == 1


def test_one_repeated_row_is_told_in_the_singular() -> None:
    x = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
    assert cluster(x).report.notes[0].startswith("1 item repeats another row")


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize(("n", "d"), [(60, 16), (500, 8), (600, 64)])
def test_noise_is_called_noise(n: int, d: int, metric) -> None:
    result = cluster(np.random.default_rng(n).normal(size=(n, d)), metric=metric)
    assert result.report.agreement < 0.3
    assert any("may be no groups" in note for note in result.report.notes)
    itself = np.mean(1 / result.clustering.sizes[result.clustering.labels])
    assert result.report.expected_precision < itself + 0.1  # that of nobody belonging together


def test_a_single_tight_group() -> None:
    """One heap has no parts: whatever is made of it, the report must not vouch for it."""
    x = np.eye(32)[0] + 0.02 * np.random.default_rng(0).normal(size=(300, 32))
    report = cluster(x).report
    assert report.agreement < 0.3
    assert any("may be no groups" in note for note in report.notes)
