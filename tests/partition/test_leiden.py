import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.canonical import renumber
from covey.partition.constraints import check_constraints
from covey.partition.leiden import leiden, partition_quality
from covey.types import Constraints, Edges, UsageError


def make(pairs, weight):
    ends = np.array(pairs, np.int64).reshape(-1, 2)
    return Edges(ends[:, 0], ends[:, 1], np.asarray(weight, np.float32))


def random_edges(rng, n, m):
    pairs = np.unique(np.sort(rng.integers(0, n, (m, 2)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    return make(pairs, rng.random(len(pairs)))


def partitions(n):
    """Every partition of n items, as labels numbered by first appearance."""
    if n == 0:
        yield []
        return
    for head in partitions(n - 1):
        for c in range(max(head, default=-1) + 2):
            yield [*head, c]


def naive_quality(edges, n, labels, objective, resolution):
    """Both qualities as sums over ordered pairs of items."""
    a = np.zeros((n, n))
    for s, t, w in zip(edges.source, edges.target, edges.weight, strict=True):
        a[s, t] = a[t, s] = w
    degree, twice = a.sum(1), a.sum()
    quality = 0.0
    for i in range(n):
        for j in range(n):
            if labels[i] != labels[j]:
                continue
            if objective == "modularity":
                quality += (a[i, j] - resolution * degree[i] * degree[j] / twice) / twice
            elif i != j:
                quality += (a[i, j] - resolution) / 2
    return quality


OBJECTIVES = [("modularity", 1.0), ("modularity", 1.7), ("cpm", 0.2), ("cpm", 0.05)]


@pytest.mark.parametrize(("objective", "resolution"), OBJECTIVES)
def test_quality_equals_its_definition(objective, resolution):
    rng = np.random.default_rng(0)
    for n in (2, 5, 12):
        edges = random_edges(rng, n, 4 * n)
        labels = rng.integers(0, 3, n)
        got = partition_quality(edges, n, labels, objective=objective, resolution=resolution)
        expected = naive_quality(edges, n, labels, objective, resolution)
        assert got == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("objective", "resolution"), OBJECTIVES)
def test_finds_the_optimum_of_tiny_graphs(objective, resolution):
    rng = np.random.default_rng(1)
    settings = {"objective": objective, "resolution": resolution}
    for _ in range(8):
        edges = random_edges(rng, 7, 16)
        best = max(partition_quality(edges, 7, np.array(p), **settings) for p in partitions(7))
        found = max(
            partition_quality(edges, 7, leiden(edges, 7, seed=s, **settings).labels, **settings)
            for s in range(8)
        )
        assert found == pytest.approx(best, abs=1e-6)


def test_resolution_sets_the_size_of_clusters():
    # Cliques of 5 in a ring: cliques at a high resolution, runs of cliques at a low one.
    clique = [(a, b) for a in range(5) for b in range(a + 1, 5)]
    pairs = [(5 * c + a, 5 * c + b) for c in range(30) for a, b in clique]
    pairs += [tuple(sorted((5 * c, (5 * c + 6) % 150))) for c in range(30)]
    edges = make(pairs, np.ones(len(pairs)))
    cliques = np.arange(150) // 5
    np.testing.assert_array_equal(
        leiden(edges, 150, objective="cpm", resolution=0.5).labels, cliques
    )
    assert leiden(edges, 150).n_clusters < 30
    np.testing.assert_array_equal(leiden(edges, 150, resolution=5).labels, cliques)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 100), st.sampled_from(OBJECTIVES))
def test_shuffling_the_items_only_renames_the_clusters(seed, n, setting):
    rng = np.random.default_rng(seed)
    edges = random_edges(rng, n, 3 * n)
    names, row = rng.permutation(n), rng.permutation(edges.m)
    ends = np.sort(np.stack((names[edges.source], names[edges.target])), axis=0)[:, row]
    renamed = Edges(ends[0], ends[1], edges.score[row])
    objective, resolution = setting
    found = leiden(edges, n, objective=objective, resolution=resolution).labels
    again = leiden(renamed, n, objective=objective, resolution=resolution).labels
    np.testing.assert_array_equal(renumber(again[names]), found)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(4, 60), st.sampled_from(OBJECTIVES))
def test_constraints_are_never_broken(seed, n, setting):
    rng = np.random.default_rng(seed)
    edges = random_edges(rng, n, 4 * n)
    truth = rng.integers(0, 4, n)
    pairs = rng.integers(0, n, (n, 2))
    same = truth[pairs[:, 0]] == truth[pairs[:, 1]]
    known = Constraints(pairs[same][: n // 5], pairs[~same])
    objective, resolution = setting
    found = leiden(edges, n, objective=objective, resolution=resolution, constraints=known)
    assert check_constraints(found.labels, known) == 0


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("objective", ["modularity", "cpm"])
def test_items_without_edges_are_singletons(n, objective):
    edges = make([], [])
    found = leiden(edges, n, objective=objective)
    np.testing.assert_array_equal(found.labels, np.arange(n))
    assert partition_quality(edges, n, found.labels, objective=objective) == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [({"objective": "potts"}, "'modularity' or 'cpm'"), ({"resolution": 0}, "above 0")],
)
def test_options_out_of_range_are_refused(options, message):
    with pytest.raises(UsageError, match=message):
        leiden(make([(0, 1)], [1]), 2, **options)
