"""Query expansion against plain loops."""

import numpy as np
import pytest

from covey.retrieval.collection import Collection
from covey.retrieval.query_expansion import QueryExpansion
from covey.types import UsageError


@pytest.mark.parametrize(("results", "alpha"), [(10, 3.0), (4, 0.0), (0, 1.0), (500, 1.0)])
def test_against_plain_loops(collection, results, alpha):
    which = np.array([2, 9])
    first = collection.best(collection.compare(which), 25)
    found = QueryExpansion(collection, results, alpha).rerank(which, first)
    for row, query in enumerate(which):
        mean = collection.rows(which)[row].astype(np.float64)
        for j, s in list(zip(first.indices[row], first.similarities[row], strict=True))[:results]:
            mean = mean + max(s, 0) ** alpha * collection.gallery[j]
        cosine = collection.gallery @ (mean / np.linalg.norm(mean))
        if collection.queries is None:
            cosine[query] = -9
        order = np.argsort(-cosine, kind="stable")[:25]
        np.testing.assert_array_equal(found.indices[row], order)
        np.testing.assert_allclose(found.similarities[row], cosine[order], atol=1e-5)


def test_what_averages_to_nothing_stays():
    collection = Collection.of(np.float32([[-1, 0], [0, 1]]), np.float32([[1, 0]]))
    which = np.array([0])
    first = collection.best(collection.compare(which), 2)
    expansion = QueryExpansion(collection, 2, 0.0)  # 0 ** 0 = 1: opposite rows cancel out
    assert np.isfinite(expansion.rerank(which, first).similarities).all()
    with pytest.raises(UsageError, match="must not be negative"):
        QueryExpansion(collection, -1)
