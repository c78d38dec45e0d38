"""Scores of whole rankings, in blocks; floors on real persons."""

import numpy as np
import pytest

from covey.metrics.retrieval import LIST_1023, STANDARD, Identities
from covey.retrieval.collection import Collection
from covey.retrieval.reid import Ranker, score_retrieval
from covey.retrieval.rerank import prepare_reranking
from covey.types import UsageError


def naive_map(collection, gallery, queries):
    """Mean over queries of the precision at each positive, from sorted galleries."""
    values = []
    for q in range(collection.n_queries):
        row = collection.rows(np.array([q]))[0] @ collection.gallery.T
        hits = []
        for j in np.argsort(-row, kind="stable"):
            same = gallery.labels[j] == queries.labels[q]
            own = collection.queries is None and j == q
            if own or (same and gallery.cameras[j] == queries.cameras[q]):
                continue
            hits.append(same)
        ranks = np.flatnonzero(hits) + 1
        if len(ranks):
            values.append(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return np.mean(values), len(values)


def test_against_a_plain_loop(collection):
    rng = np.random.default_rng(0)
    gallery = Identities(rng.integers(0, 6, 60), rng.integers(0, 3, 60))
    q = collection.n_queries
    queries = gallery if q == 60 else Identities(rng.integers(0, 7, q), rng.integers(0, 3, q))
    shares = []
    scores = score_retrieval(
        Ranker(collection), gallery, queries=queries, threads=1, progress=shares.append
    )
    expected, number = naive_map(collection, gallery, queries)
    assert scores.mean_ap == pytest.approx(expected)
    assert (scores.queries, scores.skipped) == (number, q - number)
    assert shares[-1] == 1.0
    # A list that is put in order and the rest behind it: the same when the order is kept.
    listed = score_retrieval(
        Ranker(collection, _Same(), depth=13), gallery, queries=queries, threads=1
    )
    assert listed.mean_ap == pytest.approx(expected)
    cut = score_retrieval(
        Ranker(collection), gallery, queries=queries, protocol=LIST_1023, threads=1
    )
    assert cut.mean_ap != scores.mean_ap


class _Same:
    """A re-ranking that changes nothing."""

    def rerank(self, which, first):
        return first


def test_numbers_must_fit():
    with pytest.raises(UsageError, match="do not fit 3 items"):
        score_retrieval(Ranker(Collection.of(np.eye(3))), Identities.of([0, 1]))


sets = pytest.importorskip("labelled_sets", reason="not in a source distribution")


@pytest.mark.data
def test_persons_are_found_again():
    root = sets.data_root()
    if root is None:
        pytest.skip("set COVEY_DATA to the folder of data sets")
    folder = root / "embeddings" / "market1501"
    test = np.load(folder / "split.npy") == 1
    with np.load(folder / "meta.npz") as meta:
        cameras = meta["cam"][test]
    items = Identities.of(np.load(folder / "labels.npy")[test], cameras)
    collection = Collection.of(np.load(folder / "emb.npy")[test])
    plain = score_retrieval(Ranker(collection), items)
    assert (plain.queries, plain.skipped) == (6640, 0)
    assert plain.mean_ap > 0.32
    assert plain.cmc[1] > 0.6
    better = score_retrieval(
        Ranker(collection, prepare_reranking("k-reciprocal", collection)), items
    )
    assert better.mean_ap > plain.mean_ap + 0.1
    assert better.mean_inp > 2 * plain.mean_inp
    lenient = score_retrieval(Ranker(collection), items, protocol=LIST_1023)
    assert lenient.mean_ap > score_retrieval(Ranker(collection), items, protocol=STANDARD).mean_ap
