"""Constraints hold whatever the data say, and speak of the caller's items."""

import numpy as np
import pytest

from covey.clustering import cluster
from covey.graph_partition import PARTITIONS
from covey.metrics.clustering import evaluate
from covey.partition.constraints import check_constraints
from covey.types import Constraints, UsageError

_NO_PAIRS = np.empty((0, 2), np.int64)


def _constraints(labels: np.ndarray, seed: int) -> Constraints:
    """Pairs against the truth, so that they cost something, and photos of three."""
    rng = np.random.default_rng(seed)
    n = len(labels)
    must = rng.integers(0, n // 2, size=(20, 2))
    same = [np.flatnonzero(labels == group)[:2] for group in range(15)]
    cannot = np.array([pair for pair in same if len(pair) == 2 and pair.min() >= n // 2])
    exclusive = np.full(n, -1)
    exclusive[-90:] = np.repeat(np.arange(30), 3)
    return Constraints(must, cannot if len(cannot) else _NO_PAIRS, exclusive)


@pytest.mark.parametrize("partition", PARTITIONS)
def test_constraints_are_always_kept(mixture, partition: str) -> None:
    x, labels = mixture[0][:300], mixture[1][:300]
    constraints = _constraints(labels, 0)
    result = cluster(x, partition=partition, constraints=constraints)
    assert check_constraints(result.clustering.labels, constraints) == 0
    assert evaluate(labels, result.clustering.labels).bcubed.f > 0.3


def test_constraints_between_equal_rows(mixture) -> None:
    """Two people in one photo whose rows are equal bit for bit stay apart all the same."""
    x = np.repeat(mixture[0][:150], 3, axis=0)
    constraints = Constraints(
        np.array([[3, 30], [31, 60]]),
        np.array([[0, 1], [1, 2], [0, 2], [30, 31]]),
        np.where(np.arange(450) // 3 == 40, 7, -1),
    )
    labels = cluster(x, constraints=constraints).clustering.labels
    assert check_constraints(labels, constraints) == 0
    assert len({*labels[:3]}) == 3
    assert len({*labels[120:123]}) == 3


def test_no_constraints_are_no_constraints(mixture, found, assert_same) -> None:
    assert_same(found, cluster(mixture[0], constraints=Constraints()))


def test_a_contradiction_names_the_callers_items(mixture) -> None:
    constraints = Constraints(np.array([[8, 93]]), np.array([[93, 8]]))
    with pytest.raises(UsageError, match="items 93 and 8 apart"):
        cluster(mixture[0], constraints=constraints)
