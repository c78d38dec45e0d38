import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import linkage

from covey.partition.average_linkage import average_linkage
from covey.partition.canonical import renumber
from covey.partition.hierarchy import cut_tree
from covey.types import Constraints, Edges, UsageError


def random_edges(n, m, seed):
    rng = np.random.default_rng(seed)
    source, target = np.triu_indices(n, 1)
    kept = np.sort(rng.choice(source.size, m, replace=False))
    return Edges(source[kept], target[kept], rng.random(m).astype(np.float32))


def oracle(edges, n, cut, missing=0.0, groups=None, apart=(), reach=np.inf):
    """Greedy average linkage on the dense matrix, by plain loops."""
    w = np.full((n, n), missing)
    w[edges.source, edges.target] = w[edges.target, edges.source] = edges.weight
    clusters = groups or [[i] for i in range(n)]
    while True:
        best, pair = -np.inf, None
        for b in range(len(clusters)):
            for a in range(b):
                if any(i in clusters[a] + clusters[b] and j in clusters[a] + clusters[b]
                       for i, j in apart):  # fmt: skip
                    continue
                between = w[np.ix_(clusters[a], clusters[b])] - missing
                small, large = sorted(between.shape)
                mean = missing + between.sum() / (small * min(large, reach))
                if mean > best:
                    best, pair = mean, (a, b)
        if pair is None or best < cut:
            labels = np.empty(n, np.int64)
            for number, members in enumerate(clusters):
                labels[members] = number
            return renumber(labels)
        clusters[pair[0]] = clusters[pair[0]] + clusters.pop(pair[1])


@pytest.mark.parametrize("n", [2, 3, 10, 80])
def test_dense_graphs_agree_with_scipy(n):
    edges = random_edges(n, n * (n - 1) // 2, n)
    found = average_linkage(edges, n, cut=1e-9)
    np.testing.assert_allclose(found.tree, linkage(1 - edges.score.astype(float), "average"))
    assert found.n_clusters == 1


@pytest.mark.parametrize("missing", [0.0, -0.3, 0.15])
@pytest.mark.parametrize("cut", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("reach", [None, 1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_sparse_graphs_agree_with_plain_loops(seed, reach, cut, missing):
    edges = random_edges(25, 60, seed)
    found = average_linkage(edges, 25, cut=cut, missing=missing, reach=reach)
    expected = oracle(edges, 25, cut, missing, reach=reach or np.inf)
    assert np.array_equal(found.labels, expected)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10**6), st.integers(2, 12), st.floats(0.05, 0.9))
def test_constraints_agree_with_plain_loops(seed, n, cut):
    rng = np.random.default_rng(seed)
    edges = random_edges(n, int(rng.integers(0, n * (n - 1) // 2 + 1)), seed)
    group = rng.integers(0, n, n)
    apart = [(i, j) for i, j in rng.integers(0, n, (3, 2)).tolist() if group[i] != group[j]]
    groups = [np.flatnonzero(group == g).tolist() for g in np.unique(group)]
    must = [(members[0], i) for members in groups for i in members]
    constraints = Constraints(np.array(must), np.array(apart, np.int64).reshape(-1, 2))
    found = average_linkage(edges, n, cut=cut, constraints=constraints)
    assert np.array_equal(found.labels, oracle(edges, n, cut, 0.0, groups, apart))


@pytest.mark.parametrize("reach", [None, 10])
def test_heights_ascend_and_one_tree_holds_every_higher_cut(reach):
    edges = random_edges(300, 3000, 0)
    tree = average_linkage(edges, 300, cut=0.02, reach=reach).tree
    assert (tree[:, 2] >= 0).all()
    assert (np.diff(tree[:, 2]) >= 0).all()
    for cut in (0.05, 0.2, 0.6):
        expected = average_linkage(edges, 300, cut=cut, reach=reach).labels
        assert np.array_equal(cut_tree(tree, 300, 1 - cut), expected)


def test_reach_lets_clusters_outgrow_the_neighbour_lists():
    n, k = 200, 8
    source = np.repeat(np.arange(n), k // 2)
    target = (source + np.tile(np.arange(1, k // 2 + 1), n)) % n
    edges = Edges(
        np.minimum(source, target), np.maximum(source, target), np.ones(n * k // 2, np.float32)
    )
    assert average_linkage(edges, n, cut=0.2).sizes.max() <= k / 0.2
    assert average_linkage(edges, n, cut=0.02, reach=k).n_clusters == 1


def test_one_wrong_edge_between_large_clusters_does_not_join_them():
    i, j = np.triu_indices(20, 1)
    source, target = np.concatenate([i, i + 20, [3]]), np.concatenate([j, j + 20, [30]])
    edges = Edges(source, target, np.ones(source.size, np.float32))
    assert average_linkage(edges, 40, cut=0.2).sizes.tolist() == [20, 20]


def test_the_cut_is_inclusive_in_float32():
    edges = Edges(np.array([0]), np.array([1]), np.array([0.7], np.float32))
    assert average_linkage(edges, 2, cut=0.7).n_clusters == 1
    assert average_linkage(edges, 2, cut=0.7, missing=0.1).n_clusters == 1


def test_a_reach_below_one_is_refused():
    with pytest.raises(UsageError, match="reach must be at least 1"):
        average_linkage(random_edges(4, 3, 0), 4, cut=0.5, reach=0)


@pytest.mark.parametrize(("cut", "missing"), [(0.0, 0.0), (0.2, 0.3), (float("nan"), 0.0)])
def test_a_cut_that_would_join_everything_is_refused(cut, missing):
    with pytest.raises(UsageError, match="above missing"):
        average_linkage(random_edges(4, 3, 0), 4, cut=cut, missing=missing)
