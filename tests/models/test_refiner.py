"""A refiner on arrays: what it refuses, what it joins, and that only local sets matter."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from covey.graph import local_sets
from covey.knn import build_knn_graph
from covey.models.refiner import joined
from covey.types import InputError, KnnGraph, MissingExtraError, UsageError
from covey.vectors import as_rows


@pytest.fixture
def rows(hidden) -> np.ndarray:
    return as_rows(hidden(90, 9)[0])


@pytest.fixture
def torch():
    return pytest.importorskip("torch")


def test_check_tells_what_does_not_fit(any_refiner) -> None:
    model = any_refiner()
    model.check(16)
    model.check(16, "cosine")
    with pytest.raises(InputError, match="embeddings of 16 numbers, these have 15; use"):
        model.check(15)
    with pytest.raises(InputError, match=r"^m was trained on .* 16 numbers, those of x have 15;"):
        model.check(15, name="m", rows="those of x")
    with pytest.raises(UsageError, match="metric 'euclidean': use 'cosine', or leave the model"):
        model.check(16, "euclidean")


@pytest.mark.parametrize(("own", "used"), [(0.0, True), (0.8, True), (1.0, False)])
def test_says_whether_the_network_is_used_and_shows_no_arrays(any_refiner, own, used) -> None:
    model = any_refiner(own, True)
    assert model.uses_network is used
    assert f"own={own}" in repr(model)
    assert "array" not in repr(model)


def test_prepare_whitens_or_does_nothing(any_refiner, rows) -> None:
    assert any_refiner().prepare(rows) is rows
    white = any_refiner(whitening=True)
    np.testing.assert_array_equal(white.prepare(rows), white.whitening(rows))


@pytest.mark.parametrize("own", [0.0, 0.3, 0.8, 1.0])
def test_joined_cosines_are_the_weighted_mean(rows, own: float) -> None:
    refined = as_rows(np.random.default_rng(0).standard_normal((90, 4)).astype(np.float32))
    both = joined(refined, rows, own)
    expected = (1 - own) * refined @ refined.T + own * rows @ rows.T
    np.testing.assert_allclose(both @ both.T, expected, atol=1e-6)
    assert both.dtype == np.float32
    assert both.shape[1] == {0.0: 4, 1.0: 16}.get(own, 20)


def test_only_rows_where_the_network_gained_nothing(any_refiner, rows, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    model = any_refiner(own=1.0)
    assert model.refine(rows) is rows
    sets = np.array([[4, 1], [2, -1]])
    np.testing.assert_array_equal(model.refine_sets(rows, sets), rows[[4, 2]])
    np.testing.assert_array_equal(model.refine_sets(rows, sets, seeds=rows[:2]), rows[:2])
    with pytest.raises(InputError, match="these have 4"):
        model.refine(rows[:, :4])
    with pytest.raises(MissingExtraError, match=r"covey\[learn\]"):
        any_refiner().refine(rows)


@pytest.mark.parametrize("own", [0.0, 0.4])
def test_refine_is_refine_sets_of_every_item(torch, any_refiner, rows, own: float) -> None:
    model = any_refiner(own=own)
    knn = build_knn_graph(rows, model.neighbours_among(90))
    assert knn.k == model.network.reach == 4
    found = model.refine(rows)
    np.testing.assert_array_equal(found, model.refine(rows, knn))
    np.testing.assert_array_equal(found, model.refine_sets(rows, local_sets(knn)))
    some = np.array([7, 3, 88])
    np.testing.assert_allclose(
        model.refine_sets(rows, local_sets(knn)[some]), found[some], atol=1e-6
    )
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert found.shape == (90, 6 + 16 * (own > 0))


@pytest.mark.parametrize("own", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("flavour", ["gcn", "transformer"])
def test_seeds_that_are_no_rows(torch, any_refiner, rows, own: float, flavour) -> None:
    model = any_refiner(own=own, flavour=flavour)
    gallery, asked = rows[:80], rows[80:]
    others = np.random.default_rng(0).integers(80, size=(10, 4)).astype(np.int32)
    others[3, 2:] = -1
    others[4] = -1
    sets = np.hstack([80 + np.arange(10)[:, None], others])
    found = model.refine_sets(gallery, others, seeds=asked)
    np.testing.assert_allclose(found, model.refine_sets(rows, sets), atol=1e-6)
    alone = model.refine_sets(gallery, others[:, :0], seeds=asked)
    np.testing.assert_allclose(alone, model.refine_sets(rows, sets[:, :1]), atol=1e-6)


def test_blocks_of_rows_that_are_joined(torch, any_refiner, rows, monkeypatch) -> None:
    model, sets = any_refiner(own=0.4), local_sets(build_knn_graph(rows, 4))
    whole = [model.refine_sets(rows, sets), model.refine_sets(rows, sets[:, 1:], seeds=rows)]
    monkeypatch.setattr("covey.models.refiner._JOINED", 7)
    for one in (model.refine_sets(rows, sets), model.refine_sets(rows, sets[:, 1:], seeds=rows)):
        np.testing.assert_array_equal(one, whole.pop(0))


def test_the_device_may_be_named(torch, any_refiner, rows) -> None:
    model = any_refiner()
    found = model.refine(rows, device="cpu")
    np.testing.assert_allclose(found, model.refine(rows), atol=1e-4)


@pytest.mark.gpu
@pytest.mark.parametrize("own", [0.0, 0.4])
def test_a_gpu_gives_the_same(torch, trained, any_refiner, rows, own: float) -> None:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here")
    from covey.models.b_attention import fastest_device

    assert fastest_device() == "cuda"
    assert fastest_device(1 << 60) == "cpu"
    for model in (trained, any_refiner(own), any_refiner(own, flavour="transformer")):
        torch.cuda.reset_peak_memory_stats()
        found = model.refine(rows)
        assert torch.cuda.max_memory_allocated() > 0
        np.testing.assert_allclose(found, model.refine(rows, device="cpu"), atol=1e-4)
        sets = local_sets(build_knn_graph(rows[:80], 4))[:10, 1:]
        one, other = (
            model.refine_sets(rows[:80], sets, seeds=rows[80:], device=device)
            for device in ("cuda", "cpu")
        )
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_one_missing_direction_of_the_lists_is_mended(torch, any_refiner, rows) -> None:
    model = any_refiner()
    exact = build_knn_graph(rows, 4)
    lame = KnnGraph(exact.indices[:, :2].copy(), exact.similarities[:, :2].copy())
    fewer = local_sets(lame)
    assert not np.allclose(model.refine(rows, lame), model.refine_sets(rows, fewer), atol=1e-3)


def test_the_order_of_a_collection_does_not_matter(torch, any_refiner, rows) -> None:
    order = np.random.default_rng(0).permutation(90)
    for model in (any_refiner(), any_refiner(flavour="transformer"), any_refiner(own=0.5)):
        np.testing.assert_allclose(model.refine(rows[order]), model.refine(rows)[order], atol=1e-6)


def test_nor_does_that_of_a_trained_one(torch, trained, rows) -> None:
    order = np.random.default_rng(0).permutation(90)
    np.testing.assert_allclose(trained.refine(rows[order]), trained.refine(rows)[order], atol=1e-5)


def test_equal_rows_are_refined_alike(torch, any_refiner, rows) -> None:
    twice = any_refiner().refine(np.concatenate([rows[:30], rows[:30]]))
    np.testing.assert_allclose(twice[:30], twice[30:], atol=1e-6)


@pytest.mark.parametrize("without", ["single", "multiple"])
def test_each_test_does_something_in_a_trained_network(torch, trained, rows, without) -> None:
    config = replace(trained.network, **{without: False})
    tensors = {name: trained.tensors[name] for name in config.shapes()}
    less = replace(trained, network=config, tensors=tensors)
    change = 1 - np.einsum("nd,nd->n", less.refine(rows), trained.refine(rows))
    assert change.max() > 1e-4


@pytest.mark.parametrize("n", [1, 2, 3])
def test_hardly_any_items(torch, any_refiner, rows, n: int) -> None:
    found = any_refiner(own=0.2).refine(rows[:n])
    assert found.shape == (n, 22)
    assert np.isfinite(found).all()


def test_neighbours_are_never_more_than_there_are(any_refiner) -> None:
    model = any_refiner(tests=10)
    assert [model.neighbours_among(n) for n in (1, 2, 3, 10, 11, 500)] == [1, 1, 2, 9, 9, 9]


def test_rows_that_may_not_be_written(torch, any_refiner, rows) -> None:
    mapped = rows.copy()
    mapped.flags.writeable = False
    np.testing.assert_array_equal(any_refiner().refine(mapped), any_refiner().refine(rows))


def test_tells_progress_and_leaves_threads_as_they_were(torch, any_refiner, rows) -> None:
    seen, before = [], torch.get_num_threads()
    any_refiner().refine(rows, threads=1, tick=seen.append)
    assert seen[-1] == 1
    assert torch.get_num_threads() == before


def test_describes_itself_without_torch(any_refiner, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    model = any_refiner(own=0.5, whitening=True)
    assert set(model.weights()) == {*model.tensors, "whitening.mean", "whitening.map"}
    assert set(any_refiner().weights()) == set(model.tensors)
    config = model.config()
    assert (config["kind"], config["own"], config["network"]["tests"]) == ("b-attention", 0.5, 5)
