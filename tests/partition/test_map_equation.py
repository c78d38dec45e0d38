import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.canonical import renumber
from covey.partition.constraints import check_constraints
from covey.partition.map_equation import codelength, map_equation
from covey.types import Constraints, Edges, UsageError


def make(pairs, weight):
    ends = np.array(pairs, np.int64).reshape(-1, 2)
    return Edges(ends[:, 0], ends[:, 1], np.asarray(weight, np.float32))


def random_edges(rng, n, m, groups=1):
    """Random pairs without repeats; nine in ten stay inside one of the planted groups."""
    a = rng.integers(0, n, m)
    b = rng.integers(0, n, m)
    inside = rng.random(m) < 0.9 if groups > 1 else np.zeros(m, bool)
    b[inside] = a[inside] % groups + groups * rng.integers(0, max(n // groups, 1), inside.sum())
    b = np.minimum(b, n - 1)
    pairs = np.unique(np.sort(np.stack((a, b), 1), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return make(pairs, rng.random(len(pairs)))


def shuffled(edges, names, rng):
    """The same graph with item i renamed names[i] and its edges in another order."""
    ends = np.sort(np.stack((names[edges.source], names[edges.target])), axis=0)
    e = rng.permutation(edges.m)
    return Edges(ends[0, e], ends[1, e], edges.score[e])


def naive_codelength(edges, n, labels):
    """The two-level code by its definition: module codebooks and one index codebook, entropies."""
    rate, leave = [0.0] * n, {c: 0.0 for c in labels}
    total = 2 * sum(float(w) for w in edges.weight)
    for a, b, w in zip(edges.source, edges.target, edges.weight, strict=True):
        rate[a] += float(w) / total
        rate[b] += float(w) / total
        if labels[a] != labels[b]:
            leave[labels[a]] += float(w) / total
            leave[labels[b]] += float(w) / total

    def entropy(parts):
        whole = sum(parts)
        return -sum(p / whole * math.log2(p / whole) for p in parts if p > 0)

    length = 0.0
    if sum(leave.values()) > 0:
        length += sum(leave.values()) * entropy(list(leave.values()))
    for c, q in leave.items():
        book = [q] + [rate[i] for i in range(n) if labels[i] == c]
        if sum(book) > 0:
            length += sum(book) * entropy(book)
    return length


def partitions(n):
    """Every partition of n items, as labels numbered by first appearance."""
    if n == 0:
        yield []
        return
    for head in partitions(n - 1):
        for c in range(max(head, default=-1) + 2):
            yield [*head, c]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 25))
def test_codelength_equals_its_definition(seed, n):
    rng = np.random.default_rng(seed)
    edges = random_edges(rng, n, 2 * n)
    labels = rng.integers(0, 4, n)
    expected = naive_codelength(edges, n, labels.tolist()) if edges.m else 0.0
    assert codelength(edges, n, labels) == pytest.approx(expected, abs=1e-12)


def test_codelength_equals_that_of_the_reference_implementation():
    pairs = [(0, 1), (1, 2), (0, 2), (3, 4), (4, 5), (3, 5), (2, 3)]
    edges = make(pairs, [1, 1, 1, 2, 2, 1.5, 0.5])
    found = map_equation(edges, 6)
    np.testing.assert_array_equal(found.labels, [0, 0, 0, 1, 1, 1])
    # infomap 2.16, --two-level
    assert codelength(edges, 6, found.labels) == pytest.approx(1.9466928888131714, abs=1e-12)


def test_finds_the_optimum_of_tiny_graphs():
    rng = np.random.default_rng(0)
    for _ in range(12):
        edges = random_edges(rng, 7, 14)
        best = min(codelength(edges, 7, np.array(p)) for p in partitions(7))
        found = min(codelength(edges, 7, map_equation(edges, 7, seed=s).labels) for s in range(4))
        assert found == pytest.approx(best, abs=1e-9)


def test_finds_planted_groups():
    rng = np.random.default_rng(1)
    edges = random_edges(rng, 600, 9000, groups=20)
    found = map_equation(edges, 600)
    np.testing.assert_array_equal(found.labels, renumber(np.arange(600) % 20))
    assert found.n_clusters == 20
    assert 0 <= found.strength.min() <= found.strength.max() <= 1


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 120), st.integers(0, 3))
def test_shuffling_the_items_only_renames_the_clusters(seed, n, search_seed):
    rng = np.random.default_rng(seed)
    edges = random_edges(rng, n, 3 * n, groups=5)
    spread = Edges(edges.source, edges.target, (edges.score * 10.0 ** rng.integers(-4, 5, edges.m)))
    names = rng.permutation(n)
    for graph in (edges, spread):
        found = map_equation(graph, n, seed=search_seed).labels
        again = map_equation(shuffled(graph, names, rng), n, seed=search_seed).labels
        np.testing.assert_array_equal(renumber(again[names]), found)


