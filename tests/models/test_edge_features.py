"""What the scorer sees of an edge, against plain loops; what it must not depend on."""

import math
import warnings

import numpy as np
import pytest

from covey.graph import nearest
from covey.knn import build_knn_graph
from covey.models.edge_features import EDGE_FEATURES, LIST_LENGTH, EdgeMeasures, measure_edges
from covey.vectors import as_rows

_UNITLESS = [
    number
    for number, name in enumerate(EDGE_FEATURES)
    if any(word in name for word in ("rank", "overlap", "transition", "profile", "occurrences"))
]
"""Columns that do not depend on the drawn pairs."""


def _describe(rows: np.ndarray, k: int = LIST_LENGTH) -> tuple[EdgeMeasures, np.ndarray]:
    measures = measure_edges(rows, build_knn_graph(rows, min(k, len(rows) - 1)))
    return measures, measures.features(rows, np.arange(len(rows)))


def _column(features: np.ndarray, name: str) -> np.ndarray:
    return features[..., EDGE_FEATURES.index(name)]


def test_columns_are_named_once(grouped) -> None:
    rows, _ = grouped(80)
    _, features = _describe(rows)
    assert features.shape == (80, 64, len(EDGE_FEATURES))
    assert features.dtype == np.float32
    assert len(set(EDGE_FEATURES)) == len(EDGE_FEATURES)


def test_the_scale_is_that_of_random_pairs_and_nearest_neighbours(grouped) -> None:
    rows, _ = grouped()
    measures, features = _describe(rows)
    s = rows.astype(float) @ rows.T
    assert measures.scale.zero == pytest.approx(s[~np.eye(len(s), dtype=bool)].mean(), abs=0.01)
    np.fill_diagonal(s, -2)
    assert measures.scale.zero + measures.scale.unit == pytest.approx(
        np.median(s.max(axis=1)), abs=1e-6
    )
    assert np.median(_column(features, "similarity")[:, 0]) == pytest.approx(1, abs=1e-5)


def test_columns_equal_loops(grouped) -> None:
    n, k = 60, 24
    rows, _ = grouped(n, 12, 6)
    measures, features = _describe(rows, k)
    lists = measures.knn.indices.tolist()
    x = rows.astype(float)
    s = (x @ x.T - measures.scale.zero) / measures.scale.unit
    mean = {width: [s[i, lists[i][:width]].mean() for i in range(n)] for width in (5, 10, 30)}
    log_rank = [math.log(1 + rank) / math.log(1 + LIST_LENGTH) for rank in range(k + 1)]
    seen = [math.log(sum(i in row[:10] for row in lists) / 10 + 0.1) for i in range(n)]
    expected: dict[str, np.ndarray] = {name: np.empty((n, k)) for name in EDGE_FEATURES}

    def tests_of(i: int, j: int) -> np.ndarray:
        members = [i, *lists[i]][:33]
        row = np.array([x[j] @ x[m] for m in members])
        if j in members:
            row[members.index(j)] = x[i] @ x[lists[i][0]]
        row -= row.mean()
        return row / np.linalg.norm(row)

    for i in range(n):
        for c, j in enumerate(lists[i]):
            values = {
                "similarity": s[i, j],
                "similarity below the item's nearest": s[i, j] - s[i, lists[i][0]],
                "similarity below the neighbour's nearest": s[i, j] - s[j, lists[j][0]],
                "similarity above the mean of 10 of both ends": s[i, j]
                - (mean[10][i] + mean[10][j]) / 2,
                "log rank": log_rank[c],
                "log rank the other way round": log_rank[lists[j].index(i)]
                if i in lists[j]
                else 1.0,
                "profile similarity": tests_of(i, i) @ tests_of(i, j),
                "profile similarity below the item's nearest": tests_of(i, i)
                @ (tests_of(i, j) - tests_of(i, lists[i][0])),
                "mean of 5, item": mean[5][i],
                "mean of 5, neighbour": mean[5][j],
                "mean of 30, item": mean[30][i],
                "mean of 30, neighbour": mean[30][j],
                "log occurrences among 10, item": seen[i],
                "log occurrences among 10, neighbour": seen[j],
            }
            for length in (5, 10, 20, 40):
                here, there = {i, *lists[i][:length]}, {j, *lists[j][:length]}
                values[f"overlap of {length}"] = len(here & there) / len(here | there)
            for name, value in values.items():
                expected[name][i, c] = value
    for name in values:
        np.testing.assert_allclose(_column(features, name), expected[name], atol=2e-3, err_msg=name)


