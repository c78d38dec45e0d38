"""k-reciprocal encoding against plain loops over dense matrices."""

import numpy as np
import pytest

from covey.retrieval.collection import Collection
from covey.retrieval.k_reciprocal import KReciprocal
from covey.types import UsageError


def naive(rows, k1, k2, mix):
    """(m, m) final scores, as the paper has them."""
    m = len(rows)
    s = (rows @ rows.T).astype(np.float64)
    np.fill_diagonal(s, 2)  # each item leads its own list
    rank = np.argsort(-s, axis=1, kind="stable")
    np.fill_diagonal(s, 1)

    def reciprocal(i, k):
        return [j for j in rank[i, : k + 1] if i in rank[j, : k + 1]]

    encoding = np.zeros((m, m))
    for i in range(m):
        core = reciprocal(i, k1)
        members = set(core)
        for j in core:
            more = reciprocal(j, round(k1 / 2))
            if 3 * len(set(more) & set(core)) >= 2 * len(more):
                members |= set(more)
        for j in members:
            encoding[i, j] = np.exp(s[i, j] - 1)
        encoding[i] /= encoding[i].sum()
    encoding = np.array([encoding[rank[i, :k2]].mean(axis=0) for i in range(m)])
    out = np.empty((m, m))
    for i in range(m):
        for j in range(m):
            both = np.minimum(encoding[i], encoding[j]).sum()
            either = np.maximum(encoding[i], encoding[j]).sum()
            out[i, j] = (1 - mix) * both / either + mix * s[i, j]
    return out


@pytest.mark.parametrize(("k1", "k2", "mix"), [(8, 3, 0.3), (5, 1, 0.0), (3, 6, 1.0), (99, 4, 0.5)])
def test_against_plain_loops(collection, k1, k2, mix):
    which = np.array([5, 0, 11])
    first = collection.best(collection.compare(which), 40)
    prepared = KReciprocal.prepare(collection, k1=k1, k2=k2, mix=mix)
    found = prepared.rerank(which, first)
    expected = naive(collection.pool, min(k1, len(collection.pool) - 1), k2, mix)
    for row, query in enumerate(collection.places(which)):
        scores = expected[query, found.indices[row]]
        np.testing.assert_allclose(found.similarities[row], scores, atol=2e-5)
        assert set(found.indices[row]) == set(first.indices[row])
    assert (np.diff(found.similarities, axis=1) <= 0).all()


def test_options_out_of_range(grouped):
    collection = Collection.of(grouped(5, 0))
    for options in ({"k1": 0}, {"k2": 0}, {"mix": 1.5}):
        with pytest.raises(UsageError, match="k1 and k2 must be positive"):
            KReciprocal.prepare(collection, **options)
