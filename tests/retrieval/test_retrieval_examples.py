"""Which queries are shown, and what is said of their results."""

import numpy as np
import pytest

from covey.metrics.retrieval import LIST_1023, STANDARD, Identities, QueryScores
from covey.retrieval.collection import Collection
from covey.retrieval.examples import pick_queries, show_queries
from covey.retrieval.reid import Ranker, score_retrieval


def scored(ap, positives=None):
    ap = np.asarray(ap, float)
    ones = np.ones(len(ap), np.int64)
    return QueryScores(ap, ap, ones, ones if positives is None else positives, ones > 0)


def test_one_query_for_each_identity_and_group():
    ap = [0.1, 0.05, 0.9, 0.95, 0.5, 0.52, np.nan, 0.3]
    labels = np.array([0, 0, 1, 1, 2, 2, 3, 4])
    found = pick_queries(scored(ap), labels, 1)
    assert {name: which.tolist() for name, which in found.items()} == {
        "worst": [1],
        "middle": [4],
        "best": [3],
    }
    every = np.concatenate(list(pick_queries(scored(ap), labels, 9).values()))
    assert len(set(every.tolist())) == len(every)
    assert 6 not in every


def test_of_equal_queries_that_with_most_to_find():
    found = pick_queries(scored([1.0, 1.0, 0.0], np.array([2, 5, 1])), np.arange(3), 1)
    assert found["best"].tolist() == [1]


def test_nobody():
    found = pick_queries(scored([np.nan]), np.array([0]), 3)
    assert all(len(which) == 0 for which in found.values())
    assert show_queries(None, found["best"], None, None, STANDARD) == []


@pytest.mark.parametrize("protocol", [STANDARD, LIST_1023])
def test_results_agree_with_the_scores(collection, protocol):
    rng = np.random.default_rng(2)
    gallery = Identities(rng.integers(-1, 5, 60), rng.integers(0, 3, 60))
    q = collection.n_queries
    queries = gallery if q == 60 else Identities(rng.integers(0, 5, q), rng.integers(0, 3, q))
    ranker = Ranker(collection, depth=20)
    scores = score_retrieval(ranker, gallery, queries=queries, protocol=protocol).per_query
    which = np.flatnonzero(scores.counted)[:8]
    for each in show_queries(ranker, which, gallery, queries, protocol, shown=6):
        hits = [rank for rank, hit in enumerate(each.hits, 1) if hit] + each.late_ranks.tolist()
        assert hits[0] == scores.first_hit[each.query]
        assert (gallery.labels[each.results[each.hits]] == queries.labels[each.query]).all()
        assert (gallery.labels[each.late] == queries.labels[each.query]).all()
        assert len(hits) <= scores.positives[each.query]
        assert (np.diff(hits) > 0).all()


def test_collections_of_nothing():
    collection = Collection.of(np.eye(3))
    items = Identities.of([-1, -1, -1])
    means = score_retrieval(Ranker(collection), items)
    assert (means.queries, means.skipped) == (0, 0)
