"""Collections larger than are judged whole, with the limits lowered."""

import numpy as np

from covey import clustering
from covey.clustering import cluster
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.metrics.clustering import evaluate
from covey.metrics.information import adjusted_mutual_information


def test_large_collections_take_shorter_lists(mixture, monkeypatch) -> None:
    monkeypatch.setattr(clustering, "_MANY", 119)
    assert cluster(mixture[0][:120]).knn.k == 50
    assert cluster(mixture[0][:119]).knn.k == 80
    assert cluster(mixture[0][:120], k=70).knn.k == 70


def test_a_part_decides_for_a_large_collection(monkeypatch, assert_same) -> None:
    x, labels = von_mises_fisher_mixture(3_000, 48, n_groups=120, seed=5)
    full = cluster(x)
    monkeypatch.setattr(clustering, "_MOST_JUDGED", 500)
    monkeypatch.setattr(clustering, "_SAMPLE", 500)
    monkeypatch.setattr("covey.sampling._REGION", 100)
    part = cluster(x)
    ami = adjusted_mutual_information(part.clustering.labels, full.clustering.labels)
    assert ami > 0.9
    gap = evaluate(labels, full.clustering.labels).bcubed.f
    gap -= evaluate(labels, part.clustering.labels).bcubed.f
    assert gap < 0.05
    assert any("whole regions" in note for note in part.report.notes)
    curve = part.report.curve
    assert curve.n_clusters[curve.chosen] == part.clustering.n_clusters
    assert (curve.n_singletons <= curve.n_clusters).all()
    assert (curve.n_clusters <= 3_000).all()
    order = np.random.default_rng(0).permutation(3_000)
    assert_same(part, cluster(x[order]), order)
