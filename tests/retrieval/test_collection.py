"""Blocks of similarities and their best entries."""

import numpy as np
import pytest

from covey.retrieval.collection import Collection, sorted_lists
from covey.types import InputError


@pytest.mark.parametrize("depth", [0, 1, 7, 30, 99])
def test_best_are_the_largest_with_ties_by_index(depth):
    rng = np.random.default_rng(0)
    gallery = np.float32([[1, 0], [0, 1], [1, 0], [-1, 0], [0.6, 0.8]] * 6)
    collection = Collection.of(gallery, rng.standard_normal((5, 2)))
    similarities = rng.integers(0, 4, (5, 30)).astype(np.float32)
    found = collection.best(similarities, depth)
    order = np.argsort(-similarities, axis=1, kind="stable")[:, :depth]
    np.testing.assert_array_equal(found.indices, order)
    np.testing.assert_array_equal(
        found.similarities, np.take_along_axis(similarities, order, axis=1)
    )


def test_an_item_is_no_result_of_its_own(collection):
    which = np.array([3, 0, 16])
    similarities = collection.compare(which)
    rows = collection.pool[collection.places(which)]
    expected = rows @ collection.gallery.T
    if collection.queries is None:
        expected[np.arange(3), which] = -2
        assert collection.longest == 59
    else:
        assert collection.longest == 60
    np.testing.assert_allclose(similarities, expected, atol=1e-6)
    found = collection.best(similarities, 1000)
    assert found.k == collection.longest
    if collection.queries is None:
        assert not (found.indices == which[:, None]).any()


def test_half_precision_and_lengths_do_not_matter():
    x = np.random.default_rng(0).standard_normal((9, 4))
    one = Collection.of(x).compare(np.arange(9))
    other = Collection.of((x * np.arange(1, 10)[:, None]).astype(np.float16)).compare(np.arange(9))
    np.testing.assert_allclose(one, other, atol=2e-3)


def test_sorted_lists_break_ties_by_index():
    lists = sorted_lists(np.int32([[4, 2, 9]]), np.float32([[1, 1, 3]]))
    assert lists.indices.tolist() == [[9, 2, 4]]
    assert lists.similarities.tolist() == [[3, 1, 1]]


def test_one_dimension_is_asked_for():
    with pytest.raises(InputError, match="queries have 3 values in a row and the gallery 4"):
        Collection.of(np.ones((2, 4)), np.ones((2, 3)))
    with pytest.raises(InputError, match="row 1"):
        Collection.of(np.float32([[1, 0], [0, 0]]))
