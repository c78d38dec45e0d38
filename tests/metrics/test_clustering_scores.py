"""`covey.metrics.clustering` against plain loops, scikit-learn, and arithmetic done by hand."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from sklearn import metrics as reference

from covey.metrics.clustering import ClusteringScores, evaluate
from covey.types import InputError, UsageError


def pairwise_by_loops(true, pred, of_interest):
    """Ordered pairs (i, j) with i of interest and j anything else."""
    agreeing = same_cluster = same_group = 0
    for i, j in itertools.permutations(range(len(true)), 2):
        if of_interest[i]:
            same_cluster += pred[i] == pred[j]
            same_group += true[i] == true[j]
            agreeing += pred[i] == pred[j] and true[i] == true[j]
    return (
        agreeing / same_cluster if same_cluster else 1.0,
        agreeing / same_group if same_group else 1.0,
    )


def bcubed_by_loops(true, pred, of_interest):
    precision, recall = [], []
    for i in range(len(true)):
        if not of_interest[i]:
            continue
        cluster = {j for j in range(len(true)) if pred[j] == pred[i]}
        group = {j for j in range(len(true)) if true[j] == true[i]}
        precision.append(len(cluster & group) / len(cluster))
        recall.append(len(cluster & group) / len(group))
    return np.mean(precision), np.mean(recall)


def assert_as_reference(scores: ClusteringScores, true, pred) -> None:
    """Everything that sees only the scored items, against scikit-learn."""
    assert scores.homogeneity == pytest.approx(reference.homogeneity_score(true, pred), abs=1e-9)
    assert scores.completeness == pytest.approx(reference.completeness_score(true, pred), abs=1e-9)
    assert scores.v_measure == pytest.approx(reference.v_measure_score(true, pred), abs=1e-9)
    assert scores.nmi == pytest.approx(reference.normalized_mutual_info_score(true, pred), abs=1e-9)
    assert scores.ami == pytest.approx(reference.adjusted_mutual_info_score(true, pred), abs=1e-8)
    assert scores.ari == pytest.approx(reference.adjusted_rand_score(true, pred), abs=1e-12)


def accuracy_by_dense_assignment(true, pred):
    dense = reference.cluster.contingency_matrix(true, pred)
    return dense[linear_sum_assignment(dense, maximize=True)].sum() / len(true)


labellings = st.integers(1, 40).flatmap(
    lambda n: st.tuples(*[st.lists(st.integers(0, 6), min_size=n, max_size=n)] * 2)
)


@settings(deadline=None, max_examples=60)
@given(labellings)
def test_every_score_equals_its_oracle(pair):
    true, pred = map(np.array, pair)
    scores = evaluate(true, pred)
    everything = np.ones(len(true), bool)
    found = (scores.pairwise.precision, scores.pairwise.recall)
    assert found == pytest.approx(pairwise_by_loops(true, pred, everything))
    found = (scores.bcubed.precision, scores.bcubed.recall)
    assert found == pytest.approx(bcubed_by_loops(true, pred, everything))
    assert scores.accuracy == pytest.approx(accuracy_by_dense_assignment(true, pred))
    assert (scores.items, scores.groups) == (len(true), len(set(true)))
    assert scores.clusters == len(set(pred))
    if len(true) > 1:
        assert_as_reference(scores, true, pred)


@settings(deadline=None, max_examples=60)
@given(labellings)
def test_buckets_judge_their_items_among_all(pair):
    true, pred = map(np.array, pair)
    scores = evaluate(true, pred, buckets=(1, 3))
    size = np.bincount(true)[true]
    ranges = {"1": size == 1, "2-3": (size > 1) & (size <= 3), "4+": size > 3}
    assert list(scores.buckets) == [name for name, inside in ranges.items() if inside.any()]
    assert sum(bucket.items for bucket in scores.buckets.values()) == len(true)
    for name, bucket in scores.buckets.items():
        inside = ranges[name]
        assert (bucket.items, bucket.groups) == (inside.sum(), len(set(true[inside])))
        found = (bucket.pairwise.precision, bucket.pairwise.recall)
        assert found == pytest.approx(pairwise_by_loops(true, pred, inside))
        found = (bucket.bcubed.precision, bucket.bcubed.recall)
        assert found == pytest.approx(bcubed_by_loops(true, pred, inside))
        if inside.sum() > 1:
            assert_as_reference(bucket, true[inside], pred[inside])
    weighted = sum(bucket.accuracy * bucket.items for bucket in scores.buckets.values())
    assert weighted / len(true) == pytest.approx(scores.accuracy)


@pytest.mark.parametrize("clusters", [30, 300, 2_500])
def test_large_labellings_equal_the_references(clusters):
    rng = np.random.default_rng(clusters)
    true = rng.zipf(1.4, 5_000) % 900
    pred = np.where(rng.random(5_000) < 0.6, true % clusters, rng.integers(clusters, size=5_000))
    scores = evaluate(true, pred)
    assert_as_reference(scores, true, pred)
    assert scores.accuracy == pytest.approx(accuracy_by_dense_assignment(true, pred), abs=0)


def test_names_and_order_of_labels_do_not_matter():
    rng = np.random.default_rng(0)
    true, pred = rng.integers(50, size=(2, 800))
    order = rng.permutation(800)
    renamed = evaluate(rng.permutation(90)[true][order], rng.permutation(90)[pred][order])
    for name, value in evaluate(true, pred).as_dict().items():
        if isinstance(value, float):
            assert renamed.as_dict()[name] == pytest.approx(value, abs=1e-12)


def test_swapping_the_labellings_swaps_precision_and_recall():
    rng = np.random.default_rng(1)
    true, pred = rng.integers(40, size=(2, 500))
    one, other = evaluate(true, pred), evaluate(pred, true)
    assert one.pairwise.precision == other.pairwise.recall
    assert one.bcubed.precision == pytest.approx(other.bcubed.recall)
    assert one.homogeneity == pytest.approx(other.completeness)
    assert (one.ami, one.accuracy) == pytest.approx((other.ami, other.accuracy))


def test_noise_is_one_cluster_an_item_and_unknown_items_are_left_out():
    true = [0, 0, 0, 1, 1, -1, -1, 2]
    pred = [5, 5, -1, -1, -1, 5, -1, 5]
    scores = evaluate(true, pred)
    assert scores == evaluate([0, 0, 0, 1, 1, 2], [9, 9, 2, 1, 0, 9])
    assert (scores.items, scores.groups, scores.clusters) == (6, 3, 4)
    assert (scores.pairwise.precision, scores.pairwise.recall) == (1 / 3, 1 / 4)


def test_ignoring_singletons_leaves_their_items_out_of_everything():
    true = np.array([0, 0, 1, 2, 2, 2, 3, -1])
    pred = np.array([0, 0, 0, 1, 1, 4, 9, 1])
    repeated = np.isin(true, [0, 2])
    assert evaluate(true, pred, ignore_singletons=True) == evaluate(true[repeated], pred[repeated])


@pytest.mark.parametrize(
    ("true", "pred", "perfect"),
    [
        ([3], [8], True),
        ([0, 1], [4, 2], True),
        ([0, 0], [1, 1], True),
        ([0, 0], [0, 1], False),
        ([0, 1], [0, 0], False),
        ([0, 1, 2, 3], [-1, -1, -1, -1], True),
    ],
)
def test_tiny_labellings(true, pred, perfect):
    scores = evaluate(true, pred)
    values = [scores.pairwise.f, scores.bcubed.f, scores.nmi, scores.ami, scores.ari]
    assert all(np.isfinite(values))
    assert (values == [1.0] * 5) == perfect
    assert (scores.accuracy == 1.0) == perfect


def test_pair_counts_do_not_overflow():
    """Two halves of ten million items in one cluster: about 5e13 pairs, 2.5e27 in ARI."""
    n = 10_000_000
    true = np.zeros(n, np.int32)
    true[n // 2 :] = 1
    scores = evaluate(true, np.zeros(n, np.int8), buckets=())
    assert scores.pairwise.precision == pytest.approx((n / 2 - 1) / (n - 1), rel=1e-12)
    assert scores.pairwise.recall == 1.0
    assert scores.bcubed.precision == pytest.approx(0.5, rel=1e-12)
    assert (scores.ari, scores.ami, scores.nmi) == (0.0, 0.0, 0.0)


def test_scores_go_into_json():
    scores = evaluate([0, 0, 1, 2], [0, 0, 0, -1])
    tree = json.loads(json.dumps(scores.as_dict(), allow_nan=False))
    assert tree["pairwise"] == {"precision": 1 / 3, "recall": 1.0, "f": 0.5}
    assert set(tree["buckets"]) == {"1", "2-5"}
    assert tree["buckets"]["1"]["bcubed"]["recall"] == 1.0
    assert "buckets" not in evaluate([0, 0, 1], [0, 0, 0], buckets=()).as_dict()


@pytest.mark.parametrize(
    ("true", "pred", "message"),
    [
        ([], [], "nothing to score"),
        ([-1, -1], [0, 0], "none of the 2 true labels"),
        ([0, 1], [0], "2 items but labels_pred has 1"),
        ([0.5, 1.0], [0, 1], "must be integers"),
        ([[0, 1]], [[0, 1]], "must be a vector"),
    ],
)
def test_refuses_what_cannot_be_scored(true, pred, message):
    with pytest.raises(InputError, match=message):
        evaluate(true, pred)


def test_refuses_only_singletons_and_odd_buckets():
    with pytest.raises(InputError, match="every true group is a singleton"):
        evaluate([0, 1], [0, 0], ignore_singletons=True)
    for buckets in [(5, 1), (0, 3), (2, 2)]:
        with pytest.raises(UsageError, match="ascending"):
            evaluate([0, 1], [0, 0], buckets=buckets)
