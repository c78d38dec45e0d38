"""Groups that anyone can see, in one dimension, in the plane and in many dimensions."""

import numpy as np

from covey.clustering import cluster
from covey.metrics.clustering import evaluate


def test_one_dimension() -> None:
    labels = np.arange(400) % 4
    x = np.array([0, 10, 20, 50])[labels] + 0.3 * np.random.default_rng(0).normal(size=400)
    result = cluster(x[:, None], metric="euclidean")
    scores = evaluate(labels, result.clustering.labels)
    assert scores.bcubed.precision == 1
    assert scores.bcubed.f > 0.9
    signs = cluster(np.array([[2.0], [-1], [3], [-4], [5]])).clustering.labels  # cosines of +-1
    assert signs[0] == signs[2] == signs[4]
    assert signs[1] == signs[3]


def test_groups_in_the_plane() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(600) % 9
    centre = np.stack(np.meshgrid([0, 10, 20], [0, 10, 20]), axis=-1).reshape(9, 2)
    result = cluster(centre[labels] + rng.normal(size=(600, 2)), metric="euclidean")
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.97
    assert any("a little noise" in note for note in result.report.notes)


def test_many_small_groups_in_the_plane() -> None:
    rng = np.random.default_rng(1)
    labels = np.arange(1500) % 100
    grid = np.stack(np.meshgrid(np.arange(10), np.arange(10)), axis=-1).reshape(100, 2)
    x = grid[labels] + 0.03 * rng.normal(size=(1500, 2))
    result = cluster(x, metric="euclidean")
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.95
    assert result.report.expected_recall > 0.8


def test_many_dimensions_and_distances() -> None:
    rng = np.random.default_rng(2)
    labels = np.arange(500) % 20
    x = 0.5 * rng.normal(size=(20, 400))[labels] + rng.normal(size=(500, 400))
    result = cluster(x, metric="euclidean")
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.95
    assert result.report.agreement > 0.8
    assert len(np.unique(result.edges.score)) > result.edges.m / 2
