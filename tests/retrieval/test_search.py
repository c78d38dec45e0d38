"""Search against a plain product, exact and through an index."""

import numpy as np
import pytest

from covey.retrieval.collection import Collection
from covey.retrieval.search import search
from covey.types import MemoryLimitError, UsageError


def test_finds_what_a_plain_product_finds(collection):
    found, info = search(collection, 9)
    every = np.arange(collection.n_queries)
    expected = collection.best(collection.compare(every), 9)
    assert (info.index, info.recall) == ("exact", 1.0)
    np.testing.assert_array_equal(found.indices, expected.indices)
    np.testing.assert_allclose(found.similarities, expected.similarities, atol=1e-6)


@pytest.mark.parametrize("index", ["ivf", "hnsw"])
def test_an_index_keeps_its_promise(index, grouped):
    collection = Collection.of(grouped(3000, 0, 24, 100), grouped(300, 1, 24, 100))
    found, info = search(collection, 10, index=index, recall=0.9, threads=1)
    truth, _ = search(collection, 10, index="exact")
    assert info.index == index
    assert info.recall >= 0.9
    hit = (truth.indices[:, :, None] == found.indices[:, None, :]).any(axis=2).mean()
    assert hit > 0.8  # recall forgives neighbours that are as near


def test_equal_rows_and_more_than_there_are():
    gallery = np.float32([[1, 0]] * 3 + [[0, 1]])
    found, _ = search(Collection.of(gallery, gallery[:1]), 9)
    assert found.indices.tolist() == [[0, 1, 2, 3]]
    assert found.similarities.tolist() == [[1, 1, 1, 0]]
    alone, _ = search(Collection.of(gallery[:1]), 3)
    assert alone.indices.shape == (1, 0)
    nobody, _ = search(Collection.of(gallery, gallery[:0]), 3)
    assert nobody.indices.shape == (0, 3)


def test_refusals():
    collection = Collection.of(np.eye(3), np.eye(3))
    with pytest.raises(UsageError, match="k must be positive"):
        search(collection, 0)
    with pytest.raises(MemoryLimitError, match="the search needs"):
        search(collection, 2, memory_limit=3)