def random_constraints(rng, n, truth):
    """Constraints that some partition keeps: must-link inside `truth`, the rest across it."""
    pairs = rng.integers(0, n, (n, 2))
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    same = truth[pairs[:, 0]] == truth[pairs[:, 1]]
    exclusive = np.full(n, -1)
    for photo in range(n // 8):
        one_each = np.unique(truth[chosen := rng.integers(0, n, 4)], return_index=True)[1]
        exclusive[chosen[one_each]] = photo
    for photo in np.unique(exclusive[exclusive >= 0]):
        held = np.flatnonzero(exclusive == photo)
        repeated = np.setdiff1d(held, held[np.unique(truth[held], return_index=True)[1]])
        exclusive[repeated] = -1
    return Constraints(pairs[same][: n // 6], pairs[~same][: n // 2], exclusive)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 90))
def test_constraints_are_never_broken_whatever_the_order_of_items(seed, n):
    rng = np.random.default_rng(seed)
    edges = random_edges(rng, n, 4 * n, groups=4)
    known = random_constraints(rng, n, rng.integers(0, 6, n))
    found = map_equation(edges, n, constraints=known).labels
    assert check_constraints(found, known) == 0

    names = rng.permutation(n)
    exclusive = np.empty(n, np.int64)
    exclusive[names] = known.exclusive
    renamed = Constraints(names[known.must_link], names[known.cannot_link], exclusive)
    again = map_equation(shuffled(edges, names, rng), n, constraints=renamed).labels
    assert check_constraints(again, renamed) == 0
    linked = np.isin(np.arange(n), np.r_[edges.source, edges.target])
    if linked.all():
        np.testing.assert_array_equal(renumber(again[names]), found)


def test_one_cannot_link_splits_a_clique():
    pairs = [(a, b) for a in range(8) for b in range(a + 1, 8)]
    edges = make(pairs, np.ones(len(pairs)))
    assert map_equation(edges, 8).n_clusters == 1
    apart = Constraints(cannot_link=np.array([[2, 5]]))
    labels = map_equation(edges, 8, constraints=apart).labels
    assert labels[2] != labels[5]
    everyone = Constraints(exclusive=np.zeros(8, np.int64))
    assert map_equation(edges, 8, constraints=everyone).n_clusters == 8


def test_contradicting_constraints_name_the_pair():
    both = Constraints(np.array([[0, 1], [1, 2]]), np.array([[0, 2]]))
    with pytest.raises(UsageError, match="items 0 and 2"):
        map_equation(make([(0, 1)], [1]), 3, constraints=both)


@pytest.mark.parametrize("n", [0, 1, 2, 4])
def test_items_without_edges_are_singletons(n):
    found = map_equation(make([], []), n)
    np.testing.assert_array_equal(found.labels, np.arange(n))
    assert codelength(make([], []), n, found.labels) == 0


def test_weights_of_zero_and_below_are_left_out():
    edges = make([(0, 1), (1, 2), (2, 3)], [1, 0, -3])
    np.testing.assert_array_equal(map_equation(edges, 4).labels, [0, 0, 1, 2])
    assert codelength(edges, 4, np.array([0, 0, 1, 2])) == pytest.approx(1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_weight_that_is_not_finite_is_named(bad):
    with pytest.raises(UsageError, match="edge 1"):
        map_equation(make([(0, 1), (1, 2)], [1, bad]), 3)


def test_clusters_are_connected_and_repeatable():
    edges = random_edges(np.random.default_rng(4), 300, 600)
    labels = map_equation(edges, 300).labels
    np.testing.assert_array_equal(labels, map_equation(edges, 300).labels)
    inside = labels[edges.source] == labels[edges.target]
    reach = np.arange(300)
    for _ in range(300):
        for a, b in zip(edges.source[inside], edges.target[inside], strict=True):
            reach[a] = reach[b] = min(reach[a], reach[b])
    assert len(np.unique(reach)) == len(np.unique(labels))


def test_probability_is_the_weight_where_there_is_one():
    edges = random_edges(np.random.default_rng(6), 100, 400, groups=5)
    calibrated = Edges(edges.source, edges.target, np.ones_like(edges.score), edges.score)
    np.testing.assert_array_equal(
        map_equation(calibrated, 100).labels, map_equation(edges, 100).labels
    )
