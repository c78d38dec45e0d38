from __future__ import annotations

from pathlib import Path

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.graph import knn_to_edges
from covey.knn import build_knn_graph, build_knn_graph_with_info
from covey.types import InputError, KnnGraph, MemoryLimitError, UsageError


def mixture(n: int, d: int, *, groups: int = 20, noise: float = 0.8, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(groups, d))
    x = centres[rng.integers(groups, size=n)] + noise * rng.normal(size=(n, d))
    return x.astype(np.float32)


def all_similarities(x: np.ndarray, metric: str) -> np.ndarray:
    x = np.asarray(x, np.float64)
    if metric == "cosine":
        x = x / np.linalg.norm(x, axis=1, keepdims=True)
        full = x @ x.T
    else:
        full = -np.sqrt(np.square(x[:, None] - x[None]).sum(axis=2))
    np.fill_diagonal(full, -np.inf)
    return full


def assert_well_formed(knn: KnnGraph, n: int, k: int) -> None:
    assert knn.indices.shape == (n, k)
    assert knn.indices.dtype == np.int32
    assert knn.similarities.dtype == np.float32
    assert not knn.includes_self
    for i in range(n):
        row = knn.indices[i].tolist()
        assert i not in row
        assert len(set(row)) == k
        assert all(0 <= j < n for j in row)
        order = list(zip((-knn.similarities[i]).tolist(), row, strict=True))
        assert order == sorted(order)


def pairs(knn: KnnGraph, name: np.ndarray) -> dict[tuple[int, int], float]:
    """The edges under the names of the items, exact scores."""
    edges = knn_to_edges(knn)
    ends = np.sort(np.stack([name[edges.source], name[edges.target]]), axis=0)
    return dict(zip(map(tuple, ends.T.tolist()), edges.score.tolist(), strict=True))


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_exact_equals_all_pairs(metric: str, dtype: type) -> None:
    x = mixture(300, 17).astype(dtype)
    knn = build_knn_graph(x, 9, metric=metric)
    assert_well_formed(knn, 300, 9)
    full = all_similarities(x, metric)
    np.testing.assert_allclose(knn.similarities, -np.sort(-full, axis=1)[:, :9], atol=2e-6)
    np.testing.assert_allclose(
        knn.similarities, np.take_along_axis(full, knn.indices, axis=1), atol=2e-6
    )


def test_exact_among_tight_groups_far_apart() -> None:
    """Where blocked products round by more than a group is wide."""
    rng = np.random.default_rng(0)
    x = (1e4 * rng.normal(size=(8, 64)))[np.arange(2000) % 8] + 0.1 * rng.normal(size=(2000, 64))
    x = x.astype(np.float32)
    knn = build_knn_graph(x, 7, metric="euclidean")
    assert_well_formed(knn, 2000, 7)
    for i in range(0, 2000, 50):
        away = np.linalg.norm(x.astype(np.float64) - x[i], axis=1)
        np.testing.assert_allclose(knn.similarities[i], -np.sort(away)[1:8], rtol=1e-5)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("n", [0, 1])
def test_too_few_items_have_no_neighbours(n: int, metric: str) -> None:
    knn = build_knn_graph(np.ones((n, 3)), 5, metric=metric)
    assert knn.indices.shape == (n, 0)


def test_two_items_and_k_too_large() -> None:
    knn = build_knn_graph([[1.0, 0.0], [0.0, 1.0]], 10)
    np.testing.assert_array_equal(knn.indices, [[1], [0]])
    np.testing.assert_array_equal(knn.similarities, [[0], [0]])
    assert_well_formed(build_knn_graph(mixture(12, 4), 50), 12, 11)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_shuffling_renames_the_graph_exactly(metric: str) -> None:
    x = mixture(1500, 24)
    shuffle = np.random.default_rng(1).permutation(len(x))
    before = pairs(build_knn_graph(x, 10, metric=metric), np.arange(len(x)))
    after = pairs(build_knn_graph(x[shuffle], 10, metric=metric), shuffle)
    assert before == after


