"""Equal rows become one item and come back; only content decides the order."""

import numpy as np
import pytest

from covey.knn import build_knn_graph
from covey.types import Constraints, Edges, InputError, KnnGraph, UsageError
from covey.unique_items import unique_items

_NO_PAIRS = np.empty((0, 2), np.int64)


def _with_twins(n: int, d: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n // 2, d)).astype(np.float32)[rng.integers(0, n // 2, n)]


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_rows_are_those_of_the_items(metric) -> None:
    x = _with_twins(200, 6)
    items = unique_items(x, metric=metric)
    expected = x / np.linalg.norm(x, axis=1, keepdims=True) if metric == "cosine" else x
    np.testing.assert_allclose(items.rows[items.item], expected, atol=1e-6)
    assert len(np.unique(items.rows, axis=0)) == len(items.rows) == len(np.unique(x, axis=0))
    assert items.rows.flags.c_contiguous
    for row, first in enumerate(items.first):
        assert first == np.flatnonzero(items.item == row)[0]


def test_only_content_decides_the_order() -> None:
    x = _with_twins(300, 5)
    items = unique_items(x, metric="cosine")
    order = np.random.default_rng(1).permutation(300)
    shuffled = unique_items(x[order], metric="cosine")
    np.testing.assert_array_equal(shuffled.rows, items.rows)
    np.testing.assert_array_equal(shuffled.item, items.item[order])
    thrice = unique_items(np.repeat(x, 3, axis=0), metric="cosine")
    np.testing.assert_array_equal(thrice.rows, items.rows)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_minus_zero_is_zero(metric) -> None:
    x = np.array([[0.0, 1, 2], [-0.0, 1, 2], [1, -0.0, -0.0], [1, 0, 0]], np.float32)
    items = unique_items(x, metric=metric)
    assert sorted(items.first) == [0, 2]
    assert items.item[0] == items.item[1] != items.item[2] == items.item[3]


def test_equal_rows_may_stay_apart() -> None:
    x = _with_twins(100, 5)
    items = unique_items(x, metric="euclidean", keep_equal=True)
    np.testing.assert_array_equal(np.sort(items.item), np.arange(100))
    np.testing.assert_array_equal(items.first[items.item], np.arange(100))
    np.testing.assert_array_equal(items.rows[items.item], x)


@pytest.mark.parametrize("layout", ["fortran", "strided", "memmap", "list", "int", "float64"])
def test_any_layout(layout: str, tmp_path) -> None:
    x = np.random.default_rng(0).integers(-9, 9, size=(60, 7)).astype(np.float32)
    x[:, 0] = 10
    given = {
        "fortran": np.asfortranarray(x),
        "strided": np.repeat(x, 2, axis=0)[::2],
        "memmap": np.memmap(tmp_path / "x", np.float32, "w+", shape=x.shape),
        "list": x.tolist(),
        "int": x.astype(np.int16),
        "float64": x.astype(np.float64),
    }[layout]
    if layout == "memmap":
        given[:] = x
    items, expected = unique_items(given, metric="cosine"), unique_items(x, metric="cosine")
    np.testing.assert_array_equal(items.rows, expected.rows)
    np.testing.assert_array_equal(items.item, expected.item)


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.float64])
def test_distances_survive_a_large_offset(dtype) -> None:
    """Numbers like seconds since 1970, of which float32 keeps only every 128th."""
    x = np.random.default_rng(0).integers(0, 50, size=(40, 3))
    items = unique_items((x + 1_700_000_000).astype(dtype), metric="euclidean")
    rows = items.rows[items.item]
    np.testing.assert_array_equal(rows - rows[0], x - x[0])


def test_labels_spread_to_twins_by_first_appearance() -> None:
    x = np.array([[3, 1], [1, 3], [3, 1], [0, 1], [1, 3]], np.float32)
    items = unique_items(x, metric="cosine")
    labels = items.spread_labels(np.array([7, 2, 5]))
    np.testing.assert_array_equal(labels, [0, 1, 0, 2, 1])


