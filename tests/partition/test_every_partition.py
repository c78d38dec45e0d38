"""What any partition promises, whatever it does in between."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.average_linkage import average_linkage
from covey.partition.canonical import renumber
from covey.partition.components import components
from covey.partition.constraints import check_constraints
from covey.partition.density_peaks import density_peaks
from covey.partition.hierarchy import cut_tree
from covey.partition.leiden import leiden
from covey.partition.map_equation import map_equation
from covey.partition.propagation import propagation
from covey.partition.strength import membership_strength
from covey.types import Constraints, Edges, UsageError

EVERY = [
    pytest.param(partial(components, cut=0.3), id="components"),
    pytest.param(partial(average_linkage, cut=0.2), id="average_linkage"),
    pytest.param(partial(average_linkage, cut=0.2, reach=2), id="average_linkage_reach"),
    pytest.param(partial(density_peaks, cut=0.2), id="density_peaks"),
    pytest.param(partial(propagation, max_size=4), id="propagation"),
    pytest.param(map_equation, id="map_equation"),
    pytest.param(leiden, id="leiden"),
]
every_partition = pytest.mark.parametrize("partition", EVERY)

NO_EDGES = Edges(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32))


def planted(n, seed):
    """Edges of a few planted groups and as many wrong ones, weights without ties."""
    rng = np.random.default_rng(seed)
    source, target = np.triu_indices(n, 1)
    group = rng.integers(0, max(n // 5, 1), n)
    same = group[source] == group[target]
    kept = rng.random(source.size) < np.where(same, 0.8, 2 / n)
    weight = np.where(same, rng.beta(5, 2, source.size), rng.beta(2, 5, source.size))
    return Edges(source[kept], target[kept], weight[kept].astype(np.float32))


@st.composite
def bound(draw):
    """Edges with many ties and constraints that do not contradict each other."""
    n = draw(st.integers(1, 12))
    item = st.integers(0, n - 1)
    pairs = [(i, j) for j in range(n) for i in range(j)]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    weight = st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0])
    ends = np.array(chosen, np.int64).reshape(-1, 2)
    score = draw(st.lists(weight, min_size=len(chosen), max_size=len(chosen)))
    truth = np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    drawn = draw(st.lists(st.tuples(item, item), max_size=12))
    must = [(a, b) for a, b in drawn[:4] if truth[a] == truth[b]]
    cannot = [(a, b) for a, b in drawn[4:] if truth[a] != truth[b]]
    exclusive = np.full(n, -1)
    for tag, cluster in enumerate(draw(st.lists(st.permutations(range(n)), max_size=3))):
        _, first = np.unique(truth[cluster], return_index=True)
        exclusive[np.array(cluster)[first]] = tag
    edges = Edges(ends[:, 0], ends[:, 1], np.array(score, np.float32))
    constraints = Constraints(
        np.array(must, np.int64).reshape(-1, 2),
        np.array(cannot, np.int64).reshape(-1, 2),
        exclusive,
    )
    return edges, n, constraints


@every_partition
@settings(deadline=None, max_examples=60)
@given(case=bound())
def test_constraints_are_kept_exactly(partition, case):
    edges, n, constraints = case
    found = partition(edges, n, constraints=constraints)
    assert check_constraints(found.labels, constraints) == 0
    assert np.array_equal(found.labels, renumber(found.labels))
    assert found.labels.dtype == np.int64
    assert found.labels.shape == (n,)
    if found.tree is not None:
        assert np.array_equal(cut_tree(found.tree, n), found.labels)


@every_partition
@pytest.mark.parametrize("seed", range(4))
def test_shuffling_items_and_edges_changes_only_the_names(partition, seed):
    n, rng = 60, np.random.default_rng(seed)
    edges = planted(n, seed)
    to, order = rng.permutation(n), rng.permutation(edges.m)
    a, b = to[edges.source][order], to[edges.target][order]
    moved = Edges(np.minimum(a, b), np.maximum(a, b), edges.score[order])
    constraints = Constraints(
        np.array([[0, 1]]), np.array([[2, 3]]), np.where(np.arange(n) > 50, 0, -1)
    )
    bent = Constraints(
        to[constraints.must_link],
        to[constraints.cannot_link],
        constraints.exclusive[np.argsort(to)],
    )
    for known, known_moved in ((None, None), (constraints, bent)):
        one, two = (
            partition(edges, n, constraints=known),
            partition(moved, n, constraints=known_moved),
        )
        assert np.array_equal(one.labels, renumber(two.labels[to]))
        np.testing.assert_allclose(one.strength, two.strength[to], atol=1e-6)


@every_partition
def test_the_same_call_gives_the_same_answer(partition):
    edges = planted(80, 0)
    one, two = partition(edges, 80, seed=3), partition(edges, 80, seed=3)
    assert np.array_equal(one.labels, two.labels)
    assert np.array_equal(one.strength, two.strength)
    assert np.array_equal(one.strength, membership_strength(edges, one.labels))


@every_partition
@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_without_edges_all_are_alone(partition, n):
    found = partition(NO_EDGES, n)
    assert found.labels.tolist() == list(range(n))
    assert found.strength.tolist() == [1.0] * n


@every_partition
def test_probabilities_go_before_scores_and_small_integers_will_do(partition):
    source, target = np.array([0, 2], np.int32), np.array([1, 3], np.int32)
    low, high = np.full(2, 0.05, np.float32), np.full(2, 0.95, np.float32)
    assert partition(Edges(source, target, low, high), 4).labels.tolist() == [0, 0, 1, 1]


@every_partition
def test_identical_items_share_a_cluster(partition):
    source, target = np.triu_indices(4, 1)
    edges = Edges(source, target, np.ones(6, np.float32))
    assert partition(edges, 5).labels.tolist() == [0, 0, 0, 0, 1]


@every_partition
@pytest.mark.parametrize(
    ("n", "score", "constraints", "words"),
    [
        (3, np.nan, None, "nan"),
        (3, np.inf, None, "inf"),
        (1, 0.5, None, "0 and 1"),
        (3, 0.5, Constraints(cannot_link=np.array([[1, 9]])), r"\(1, 9\)"),
        (3, 0.5, Constraints(np.array([[0, 1]]), np.array([[1, 0]])), "items 1 and 0"),
    ],
)
def test_what_cannot_be_used_is_refused(partition, n, score, constraints, words):
    edges = Edges(np.array([0]), np.array([1]), np.array([score], np.float32))
    with pytest.raises(UsageError, match=words):
        partition(edges, n, constraints=constraints)
