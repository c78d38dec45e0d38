"""Diffusion against a dense solution of the same equations."""

import numpy as np
import pytest

from covey.retrieval.collection import Collection
from covey.retrieval.diffusion import Diffusion
from covey.types import UsageError


def naive(collection, query, listed, k, results, alpha, gamma):
    """Heat of each listed item: y spread by the inverse of the matrix of the listed items."""
    x = collection.gallery.astype(np.float64)
    s = x @ x.T
    np.fill_diagonal(s, -9)
    n = len(x)
    near = [set(np.argsort(-s[i], kind="stable")[:k]) for i in range(n)]
    a = np.zeros((n, n))
    for i in range(n):
        for j in near[i]:
            if i in near[j]:
                a[i, j] = max(s[i, j], 0) ** gamma
    degree = a.sum(axis=1)
    degree[degree == 0] = 1
    walk = a / np.sqrt(degree[:, None] * degree[None, :])
    system = np.eye(len(listed)) - alpha * walk[np.ix_(listed, listed)]
    y = np.zeros(len(listed))
    y[:results] = np.maximum(collection.rows(query)[0] @ x[listed[:results]].T, 0) ** gamma
    return np.linalg.solve(system, y)


def test_against_a_dense_solution(collection):
    which = np.array([4, 13])
    first = collection.best(collection.compare(which), 30)
    prepared = Diffusion.prepare(collection, k=12, results=5, alpha=0.9, gamma=2, steps=60)
    found = prepared.rerank(which, first)
    for row in range(2):
        listed = first.indices[row]
        heat = naive(collection, which[row : row + 1], listed, 12, 5, 0.9, 2)
        expected = dict(zip(listed, heat / heat.max(), strict=True))
        warm = found.similarities[row] > 1e-3
        assert warm.any()
        values = [expected[j] for j in found.indices[row]]
        np.testing.assert_allclose(found.similarities[row][warm], np.array(values)[warm], atol=2e-3)
        assert (np.abs(np.array(values)[~warm]) < 3e-3).all()
        assert set(listed) == set(found.indices[row])


def test_the_cold_keep_their_order():
    away = np.eye(6, dtype=np.float32)
    collection = Collection.of(away, np.float32([[6, 5, 4, 3, 2, 1]]))
    first = collection.best(collection.compare(np.array([0])), 6)
    found = Diffusion.prepare(collection, k=2, results=2).rerank(np.array([0]), first)
    assert found.indices[0].tolist() == [0, 1, 2, 3, 4, 5]
    assert found.similarities[0, 2] < 0


def test_options_out_of_range(grouped):
    collection = Collection.of(grouped(5, 0))
    for options in ({"k": 0}, {"alpha": 1.0}, {"gamma": -1.0}, {"steps": 0}, {"results": 0}):
        with pytest.raises(UsageError, match="alpha in"):
            Diffusion.prepare(collection, **options)