def test_shuffling_tied_rows_renames_the_graph_exactly() -> None:
    x = np.unique(np.random.default_rng(0).integers(0, 2, (400, 12)).astype(float), axis=0)
    x = x[x.any(axis=1)]
    shuffle = np.random.default_rng(1).permutation(len(x))
    before = pairs(build_knn_graph(x, 6, metric="euclidean"), np.arange(len(x)))
    after = pairs(build_knn_graph(x[shuffle], 6, metric="euclidean"), shuffle)
    assert before == after


def test_pairs_are_symmetric_to_the_last_bit() -> None:
    knn = build_knn_graph(mixture(400, 33), 12)
    seen = {
        (i, int(knn.indices[i, c])): knn.similarities[i, c] for i in range(400) for c in range(12)
    }
    both = [(s, seen[j, i]) for (i, j), s in seen.items() if (j, i) in seen]
    assert len(both) > 100
    assert all(a == b for a, b in both)


@given(
    copies=st.lists(st.integers(1, 9), min_size=1, max_size=8),
    k=st.integers(1, 12),
    metric=st.sampled_from(["cosine", "euclidean"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_equal_rows(copies: list[int], k: int, metric: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.repeat(rng.normal(size=(len(copies), 5)), copies, axis=0)
    x = x[rng.permutation(len(x))]
    knn = build_knn_graph(x, k, metric=metric)
    k = min(k, len(x) - 1)
    assert_well_formed(knn, len(x), k)
    best = -np.sort(-all_similarities(x, metric), axis=1)[:, :k]
    np.testing.assert_allclose(knn.similarities, best, atol=1e-5)


def test_many_twins_stay_mutual_neighbours() -> None:
    x = np.vstack([np.tile([[3.0, 4.0]], (500, 1)), [[1.0, 0.0]]])
    knn = build_knn_graph(x, 6)
    assert_well_formed(knn, 501, 6)
    for i in range(500):
        assert all(i in knn.indices[j] for j in knn.indices[i])


@pytest.mark.parametrize(("metric", "noise"), [("cosine", 0.3), ("euclidean", 0.3)])
def test_inverted_lists_reach_the_recall(metric: str, noise: float) -> None:
    x = mixture(4000, 32, groups=200, noise=noise)
    exact = build_knn_graph(x, 10, metric=metric, index="exact")
    knn, info = build_knn_graph_with_info(x, 10, metric=metric, index="ivf", recall=0.95)
    assert info.index == "ivf"
    hits = (knn.indices[:, :, None] == exact.indices[:, None, :]).any(axis=2).mean()
    assert hits == pytest.approx(info.recall, abs=0.02)
    assert hits > 0.94
    assert_well_formed(knn, 4000, 10)
    again = build_knn_graph(x, 10, metric=metric, index="ivf", recall=0.95)
    np.testing.assert_array_equal(knn.indices, again.indices)


def test_a_recall_out_of_reach_falls_back_to_exact() -> None:
    x = np.random.default_rng(0).normal(size=(2500, 48))
    _, info = build_knn_graph_with_info(x, 10, index="ivf", recall=1.0)
    assert info.index == "exact"
    assert info.recall == 1


def test_hnsw_finds_neighbours() -> None:
    x = mixture(2500, 16)
    knn, info = build_knn_graph_with_info(x, 8, index="hnsw", threads=1)
    assert info.index == "hnsw"
    assert info.recall >= 0.97
    assert_well_formed(knn, 2500, 8)


def test_memory_mapped_and_transposed_input(tmp_path: Path) -> None:
    x = mixture(200, 8).astype(np.float16)
    np.save(tmp_path / "x.npy", x)
    plain = build_knn_graph(x, 5)
    mapped = build_knn_graph(np.load(tmp_path / "x.npy", mmap_mode="r"), 5)
    turned = build_knn_graph(np.asfortranarray(x), 5)
    np.testing.assert_array_equal(plain.indices, mapped.indices)
    np.testing.assert_array_equal(plain.similarities, turned.similarities)


def test_input_is_left_alone() -> None:
    x = mixture(100, 8)
    x[50] = x[2]
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    x.flags.writeable = False
    kept = x.copy()
    build_knn_graph(x, 5)
    build_knn_graph(x, 5, metric="euclidean")
    np.testing.assert_array_equal(x, kept)


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e300])
def test_cosine_does_not_depend_on_length(scale: float) -> None:
    x = mixture(60, 8).astype(np.float64)
    plain = build_knn_graph(x, 5)
    scaled = build_knn_graph(x * scale, 5)
    np.testing.assert_array_equal(plain.indices, scaled.indices)


def test_euclidean_survives_a_common_offset() -> None:
    x = mixture(200, 3).astype(np.float64)
    near = build_knn_graph(x, 5, metric="euclidean")
    far = build_knn_graph(x + 1e6, 5, metric="euclidean")
    np.testing.assert_allclose(near.similarities, far.similarities, atol=1e-5)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_distances_whose_squares_leave_float32_are_refused(scale: float) -> None:
    x = scale * mixture(50, 4).astype(np.float64)
    with pytest.raises(InputError, match="scale them"):
        build_knn_graph(x, 3, metric="euclidean")
    assert_well_formed(build_knn_graph(x, 3), 50, 3)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_numbers_that_are_none_are_named(metric: str, value: float, dtype: type) -> None:
    x = mixture(50, 4).astype(dtype)
    x[31, 2] = value
    with pytest.raises(InputError, match=r"row 31 .* column 2"):
        build_knn_graph(x, 3, metric=metric)


def test_a_zero_row_is_named() -> None:
    x = mixture(50, 4)
    x[17] = 0
    with pytest.raises(InputError, match="row 17"):
        build_knn_graph(x, 3)
    assert_well_formed(build_knn_graph(x, 3, metric="euclidean"), 50, 3)


@pytest.mark.parametrize("x", [np.ones(3), np.ones((3, 0)), np.ones((3, 2), complex)])
def test_what_is_no_matrix_of_numbers_is_refused(x: np.ndarray) -> None:
    with pytest.raises(InputError):
        build_knn_graph(x, 2)


@pytest.mark.parametrize(
    "option",
    [{"k": 0}, {"metric": "dot"}, {"index": "tree"}, {"recall": 0}, {"recall": 2}, {"threads": 0}],
)
def test_bad_options_are_refused(option: dict) -> None:
    with pytest.raises(UsageError, match=next(iter(option))):
        build_knn_graph(mixture(20, 3), **{"k": 3, **option})


def test_memory_is_checked_before_it_is_taken() -> None:
    with pytest.raises(MemoryLimitError, match="the limit is"):
        build_knn_graph(mixture(1000, 64), 10, memory_limit=1000)


def test_memory_counts_the_copy_of_the_rows_and_what_the_caller_holds() -> None:
    x = mixture(2000, 64)
    copy, lists = x.nbytes, 2000 * (20 * 10 + 64)
    build_knn_graph(x, 10, memory_limit=copy + lists)
    with pytest.raises(MemoryLimitError):
        build_knn_graph(x, 10, memory_limit=copy + lists - 1)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    build_knn_graph(unit, 10, memory_limit=lists)
    with pytest.raises(MemoryLimitError):
        build_knn_graph_with_info(unit, 10, memory_limit=lists, held=1)
    unit[1] = unit[0]  # different rows are then copied
    with pytest.raises(MemoryLimitError):
        build_knn_graph(unit, 10, memory_limit=lists)


@pytest.mark.parametrize(("index", "recall"), [("exact", 0.9), ("ivf", 0.9), ("ivf", 1.0)])
def test_progress_never_falls_and_ends(index: str, recall: float) -> None:
    told: list[float] = []
    x = np.random.default_rng(0).normal(size=(2500, 24))
    build_knn_graph(x, 4, index=index, recall=recall, progress=told.append)
    assert told == sorted(told)
    assert 0 <= told[0] < 0.1
    assert told[-1] == 1
    assert len(told) > 2


def test_threads_of_faiss_are_put_back() -> None:
    before = faiss.omp_get_max_threads()
    build_knn_graph(mixture(300, 5), 4, threads=1)
    assert faiss.omp_get_max_threads() == before
