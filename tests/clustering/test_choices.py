"""What the caller may choose: the dial, the partition, the scorer, the number of neighbours."""

import numpy as np
import pytest

from covey.clustering import cluster
from covey.datasets.digits import load_digits_images
from covey.graph_partition import PARTITIONS
from covey.metrics.clustering import evaluate
from covey.scoring import COMPARE_DIRECTIONS, LIST_LENGTH, SCORERS


def test_the_dial_moves_cluster_sizes() -> None:
    x = load_digits_images().x[::2]
    size = [
        len(x) / cluster(x, prefer=prefer).clustering.n_clusters
        for prefer in ("precision", "balanced", "recall")
    ]
    assert size == sorted(size)
    assert size[0] < size[2]


@pytest.mark.parametrize("partition", PARTITIONS)
def test_every_partition(mixture, partition: str, assert_same) -> None:
    x, labels = mixture[0][:400], mixture[1][:400]
    result = cluster(x, partition=partition)
    assert result.report.partition == partition
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.6
    order = np.random.default_rng(0).permutation(400)
    assert_same(result, cluster(x[order], partition=partition), order)


@pytest.mark.parametrize("method", SCORERS)
def test_every_scorer(mixture, method: str) -> None:
    x, labels = mixture[0][:400], mixture[1][:400]
    result = cluster(x, method=method)
    assert (result.report.method, result.report.k) == (method, LIST_LENGTH[method])
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.75


@pytest.mark.parametrize("method", ["auto", *sorted(set(SCORERS) - COMPARE_DIRECTIONS)])
def test_euclidean_scorers(method: str) -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(400) % 10
    x = 4 * rng.normal(size=(10, 16))[labels] + rng.normal(size=(400, 16))
    result = cluster(x, metric="euclidean", method=method)
    assert result.report.method not in COMPARE_DIRECTIONS
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.95
    assert (result.knn.similarities <= 0).all()


@pytest.mark.parametrize("k", [1, 3, 40, 10_000])
def test_any_number_of_neighbours(mixture, k: int) -> None:
    result = cluster(mixture[0][:120], k=k)
    assert result.knn.k == min(k, 119)
    most = LIST_LENGTH["universal"] if result.report.method == "universal" else 119
    assert result.report.k == min(k, most)
    assert result.clustering.n == 120


def test_the_universal_scorer_weighs_no_longer_lists_than_it_knows(mixture) -> None:
    found = [cluster(mixture[0][:120], k=k, method="universal") for k in (64, 119)]
    assert [result.report.k for result in found] == [64, 64]
    np.testing.assert_array_equal(found[0].clustering.labels, found[1].clustering.labels)