@pytest.mark.parametrize(("name", "width"), [("smoothed", 5), ("widely smoothed", 20)])
def test_smoothed_similarity_equals_loops(grouped, name: str, width: int) -> None:
    rows, _ = grouped(60, 12, 6)
    measures, features = _describe(rows)
    knn, x = measures.knn, rows.astype(float)
    means = np.array(
        [
            x[i] + sum(max(x[i] @ x[j], 0) ** 3 * x[j] for j in knn.indices[i, :width])
            for i in range(60)
        ]
    )
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    s = np.array([[means[i] @ means[j] for j in knn.indices[i]] for i in range(60)])
    s -= measures.scale.zero
    s /= np.median(s[:, 0])
    np.testing.assert_allclose(_column(features, f"{name} similarity"), s, atol=3e-3)
    if name == "smoothed":
        below = _column(features, "smoothed similarity below the item's nearest")
        np.testing.assert_allclose(below, s - s[:, :1], atol=3e-3)


def test_shuffling_shuffles_features(grouped) -> None:
    rows, _ = grouped()
    order = np.random.default_rng(1).permutation(len(rows))
    (one, features), (other, shuffled) = _describe(rows), _describe(rows[order])
    np.testing.assert_array_equal(order[other.knn.indices], one.knn.indices[order])
    np.testing.assert_allclose(shuffled[..., _UNITLESS], features[order][..., _UNITLESS], atol=2e-3)
    np.testing.assert_allclose(shuffled, features[order], atol=0.03)  # other pairs were drawn


def test_features_come_in_any_block(grouped) -> None:
    rows, _ = grouped(100)
    measures, features = _describe(rows)
    some = np.array([3, 99, 0, 3])
    np.testing.assert_allclose(measures.features(rows, some), features[some], atol=1e-5)


def test_rotating_the_space_changes_nothing(grouped) -> None:
    rows, _ = grouped(200, 16)
    wider, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(48, 48)))
    turned = as_rows(rows @ wider[:16].astype(np.float32))  # into more dimensions, too
    (one, features), (other, there) = _describe(rows), _describe(turned)
    same = (one.knn.indices == other.knn.indices).all(axis=1)  # near ties may swap
    assert same.mean() > 0.98
    assert np.abs(features - there)[same].max() < 0.01


@pytest.mark.parametrize("n", [2, 3, 5, 40])
@pytest.mark.parametrize("d", [1, 2, 7])
def test_few_items_and_dimensions(n: int, d: int) -> None:
    rows = as_rows(np.random.default_rng(n).normal(size=(n, d)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        measures, features = _describe(rows)
    assert features.shape == (n, n - 1, len(EDGE_FEATURES))
    assert np.isfinite(features).all()
    assert np.isfinite(measures.density).all()


@pytest.mark.parametrize("copies", [2, 30, 100])
def test_exact_duplicates(grouped, copies: int) -> None:
    rows, _ = grouped(120, 16)
    repeated = np.concatenate([rows, np.tile(rows[:1], (copies, 1))])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, features = _describe(repeated)
    assert np.isfinite(features).all()
    _, equal = _describe(np.tile(rows[:1], (copies, 1)))
    assert np.isfinite(equal).all()


def test_half_precision_is_nearly_the_same(grouped) -> None:
    rows, _ = grouped(200, 24)
    (one, features), (other, there) = _describe(rows), _describe(as_rows(rows.astype(np.float16)))
    same = (one.knn.indices == other.knn.indices).all(axis=1)
    assert same.mean() > 0.5
    assert np.abs(features - there)[same].mean() < 0.01


def test_shorter_lists_are_the_beginning_of_longer_ones(grouped) -> None:
    rows, _ = grouped(200)
    knn = build_knn_graph(rows, LIST_LENGTH)
    short = measure_edges(rows, nearest(knn, 12)).features(rows, np.arange(200))
    long = measure_edges(rows, knn).features(rows, np.arange(200))
    for name in ("similarity", "log rank", "overlap of 10", "mean of 5, neighbour"):
        np.testing.assert_allclose(_column(short, name), _column(long, name)[:, :12], atol=1e-5)