def test_edges_spread_over_first_items_and_twins() -> None:
    x = _with_twins(40, 4)
    items = unique_items(x, metric="cosine")
    u = len(items.rows)
    source, target = np.triu_indices(u, 1)
    edges = Edges(
        source,
        target,
        np.linspace(0.1, 1.7, len(source), dtype=np.float32),
        np.linspace(0, 0.9, len(source), dtype=np.float32),
    )
    got = items.spread_edges(edges)
    assert got.probability is not None
    assert (got.source < got.target).all()
    assert (np.diff(got.source * 1000 + got.target) > 0).all()  # sorted, each pair once
    known = {
        frozenset((int(items.first[a]), int(items.first[b]))): (s, p)
        for a, b, s, p in zip(source, target, edges.score, edges.probability, strict=True)
    }
    twins = 0
    for a, b, s, p in zip(got.source, got.target, got.score, got.probability, strict=True):
        if items.item[a] == items.item[b]:
            twins += 1
            assert a == items.first[items.item[a]]
            assert (s, p) == (np.float32(1.7), 1)
        else:
            assert (s, p) == known.pop(frozenset((int(a), int(b))))
    assert not known
    assert twins == 40 - u
    bare = items.spread_edges(Edges(source, target, edges.score))
    assert bare.probability is None
    np.testing.assert_array_equal(bare.score, got.score)


def test_neighbours_spread_sorted_ties_by_index() -> None:
    """Small integers on a line: equal distances everywhere."""
    x = np.random.default_rng(0).permutation(np.repeat(np.arange(60.0), 2))[:, None]
    items = unique_items(x, metric="euclidean")
    knn = items.spread_knn(build_knn_graph(items.rows, 6, metric="euclidean"))
    assert (knn.n, knn.k) == (120, 6)
    assert set(knn.indices.ravel()) <= set(items.first)
    for i in range(120):
        away = np.abs(x[knn.indices[i], 0] - x[i, 0])
        np.testing.assert_allclose(-away, knn.similarities[i])
        assert (away > 0).all()
        expected = sorted(range(6), key=lambda c: (-knn.similarities[i, c], knn.indices[i, c]))
        assert expected == list(range(6))


def test_neighbours_of_a_single_row() -> None:
    items = unique_items(np.ones((4, 3)), metric="cosine")
    knn = items.spread_knn(KnnGraph(np.empty((1, 0), np.int32), np.empty((1, 0), np.float32)))
    assert (knn.n, knn.k) == (4, 0)


def test_constraints_are_renamed() -> None:
    x = _with_twins(50, 4)
    items = unique_items(x, metric="cosine", keep_equal=True)
    exclusive = np.arange(50) // 2
    known = items.translate(
        Constraints(np.array([[0, 2], [5, 9]]), np.array([[1, 3]]), exclusive=exclusive)
    )
    np.testing.assert_array_equal(items.first[known.must_link], [[0, 2], [5, 9]])
    np.testing.assert_array_equal(items.first[known.cannot_link], [[1, 3]])
    np.testing.assert_array_equal(known.exclusive[items.item], exclusive)
    assert items.translate(Constraints()).exclusive is None


@pytest.mark.parametrize(
    ("constraints", "message"),
    [
        (Constraints(must_link=np.array([[0, 1], [3, 50]])), r"must_link row 1 .*\(3, 50\).*50"),
        (Constraints(cannot_link=np.array([[-1, 4]])), r"cannot_link row 0 .*\(-1, 4\)"),
        (Constraints(must_link=np.array([[0.5, 1]])), "must_link must hold integers"),
        (Constraints(exclusive=np.zeros(49, np.int64)), "each of the 50 items"),
        (Constraints(exclusive=np.zeros(51, np.int64)), "each of the 50 items"),
        (
            Constraints(np.array([[41, 7], [7, 33]]), np.array([[33, 41]])),
            "keeps items 33 and 41 apart",
        ),
        (Constraints(cannot_link=np.array([[8, 8]])), "items 8 and 8 apart, but they are the same"),
        (
            Constraints(np.array([[17, 28]]), _NO_PAIRS, np.full(50, 3)),
            "items 17 and 28 apart",
        ),
    ],
)
def test_impossible_constraints_are_told_in_the_callers_numbers(constraints, message) -> None:
    items = unique_items(_with_twins(50, 4), metric="cosine", keep_equal=True)
    with pytest.raises(UsageError, match=message):
        items.translate(constraints)


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_to_group(n: int) -> None:
    with pytest.raises(InputError, match=f"nothing to group: {n} item"):
        unique_items(np.ones((n, 3)), metric="cosine")


@pytest.mark.parametrize(
    ("value", "message"), [(np.nan, "row 7 .* nan in column 2"), (-np.inf, "row 7 .* -inf")]
)
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_bad_row_is_named(value: float, message: str, metric) -> None:
    x = np.ones((10, 3))
    x[7, 2] = value
    with pytest.raises(InputError, match=message):
        unique_items(x, metric=metric)


def test_a_row_of_zeros_has_no_direction() -> None:
    x = np.ones((10, 3))
    x[4] = 0
    with pytest.raises(InputError, match=r"row 4 .* all zeros"):
        unique_items(x, metric="cosine")
    assert len(unique_items(x, metric="euclidean").rows) == 2
