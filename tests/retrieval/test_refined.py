"""Queries and galleries by a refiner: the local sets that are meant, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from covey.retrieval.collection import Collection
from covey.retrieval.refined import refine_collection
from covey.retrieval.search import search
from covey.types import InputError, MemoryLimitError


@pytest.fixture
def rows(hidden) -> np.ndarray:
    return Collection.of(hidden(80, 8)[0]).gallery


def _nearest(row: np.ndarray, gallery: np.ndarray, count: int) -> list[int]:
    return np.argsort(-(gallery @ row), kind="stable")[:count].tolist()


@pytest.mark.parametrize("whitening", [False, True])
@pytest.mark.parametrize("own", [0.0, 0.4])
def test_each_item_in_the_light_of_its_nearest_others(any_refiner, rows, own, whitening) -> None:
    model = any_refiner(own, whitening)
    found = refine_collection(Collection.of(rows), model)
    assert found.queries is None
    prepared = model.prepare(rows)
    np.testing.assert_allclose(found.gallery, model.refine(prepared), atol=1e-6)
    for i in (0, 17, 79):
        near = [j for j in _nearest(prepared[i], prepared, 6) if j != i][:4]
        alone = model.refine_sets(prepared, np.array([[i, *near]]))
        np.testing.assert_allclose(found.gallery[i], alone[0], atol=1e-6)


@pytest.mark.parametrize("whitening", [False, True])
@pytest.mark.parametrize("own", [0.0, 0.4])
def test_queries_in_the_light_of_the_gallery(any_refiner, rows, own, whitening) -> None:
    model = any_refiner(own, whitening)
    gallery, asked = rows[:70], rows[70:]
    found = refine_collection(Collection.of(gallery, asked), model)
    alone = refine_collection(Collection.of(gallery), model)
    np.testing.assert_array_equal(found.gallery, alone.gallery)
    gallery, asked = model.prepare(gallery), model.prepare(asked)
    for q, row in enumerate(asked):
        near = _nearest(row, gallery, model.network.reach)
        pool = np.concatenate([row[None], gallery[near]])
        expected = model.refine_sets(pool, np.arange(5)[None])
        np.testing.assert_allclose(found.queries[q], expected[0], atol=1e-6)


def test_a_query_does_not_depend_on_the_others(any_refiner, rows) -> None:
    model = any_refiner()
    gallery, asked = rows[:60], rows[60:]
    together = refine_collection(Collection.of(gallery, asked), model).queries
    backwards = refine_collection(Collection.of(gallery, asked[::-1].copy()), model).queries
    np.testing.assert_allclose(backwards[::-1], together, atol=1e-6)
    twins = np.repeat(asked[3:4], 9, axis=0)
    again = refine_collection(Collection.of(gallery, twins), model).queries
    np.testing.assert_allclose(again, np.repeat(together[3:4], 9, axis=0), atol=1e-6)


def test_the_order_of_the_gallery_does_not_matter(any_refiner, rows) -> None:
    model, order = any_refiner(), np.random.default_rng(0).permutation(60)
    one = refine_collection(Collection.of(rows[:60], rows[60:]), model)
    other = refine_collection(Collection.of(rows[:60][order], rows[60:]), model)
    np.testing.assert_allclose(other.gallery, one.gallery[order], atol=1e-6)
    np.testing.assert_allclose(other.queries, one.queries, atol=1e-6)


@pytest.mark.parametrize("n", [1, 2, 4])
@pytest.mark.parametrize("q", [None, 0, 1, 3])
def test_galleries_smaller_than_a_local_set(any_refiner, rows, n: int, q: int | None) -> None:
    asked = None if q is None else rows[50 : 50 + q]
    found = refine_collection(Collection.of(rows[:n], asked), any_refiner(own=0.2))
    assert found.gallery.shape == (n, 22)
    assert np.isfinite(found.gallery).all()
    if q is not None:
        assert found.queries.shape == (q, 22)
        assert np.isfinite(found.queries).all()


def test_sets_of_one(any_refiner, rows) -> None:
    """A network that sees nobody else is a map of rows."""
    model = any_refiner(tests=1)
    found = refine_collection(Collection.of(rows[:9], rows[9:12]), model)
    alone = model.refine_sets(rows, np.arange(12)[:, None])
    np.testing.assert_allclose(found.gallery, alone[:9], atol=1e-6)
    np.testing.assert_allclose(found.queries, alone[9:], atol=1e-6)


@pytest.mark.parametrize("whitening", [False, True])
def test_nothing_but_preparing_where_the_network_gained_nothing(
    any_refiner, rows, whitening: bool
) -> None:
    model = any_refiner(1.0, whitening)
    found = refine_collection(Collection.of(rows[:70], rows[70:]), model)
    np.testing.assert_array_equal(found.gallery, model.prepare(rows[:70]))
    np.testing.assert_array_equal(found.queries, model.prepare(rows[70:]))


def test_other_dimensions_are_refused(any_refiner, rows) -> None:
    with pytest.raises(InputError, match="embeddings of 16 numbers, these have 12"):
        refine_collection(Collection.of(rows[:, :12], rows[:3, :12]), any_refiner())


def test_what_does_not_fit_is_refused_before_anything_is_done(any_refiner, rows) -> None:
    told = r"refining 80 items needs about .* MB, the limit is 10 MB: take fewer items at a time"
    for model in (any_refiner(), any_refiner(0.4, True)):
        with pytest.raises(MemoryLimitError, match=told):
            refine_collection(Collection.of(rows[:70], rows[70:]), model, memory_limit=10**7)
        refine_collection(Collection.of(rows[:70], rows[70:]), model, memory_limit=10**8)
    endless = np.broadcast_to(np.float32(0.25), (10**12, 16))
    with pytest.raises(MemoryLimitError, match=r"refining 1,000,000,000,000 items .*system has"):
        refine_collection(Collection(endless), any_refiner())
    with pytest.raises(MemoryLimitError, match=r"refining 1,000,000,000,010 items .*system has"):
        refine_collection(Collection(rows[:10], endless), any_refiner())


def test_tells_progress(any_refiner, rows) -> None:
    seen: list[float] = []
    refine_collection(Collection.of(rows[:60], rows[60:]), any_refiner(), tick=seen.append)
    assert seen == sorted(seen)
    assert seen[0] <= 0.75
    assert seen[-1] == 1


def test_a_trained_refiner_finds_more(trained, hidden) -> None:
    x, labels = hidden(200, 20, seed=3)
    share = []
    for collection in (Collection.of(x), refine_collection(Collection.of(x), trained)):
        near = search(collection, 5)[0].indices
        share.append((labels[near] == labels[:, None]).mean())
    assert share[1] > share[0] + 0.1
