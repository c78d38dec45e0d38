import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.contraction import contract
from covey.types import Constraints, Edges, UsageError


@st.composite
def cases(draw):
    n = draw(st.integers(1, 7))
    pairs = [(i, j) for j in range(n) for i in range(j)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    weight = draw(st.lists(st.integers(0, 8), min_size=len(chosen), max_size=len(chosen)))
    ends = np.array(chosen, np.int64).reshape(-1, 2)
    edges = Edges(ends[:, 0], ends[:, 1], np.array(weight, np.float32) / 8)
    item = st.integers(0, n - 1)
    must = draw(st.lists(st.tuples(item, item), max_size=3))
    return edges, n, Constraints(must_link=np.array(must, np.int64).reshape(-1, 2))


@settings(deadline=None)
@given(cases(), st.none() | st.integers(0, 8))
def test_agrees_with_plain_loops(case, eighths):
    edges, n, constraints = case
    cut = None if eighths is None else eighths / 8
    graph = contract(edges, n, constraints, cut=cut)
    group = list(range(n))
    for a, b in constraints.must_link:
        group = [group[a] if g == group[b] else g for g in group]
    assert np.array_equal(np.equal.outer(group, group), np.equal.outer(graph.node, graph.node))
    assert np.array_equal(graph.node[graph.item], np.arange(graph.n))
    assert np.array_equal(graph.size, np.bincount(graph.node, minlength=graph.n))
    expected = {}
    for i, j, w in zip(edges.source, edges.target, edges.weight, strict=True):
        a, b = sorted((graph.node[i], graph.node[j]))
        if a != b and (cut is None or w >= cut):
            expected.setdefault((a, b), []).append(w)
    assert list(zip(graph.source, graph.target, strict=True)) == sorted(expected)
    for e, pair in enumerate(sorted(expected)):
        assert graph.weight[e] == sum(expected[pair])
        assert graph.strongest[e] == max(expected[pair])
        assert graph.count[e] == len(expected[pair])


def test_shuffling_the_items_gives_the_same_graph():
    rng = np.random.default_rng(0)
    n = 40
    source, target = np.triu_indices(n, 1)
    edges = Edges(source, target, rng.random(source.size).astype(np.float32))
    exclusive = rng.integers(-1, 9, n)
    to = rng.permutation(n)
    a, b = to[source], to[target]
    moved = Edges(np.minimum(a, b), np.maximum(a, b), edges.score)
    one = contract(edges, n, Constraints(exclusive=exclusive), cut=0.3)
    two = contract(moved, n, Constraints(exclusive=exclusive[np.argsort(to)]), cut=0.3)
    assert np.array_equal(one.node, two.node[to])
    for name in ("source", "target", "weight", "tag_start"):
        assert np.array_equal(getattr(one, name), getattr(two, name))


def test_tags_follow_their_items():
    edges = Edges(np.array([0]), np.array([1]), np.array([0.5], np.float32))
    constraints = Constraints(np.array([[1, 3]]), np.array([[0, 3]]), np.array([5, 7, 5, -1]))
    graph = contract(edges, 4, constraints)
    tags = [set(graph.tag[graph.tag_start[v] : graph.tag_start[v + 1]]) for v in graph.node]
    assert tags[1] == tags[3]
    assert tags[0] & tags[1]
    assert tags[0] & tags[2]
    assert not tags[1] & tags[2]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite_are_refused(value):
    edges = Edges(np.array([0]), np.array([1]), np.array([value], np.float32))
    with pytest.raises(UsageError, match=f"score {value}"):
        contract(edges, 2)
