"""What every re-ranking keeps to."""

import numpy as np
import pytest

from covey.retrieval.collection import Collection
from covey.retrieval.rerank import RERANKINGS, in_blocks, order_anew, prepare_reranking
from covey.retrieval.search import search
from covey.types import UsageError

SIZES = [(1, None), (2, None), (3, None), (1, 1), (2, 3), (1, 0), (40, 2)]


@pytest.mark.parametrize("name", RERANKINGS)
@pytest.mark.parametrize(("n", "q"), SIZES)
def test_any_size(name, n, q, grouped):
    collection = Collection.of(grouped(n, 0), None if q is None else grouped(q, 1))
    first, _ = search(collection, 10)
    found = order_anew(name, collection, first, threads=1)
    assert found.indices.shape == first.indices.shape
    assert np.isfinite(found.similarities).all()
    assert (np.diff(found.similarities, axis=1) <= 0).all()
    assert all(len(set(row)) == len(row) for row in found.indices.tolist())


@pytest.mark.parametrize("name", RERANKINGS)
def test_blocks_and_order_of_the_gallery_do_not_matter(name, collection):
    first, _ = search(collection, 30)
    every = np.arange(collection.n_queries)
    prepared = prepare_reranking(name, collection, threads=1)
    whole = prepared.rerank(every, first)
    shares = []
    again = in_blocks(prepared, first, shares.append)
    np.testing.assert_array_equal(whole.indices, again.indices)
    assert shares[-1] == 1.0
    if collection.queries is None:
        return
    order = np.random.default_rng(3).permutation(len(collection.gallery))
    shuffled = Collection(collection.gallery[order], collection.queries)
    other_first, _ = search(shuffled, 30)
    other = order_anew(name, shuffled, other_first, threads=1)
    np.testing.assert_allclose(other.similarities, whole.similarities, atol=5e-3)
    same = order[other.indices] == whole.indices
    assert same.mean() > 0.95  # rounding may swap what is all but equal


@pytest.mark.parametrize("name", RERANKINGS)
def test_equal_rows_do_no_harm(name, grouped):
    x = np.repeat(grouped(4, 0), 10, axis=0)
    collection = Collection.of(x)
    first, _ = search(collection, 20)
    found = order_anew(name, collection, first, threads=1)
    twins = found.indices[:, :9] // 10 == np.arange(40)[:, None] // 10
    assert twins.all()


def test_unknown_name():
    with pytest.raises(UsageError, match="choose one of k-reciprocal"):
        prepare_reranking("magic", Collection.of(np.eye(3)))
