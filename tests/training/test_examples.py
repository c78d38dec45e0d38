"""What training learns from: edges and clusterings of labelled collections."""

import numpy as np
import pytest

from covey.graph_partition import TRIED_PARTITIONS
from covey.knn import build_knn_graph
from covey.models.appraisal import SIGNS
from covey.models.edge_features import EDGE_FEATURES, LIST_LENGTH, measure_edges
from covey.models.network import Network
from covey.models.universal import UniversalScorer
from covey.selection import DENSITIES
from covey.training.examples import APPRAISED, draw_cuts, draw_edges
from covey.vectors import as_rows


def _grouped(n: int = 200) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 10
    return as_rows(rng.normal(size=(10, 24))[labels] + 0.5 * rng.normal(size=(n, 24))), labels


def _scorer() -> UniversalScorer:
    """By similarity alone."""
    count = len(EDGE_FEATURES)
    weight = np.zeros((1, count), np.float32)
    weight[0, 0] = 4
    layer = (weight, np.zeros(1, np.float32))
    return UniversalScorer(
        Network(np.zeros(count, np.float32), np.ones(count, np.float32), (layer,))
    )


def test_edges_in_blocks_are_those_of_all_at_once() -> None:
    rows, labels = _grouped(600)
    found = draw_edges(rows, labels, 600)
    measures = measure_edges(rows, build_knn_graph(rows, LIST_LENGTH))
    whole = measures.features(rows, np.arange(600)).astype(np.float16)
    np.testing.assert_array_equal(found.features, whole)


def test_edges_and_their_truth() -> None:
    rows, labels = _grouped()
    found = draw_edges(rows, labels, 30, families=("a", "b"), seed=3)
    assert found.families == ("a", "b")
    assert found.features.shape == (30, 64, len(EDGE_FEATURES))
    assert found.features.dtype == np.float16
    assert found.together.shape == (30, 64)
    items = np.sort(np.random.default_rng(3).choice(200, 30, replace=False))
    knn = build_knn_graph(rows, 64)
    for row, item in enumerate(items):
        expected = [labels[j] == labels[item] for j in knn.indices[item]]
        np.testing.assert_array_equal(found.together[row], expected)
    again = draw_edges(rows, labels, 30, seed=3)
    np.testing.assert_array_equal(again.features, found.features)


@pytest.mark.parametrize("n", [2, 3, 20])
def test_small_collections(n: int) -> None:
    rows, labels = _grouped(n)
    found = draw_edges(rows, labels, 500)
    assert found.together.shape == (n, n - 1)
    assert np.isfinite(found.features.astype(float)).all()


def test_clusterings_and_their_truth() -> None:
    rows, labels = _grouped()
    found = draw_cuts(rows, labels, _scorer(), families=("a",), seed=1)
    recipes = len(TRIED_PARTITIONS) * len(APPRAISED)
    assert found.families == ("a",)
    assert found.signs.shape == (recipes, len(DENSITIES), len(SIGNS))
    assert found.truth.shape == (recipes, len(DENSITIES), 2)
    assert (found.signs.dtype, found.truth.dtype) == (np.float32, np.float32)
    assert np.isfinite(found.signs).all()
    assert ((found.truth > 0) & (found.truth <= 1)).all()
    precision, recall = np.moveaxis(found.truth, 2, 0)
    assert (2 * precision * recall / (precision + recall)).max() > 0.95
    alone = found.signs[..., SIGNS.index("share of items alone")] == 1
    np.testing.assert_allclose(precision[alone], 1)
    again = draw_cuts(rows, labels, _scorer(), seed=1, threads=2)
    np.testing.assert_array_equal(again.signs, found.signs)


def test_one_group_is_never_mixed_and_none_never_split() -> None:
    rows, _ = _grouped(60)
    found = draw_cuts(rows, np.zeros(60, np.int64), _scorer())
    np.testing.assert_allclose(found.truth[..., 0], 1)
    apart = draw_cuts(rows, np.arange(60), _scorer())
    np.testing.assert_allclose(apart.truth[..., 1], 1)
