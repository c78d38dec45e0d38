"""What comes out: groups that are right, and a report that fits them."""

import numpy as np
import pytest

from covey.clustering import cluster
from covey.metrics.clustering import evaluate
from covey.partition.canonical import renumber


def test_finds_the_groups(mixture, found) -> None:
    scores = evaluate(mixture[1], found.clustering.labels)
    assert scores.bcubed.f > 0.85
    assert found.report.notes == []


@pytest.mark.parametrize("prefer", ["precision", "balanced", "recall"])
def test_report_is_in_range_and_aligned(mixture, prefer) -> None:
    result = cluster(mixture[0], prefer=prefer, method="cosine")
    report, curve, got = result.report, result.report.curve, result.clustering
    n = len(mixture[0])
    for value in (report.expected_precision, report.expected_recall, report.agreement, report.cut):
        assert 0 <= value <= 1
    assert report.method == "cosine"
    assert report.partition == "map-equation"
    assert report.prefer == prefer
    assert got.cut == report.cut
    assert len(got.labels) == len(got.strength) == n
    assert ((got.strength >= 0) & (got.strength <= 1)).all()
    np.testing.assert_array_equal(got.labels, renumber(got.labels))
    assert len(report.cohesion) == got.n_clusters
    assert ((report.cohesion >= 0) & (report.cohesion <= 1)).all()
    assert (report.cohesion[got.sizes == 1] == 1).all()

    size = len(curve.cut)
    for array in (curve.n_clusters, curve.n_singletons, curve.largest, curve.precision):
        assert array.shape == (size,)
    for array in (curve.precision, curve.recall, curve.agreement):
        assert array.shape == (size,)
        assert ((array >= 0) & (array <= 1)).all()
    assert (np.diff(curve.cut) >= 0).all()
    assert (curve.n_singletons <= curve.n_clusters).all()
    assert (curve.n_clusters + curve.largest <= n + 1).all()
    assert 0 <= curve.chosen < size
    assert curve.cut[curve.chosen] == pytest.approx(report.cut)
    assert report.expected_precision == pytest.approx(curve.precision[curve.chosen])
    assert report.expected_recall == curve.recall[curve.chosen]
    assert curve.n_clusters[curve.chosen] == pytest.approx(got.n_clusters, rel=0.1)

    assert set(report.seconds) == {"reading", "neighbours", "agreement", "groups"}
    assert all(seconds >= 0 for seconds in report.seconds.values())

    edges = result.edges
    assert (edges.source < edges.target).all()
    assert edges.target.max() < n
    assert (edges.probability >= np.float32(report.cut)).all()
    assert edges.probability.max() <= 1
    assert result.knn.n == n
    assert result.knn.k == 80


def test_the_curve_counts_repeated_rows(mixture, found) -> None:
    before = found.report.curve
    curve = cluster(np.repeat(mixture[0], 3, axis=0)).report.curve
    np.testing.assert_array_equal(curve.n_clusters, before.n_clusters)
    np.testing.assert_array_equal(curve.largest, 3 * before.largest)
    assert (curve.n_singletons == 0).all()
    assert (before.n_singletons > 0).any()


def test_clusters_hang_together_by_edges_above_the_cut(found) -> None:
    labels = found.clustering.labels
    linked = np.zeros(len(labels), bool)
    inside = labels[found.edges.source] == labels[found.edges.target]
    linked[found.edges.source[inside]] = linked[found.edges.target[inside]] = True
    np.testing.assert_array_equal(linked, found.clustering.sizes[labels] > 1)


def test_cohesion_equals_a_loop(found) -> None:
    labels, edges = found.clustering.labels, found.edges
    for group in range(found.clustering.n_clusters):
        inside = (labels[edges.source] == group) & (labels[edges.target] == group)
        expected = edges.probability[inside].mean() if inside.any() else 1.0
        assert found.report.cohesion[group] == pytest.approx(expected, abs=1e-5)
