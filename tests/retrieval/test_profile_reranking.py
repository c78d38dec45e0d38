"""Multiple tests on the results of a query, against plain loops."""

import numpy as np
import pytest

from covey.retrieval.collection import Collection
from covey.retrieval.profiles import Profiles
from covey.types import UsageError


@pytest.mark.parametrize("results", [1, 8, 99])
def test_against_plain_loops(collection, results):
    which = np.array([7, 1])
    first = collection.best(collection.compare(which), 20)
    found = Profiles.prepare(collection, results=results).rerank(which, first)
    for row, query in enumerate(collection.places(which)):
        members = [query, *first.indices[row, :results]]
        x = collection.pool[members].astype(np.float64)
        tests = x @ x.T
        for i in range(len(members)):
            tests[i, i] = first.similarities[row, 0]
        tests -= tests.mean(axis=1, keepdims=True)
        score = {}
        for at, j in enumerate(members[1:], 1):
            length = np.linalg.norm(tests[0]) * np.linalg.norm(tests[at])
            score[j] = 1 + (tests[0] @ tests[at] / length if length > 1e-9 else 0)
        for j, s in zip(first.indices[row], first.similarities[row], strict=True):
            score.setdefault(j, s - 1)
        expected = [score[j] for j in found.indices[row]]
        np.testing.assert_allclose(found.similarities[row], expected, atol=1e-4)
        assert found.indices[row, results:].tolist() == first.indices[row, results:].tolist()


def test_at_least_one():
    with pytest.raises(UsageError, match="results must be at least 1"):
        Profiles.prepare(Collection.of(np.eye(3)), results=0)
