"""Every partition by name, called alike."""

import numpy as np
import pytest

from covey.graph_partition import PARTITIONS, TRIED_PARTITIONS, partition_edges
from covey.partition.constraints import check_constraints
from covey.types import Constraints, Edges, UsageError


def _cliques(sizes: list[int], weight: float = 0.8, seed: int = 0) -> tuple[Edges, np.ndarray]:
    """Groups whose members are all linked, and a few weak links across."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    source, target = np.triu_indices(len(labels), 1)
    same = labels[source] == labels[target]
    kept = same | (rng.random(len(source)) < 0.002)
    score = np.where(same, weight + 0.1 * rng.random(len(source)), 0.05)
    return Edges(source[kept], target[kept], score[kept].astype(np.float32)), labels


@pytest.mark.parametrize("name", PARTITIONS)
def test_finds_cliques(name: str) -> None:
    edges, truth = _cliques([12, 9, 9, 7, 5, 4])
    if name in ("components", "density-peaks", "propagation"):  # which trust the cut
        strong = edges.score > 0.5
        edges = Edges(edges.source[strong], edges.target[strong], edges.score[strong])
    found = partition_edges(edges, 46, name=name)
    assert found.n == 46
    assert found.labels[0] == 0
    assert found.n_clusters == 6
    for group in range(6):
        assert len(np.unique(found.labels[truth == group])) == 1
    assert ((found.strength >= 0) & (found.strength <= 1)).all()


def test_those_that_compete_are_partitions() -> None:
    assert set(TRIED_PARTITIONS) <= set(PARTITIONS)


@pytest.mark.parametrize("name", PARTITIONS)
def test_constraints_are_kept(name: str) -> None:
    edges, truth = _cliques([10, 10, 10, 6])
    first = [np.flatnonzero(truth == group) for group in range(4)]
    constraints = Constraints(
        np.array([[first[0][0], first[1][0]]]),
        np.array([[first[2][0], first[2][1]], [first[2][2], first[0][1]]]),
        exclusive=np.where(truth == 3, 5, -1),
    )
    found = partition_edges(edges, 36, name=name, constraints=constraints)
    assert check_constraints(found.labels, constraints) == 0


@pytest.mark.parametrize("name", PARTITIONS)
@pytest.mark.parametrize("n", [1, 2, 5])
def test_no_edges_no_company(name: str, n: int) -> None:
    none = np.empty(0, np.int64)
    found = partition_edges(Edges(none, none, np.empty(0, np.float32)), n, name=name)
    np.testing.assert_array_equal(found.labels, np.arange(n))


@pytest.mark.parametrize("name", PARTITIONS)
@pytest.mark.parametrize("score", [1e-6, 0.3, 1.0])
def test_one_edge_of_any_weight_joins(name: str, score: float) -> None:
    edges = Edges(np.array([0]), np.array([1]), np.array([score], np.float32))
    np.testing.assert_array_equal(partition_edges(edges, 3, name=name).labels, [0, 0, 1])


@pytest.mark.parametrize("name", PARTITIONS)
def test_the_scale_of_the_weights_does_not_matter(name: str) -> None:
    edges, _ = _cliques([12, 9, 9, 7, 5, 4], seed=2)
    faint = Edges(edges.source, edges.target, edges.score / 1024)
    np.testing.assert_array_equal(
        partition_edges(edges, 46, name=name).labels, partition_edges(faint, 46, name=name).labels
    )


def test_unknown_partition_is_refused() -> None:
    edges, _ = _cliques([3, 3])
    with pytest.raises(UsageError, match="unknown partition 'magic': choose one of map-"):
        partition_edges(edges, 6, name="magic")
