"""Edges scored by what labels of the collection's own groups teach."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from covey.graph import knn_to_edges
from covey.knn import build_knn_graph
from covey.labelled_rows import in_folds
from covey.metrics.edges import average_precision
from covey.models.edge_features import measure_edges
from covey.training.edge_scorer import (
    Crosswise,
    describe_edges,
    probabilities,
    train_edge_scorer,
)
from covey.vectors import as_rows


@pytest.fixture(scope="module")
def collection(hidden) -> tuple[np.ndarray, np.ndarray]:
    x, labels = hidden(240, 24)
    return as_rows(x), labels


@pytest.fixture(scope="module")
def crosswise(collection) -> Crosswise:
    rows, labels = collection
    return Crosswise.of(rows, labels, in_folds(labels, 0), seed=0)


def test_describes_every_edge_of_every_item(collection) -> None:
    rows, _ = collection
    described = describe_edges(rows)
    knn = build_knn_graph(rows, 64)
    np.testing.assert_array_equal(described.knn.indices, knn.indices)
    features = measure_edges(rows, knn).features(rows, np.arange(240))
    np.testing.assert_array_equal(described.features, features.astype(np.float16))


def test_learns_only_from_the_items_that_it_is_told(collection) -> None:
    rows, labels = collection
    learned = np.arange(240) < 120
    described = describe_edges(rows)
    assert not learned[described.knn.indices[learned]].all()
    first = train_edge_scorer(described, labels, learned)
    anything = np.where(learned, labels, np.random.default_rng(0).integers(24, size=240))
    second = train_edge_scorer(described, anything, learned)
    np.testing.assert_array_equal(first.network.layers[0][0], second.network.layers[0][0])
    other = train_edge_scorer(described, labels, ~learned)
    assert not np.array_equal(first.network.layers[0][0], other.network.layers[0][0])


def test_scores_are_probabilities_and_rank_better_than_the_cosine(collection, crosswise) -> None:
    rows, labels = collection
    probability = crosswise.probability()
    assert probability.shape == (240, 64)
    assert ((probability >= 0) & (probability <= 1)).all()
    edges = crosswise.edges.edges(probability)
    together = labels[edges.source] == labels[edges.target]
    assert abs(edges.score.mean() - together.mean()) < 0.05
    cosine = average_precision(knn_to_edges(build_knn_graph(rows, 64)), labels)
    assert average_precision(edges, labels) > cosine + 0.02


def test_each_fold_is_scored_by_what_the_others_taught(collection, crosswise) -> None:
    _, labels = collection
    probability = crosswise.probability()
    assert len(crosswise.scorers) == 4
    for fold, scorer in enumerate(crosswise.scorers):
        mine = crosswise.fold == fold
        alone = probabilities(scorer, crosswise.edges)
        # last digits depend on how many rows a processor multiplies at once
        np.testing.assert_allclose(probability[mine], alone[mine], rtol=1e-5, atol=1e-7)
        for other in crosswise.scorers[:fold] + crosswise.scorers[fold + 1 :]:
            apart = np.abs(probabilities(other, crosswise.edges)[mine] - probability[mine])
            assert apart.max() > 1e-3
    again = train_edge_scorer(crosswise.edges, labels, crosswise.fold != 2, seed=crosswise.seed)
    np.testing.assert_array_equal(
        probabilities(again, crosswise.edges), probabilities(crosswise.scorers[2], crosswise.edges)
    )


def test_the_scorer_gives_the_same_as_its_description(collection, crosswise) -> None:
    rows, _ = collection
    scorer = crosswise.scorer()
    found = scorer.score(rows, build_knn_graph(rows, 64))
    described = probabilities(scorer, crosswise.edges)  # from features in half precision
    np.testing.assert_allclose(described, found, atol=0.02)


def test_folds_by_themselves_keep_the_scale_of_the_whole(collection, crosswise) -> None:
    rows, _ = collection
    some = crosswise.fold < 2
    edges = crosswise.edges_among(rows, some)
    alone = rows[some]
    knn = build_knn_graph(alone, 64)
    scored = np.empty(knn.indices.shape, np.float32)
    for fold in (0, 1):
        mine = crosswise.fold[some] == fold
        scored[mine] = crosswise.scorers[fold].score(alone, knn)[mine]
    expected = knn_to_edges(knn, score=np.maximum(scored, np.float32(1e-6)))
    np.testing.assert_allclose(edges.score, expected.score, atol=0.02)
    assert edges.target.max() < some.sum()


@pytest.mark.parametrize("n", [2, 3, 9])
def test_few_items(n: int) -> None:
    rows = as_rows(np.random.default_rng(0).standard_normal((n, 8)).astype(np.float32))
    labels = np.arange(n) % 2
    crosswise = Crosswise.of(rows, labels, labels.astype(np.int64), seed=1)
    assert crosswise.probability().shape == (n, n - 1)
    assert np.isfinite(crosswise.edges.edges(crosswise.probability()).score).all()
