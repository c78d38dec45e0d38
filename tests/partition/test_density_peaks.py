import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.canonical import renumber
from covey.partition.density_peaks import density_peaks
from covey.types import Constraints, Edges, UsageError


def random_edges(n, m, seed):
    rng = np.random.default_rng(seed)
    source, target = np.triu_indices(n, 1)
    kept = np.sort(rng.choice(source.size, m, replace=False))
    return Edges(source[kept], target[kept], rng.random(m).astype(np.float32))


def oracle(edges, n, cut, density=None, exclusive=None):
    """Plain loops, for weights without ties."""
    w = np.full((n, n), -np.inf)
    w[edges.source, edges.target] = w[edges.target, edges.source] = edges.weight
    if density is None:
        density = np.where(np.isfinite(w), w, 0).sum(axis=1)
    clusters, denser = [], []
    for i in np.argsort(-density):
        denser.append(i)
        for j in sorted(denser[:-1], key=lambda j: -w[i, j]):
            if w[i, j] < cut:
                continue
            home = next(c for c in clusters if j in c)
            if exclusive is None or exclusive[i] < 0 or exclusive[i] not in exclusive[home]:
                home.append(i)
                break
        else:
            clusters.append([i])
    labels = np.empty(n, np.int64)
    for number, members in enumerate(clusters):
        labels[members] = number
    return renumber(labels)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 15), st.floats(0, 1), st.booleans())
def test_agrees_with_plain_loops(seed, n, cut, own_density):
    rng = np.random.default_rng(seed)
    edges = random_edges(n, int(rng.integers(0, n * (n - 1) // 2 + 1)), seed)
    # Two items with one edge between them tie in weighted degree, and no exclusive group may
    # depend on which of them is called the denser.
    density = rng.permutation(n).astype(float) if own_density else None
    exclusive = rng.integers(-2, 4, n) if own_density else None
    constraints = Constraints(exclusive=exclusive)
    found = density_peaks(edges, n, cut=cut, density=density, constraints=constraints)
    assert np.array_equal(found.labels, oracle(edges, n, cut, density, exclusive))


def test_two_dense_places_are_two_clusters():
    # 0 1 2 and 4 5 6 are triangles, 3 lies between them and is nearer to the first.
    ends = np.array([(0, 1), (0, 2), (1, 2), (4, 5), (4, 6), (5, 6), (2, 3), (3, 4)])
    weight = np.array([0.9, 0.8, 0.9, 0.9, 0.8, 0.9, 0.5, 0.4], np.float32)
    found = density_peaks(Edges(ends[:, 0], ends[:, 1], weight), 7, cut=0.3)
    assert found.labels.tolist() == [0, 0, 0, 0, 1, 1, 1]


def test_a_forbidden_leader_is_passed_over_for_the_next():
    edges = Edges(np.array([0, 0, 1]), np.array([1, 2, 2]), np.array([0.1, 0.9, 0.5], np.float32))
    density = np.array([1.0, 2.0, 3.0])
    apart = Constraints(cannot_link=np.array([[0, 2]]))
    free = density_peaks(edges, 3, cut=0.05, density=density)
    assert free.labels.tolist() == [0, 0, 0]
    bound = density_peaks(edges, 3, cut=0.6, density=density, constraints=apart)
    assert bound.labels.tolist() == [0, 1, 2]
    apart = Constraints(cannot_link=np.array([[1, 2], [0, 2]]))
    bound = density_peaks(edges, 3, cut=0.05, density=density, constraints=apart)
    assert bound.labels.tolist() == [0, 0, 1]


@pytest.mark.parametrize("density", [np.zeros(2), np.array([0, np.nan, 1]), np.zeros((3, 1))])
def test_densities_that_do_not_fit_are_refused(density):
    with pytest.raises(UsageError, match="each of the 3 items"):
        density_peaks(random_edges(3, 2, 0), 3, cut=0.5, density=density)
