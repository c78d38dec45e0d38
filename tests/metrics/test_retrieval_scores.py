"""Rankings scored, against a plain loop over sorted galleries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.metrics.retrieval import (
    LIST_1023,
    STANDARD,
    Identities,
    Protocol,
    QueryScores,
    judge_rankings,
    summarise,
)
from covey.types import InputError, UsageError

NO_LISTS = np.empty((0, 0), np.int32)
SHORT = Protocol("list-3", False, 3)


def naive(ranking, query, gallery, own, protocol):
    """AP, INP, first hit and positives of one query whose full ranking is given."""
    label, camera = query

    def junk(j):
        same = gallery.labels[j] == label
        seen = protocol.use_cameras and gallery.cameras[j] == camera and camera >= 0
        return j == own or gallery.labels[j] < 0 or (same and seen)

    whole = protocol.list_length is None
    hits = [gallery.labels[j] == label for j in ranking[: protocol.list_length] if not junk(j)]
    everyone = range(len(gallery.labels))
    total = sum(gallery.labels[j] == label and not junk(j) for j in everyone)
    total = total if whole else sum(hits)
    if label < 0 or total == 0:
        return np.nan, np.nan, 0, max(total, 0) if label >= 0 else 0
    found, ap = 0, 0.0
    last = first = 0
    for rank, hit in enumerate(hits, 1):
        if hit:
            found += 1
            ap += found / rank
            last = rank
            first = first or rank
    return ap / total, (total / last if found == total else 0.0), first, total


def check(similarities, queries, gallery, own, protocol, depth, keep_rest=True):
    order = np.argsort(-similarities, axis=1, kind="stable").astype(np.int32)
    lists = np.random.default_rng(0).permuted(order[:, :depth], axis=1)
    ours = judge_rankings(
        lists,
        queries,
        gallery,
        similarities=similarities if keep_rest else None,
        own=own,
        protocol=protocol,
    )
    for q in range(len(order)):
        rest = [j for j in order[q] if j not in set(lists[q])] if keep_rest else []
        ranking = [*lists[q], *([] if protocol.list_length else rest)]
        camera = -1 if queries.cameras is None else queries.cameras[q]
        expected = naive(
            ranking,
            (queries.labels[q], camera),
            gallery,
            -1 if own is None else own[q],
            protocol,
        )
        found = (
            ours.average_precision[q],
            ours.inverse_penalty[q],
            ours.first_hit[q],
            ours.positives[q],
        )
        np.testing.assert_allclose(found, expected, err_msg=f"query {q}")


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    q=st.integers(0, 5),
    n=st.integers(1, 14),
    depth=st.integers(0, 14),
    levels=st.integers(1, 6),
    protocol=st.sampled_from([STANDARD, LIST_1023, SHORT]),
    keep_rest=st.booleans(),
)
def test_against_a_plain_loop(seed, q, n, depth, levels, protocol, keep_rest):
    rng = np.random.default_rng(seed)
    similarities = rng.integers(0, levels, (q, n)).astype(np.float32)  # full of ties
    queries = Identities(rng.integers(-1, 3, q), rng.integers(-1, 2, q))
    gallery = Identities(rng.integers(-1, 3, n), rng.integers(-1, 2, n))
    own = rng.integers(-1, n, q)
    check(similarities, queries, gallery, own, protocol, depth, keep_rest)


def test_a_case_by_hand():
    gallery = Identities.of([7, 7, 8, 7, 8], [0, 1, 1, 1, 0])
    query = Identities.of([7], [0])
    similarities = np.float32([[0.9, 0.5, 0.8, 0.3, 0.4]])
    # item 0 is the query's own view: out. Order: 2 (miss), 1 (hit), 4 (miss), 3 (hit).
    scores = judge_rankings(np.empty((1, 0), np.int32), query, gallery, similarities=similarities)
    assert scores.average_precision[0] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert scores.inverse_penalty[0] == pytest.approx(2 / 4)
    assert (scores.first_hit[0], scores.positives[0]) == (2, 2)
    means = summarise(scores)
    assert means.cmc == {1: 0.0, 5: 1.0, 10: 1.0}
    assert means.as_dict()["mAP"] == pytest.approx(0.5)


def test_one_camera_leaves_nothing_to_find():
    labels = np.array([0, 0, 1, 1])
    items = Identities(labels, np.zeros(4, np.int64))
    similarities = np.eye(4, dtype=np.float32)
    blank = np.empty((4, 0), np.int32)
    means = summarise(
        judge_rankings(blank, items, items, similarities=similarities, own=np.arange(4))
    )
    assert (means.queries, means.skipped) == (0, 4)
    assert np.isnan(means.mean_ap)
    free = Identities(labels)
    means = summarise(
        judge_rankings(blank, free, free, similarities=similarities, own=np.arange(4))
    )
    assert (means.queries, means.skipped) == (4, 0)


def test_lists_that_end_early_miss_what_they_do_not_hold():
    gallery = Identities.of([0, 0, 1])
    query = Identities.of([0])
    lists = np.int32([[0]])
    standard = judge_rankings(lists, query, gallery)
    assert standard.average_precision[0] == pytest.approx(0.5)
    assert standard.inverse_penalty[0] == 0
    as_list = judge_rankings(lists, query, gallery, protocol=LIST_1023)
    assert (as_list.average_precision[0], as_list.positives[0]) == (1.0, 1)
    nothing = summarise(judge_rankings(np.int32([[2]]), query, gallery, protocol=LIST_1023))
    assert (nothing.queries, nothing.skipped) == (0, 1)


def test_blocks_make_the_whole():
    rng = np.random.default_rng(1)
    similarities = rng.random((9, 30), np.float32)
    queries = Identities(rng.integers(0, 4, 9), rng.integers(0, 2, 9))
    gallery = Identities(rng.integers(0, 4, 30), rng.integers(0, 2, 30))
    blank = np.empty((9, 0), np.int32)
    whole = judge_rankings(blank, queries, gallery, similarities=similarities)
    parts = [
        judge_rankings(blank[block], queries.take(block), gallery, similarities=similarities[block])
        for block in (np.arange(4), np.arange(4, 9))
    ]
    joined = QueryScores.joined(parts)
    np.testing.assert_array_equal(joined.average_precision, whole.average_precision)
    np.testing.assert_array_equal(joined.first_hit, whole.first_hit)


def test_empty():
    nobody = Identities(np.empty(0, np.int64))
    means = summarise(judge_rankings(NO_LISTS, nobody, nobody))
    assert (means.queries, means.skipped) == (0, 0)
    assert np.isnan(means.cmc[1])


def test_refusals():
    with pytest.raises(InputError, match="3 labels and 2 cameras"):
        Identities.of([0, 1, 2], [0, 1])
    with pytest.raises(InputError, match="integers"):
        Identities.of([0.5, 1.0])
    two = Identities.of([0, 1])
    with pytest.raises(InputError, match="names item 5"):
        judge_rankings(np.int32([[5], [0]]), two, two)
    with pytest.raises(UsageError, match="similarities have shape"):
        judge_rankings(
            np.empty((2, 0), np.int32), two, two, similarities=np.zeros((2, 3), np.float32)
        )
    with pytest.raises(UsageError, match="lists have shape"):
        judge_rankings(np.empty((3, 1), np.int32), two, two)
