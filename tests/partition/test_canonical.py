import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.canonical import canonical_order, renumber
from covey.types import Edges, UsageError


def random_edges(rng, n, m, levels=None):
    pairs = {tuple(sorted(p)) for p in rng.integers(0, n, (m, 2)).tolist() if p[0] != p[1]}
    ends = np.array(sorted(pairs), np.int64).reshape(-1, 2)
    weight = rng.random(len(ends)) if levels is None else rng.integers(1, levels + 1, len(ends))
    return Edges(ends[:, 0], ends[:, 1], weight.astype(np.float32))


def shuffled(edges, order, rng):
    """The same graph with item i renamed order[i] and its edges in another order."""
    ends = np.sort(np.stack((order[edges.source], order[edges.target])), axis=0)
    e = rng.permutation(edges.m)
    return Edges(ends[0, e], ends[1, e], edges.score[e])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 60))
def test_order_follows_the_items_when_they_are_renamed(seed, n):
    rng = np.random.default_rng(seed)
    edges = random_edges(rng, n, 3 * n)
    names = rng.permutation(n)
    order = canonical_order(edges, n, seed=7)
    renamed = canonical_order(shuffled(edges, names, rng), n, seed=7)
    touched = np.isin(order, np.concatenate((edges.source, edges.target)))
    lone_pairs = np.bincount(np.r_[edges.source, edges.target], minlength=n)
    partner = lone_pairs[edges.source] + lone_pairs[edges.target] == 2
    interchangeable = np.isin(order, np.r_[edges.source[partner], edges.target[partner]])
    sure = touched & ~interchangeable
    np.testing.assert_array_equal(names[order][sure], renamed[sure])


def test_order_is_a_permutation_and_depends_on_the_seed():
    edges = random_edges(np.random.default_rng(0), 200, 900)
    first, again, other = (canonical_order(edges, 200, seed=s) for s in (0, 0, 1))
    np.testing.assert_array_equal(np.sort(first), np.arange(200))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_equal_weights_are_told_apart_by_their_surroundings():
    # A path of 12 items with one marked end: only distance from the mark tells items apart.
    source = np.arange(11)
    edges = Edges(source, source + 1, np.r_[2, np.ones(10)].astype(np.float32))
    names = np.random.default_rng(3).permutation(12)
    renamed = shuffled(edges, names, np.random.default_rng(4))
    np.testing.assert_array_equal(names[canonical_order(edges, 12)], canonical_order(renamed, 12))


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_without_edges_the_order_is_by_index(n):
    none = np.empty(0, np.int64)
    edges = Edges(none, none, np.empty(0, np.float32))
    np.testing.assert_array_equal(canonical_order(edges, n), np.arange(n))


def test_probability_counts_where_there_is_one():
    edges = random_edges(np.random.default_rng(5), 50, 200)
    flat = Edges(edges.source, edges.target, np.ones(edges.m, np.float32), edges.score)
    np.testing.assert_array_equal(canonical_order(edges, 50), canonical_order(flat, 50))


def test_an_edge_outside_is_named():
    edges = Edges(np.array([0, 1]), np.array([1, 4]), np.ones(2, np.float32))
    with pytest.raises(UsageError, match="edge 1 joins items 1 and 4, but there are only 3"):
        canonical_order(edges, 3)


def test_renumber_by_first_appearance():
    np.testing.assert_array_equal(renumber(np.array([7, 3, 7, -5, 0, 3])), [0, 1, 0, -1, 2, 1])
    assert renumber(np.empty(0, np.int32)).dtype == np.int64
