from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from covey.io.report.groups import group
from covey.io.report.layout2d import lay_out
from covey.types import Edges, KnnGraph


def random_result(result_of, sizes: list[int], seed: int = 0):
    """Clusters of the given sizes around random centres, neighbours at random within each."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(sizes)), sizes)
    n = labels.shape[0]
    x = rng.standard_normal((len(sizes), 8))[labels] + 0.1 * rng.standard_normal((n, 8))
    near = np.clip(np.arange(n)[:, None] + np.array([-2, -1, 1, 2]), 0, n - 1)
    knn = KnnGraph(near, rng.random((n, 4), dtype=np.float32))
    weight = rng.random(n - 1).astype(np.float32)
    edges = Edges(np.arange(n - 1), np.arange(1, n), weight, weight)
    return result_of(edges, knn, labels.astype(np.int64), 0.5), x.astype(np.float32)


@pytest.mark.parametrize("with_x", [True, False])
def test_discs_hold_their_items_and_do_not_overlap(result_of, with_x: bool) -> None:
    result, x = random_result(result_of, [40, 25, 9, 4, 3, 2, 2, 1, 1, 1, 1, 1])
    groups = group(result)
    drawn = lay_out(result, groups, x if with_x else None)
    assert sorted(drawn.items) == list(range(groups.n))
    assert np.array_equal(groups.labels[drawn.items], drawn.clusters[drawn.place])
    away = np.linalg.norm(drawn.points - drawn.centre[drawn.place], axis=1)
    assert (away <= drawn.radius[drawn.place]).all()
    for a, b in combinations(range(len(drawn.clusters)), 2):
        apart = np.linalg.norm(drawn.centre[a] - drawn.centre[b])
        assert apart > drawn.radius[a] + drawn.radius[b]


def test_firmest_items_lie_in_the_middle(digits) -> None:
    groups = group(digits[0])
    drawn = lay_out(digits[0], groups, digits[2])
    mine = drawn.place == 0
    away = np.linalg.norm(drawn.points[mine] - drawn.centre[0], axis=1)
    assert (np.diff(away) > 0).all()
    assert (np.diff(groups.strength[drawn.items[mine]]) <= 0).all()


def test_like_clusters_are_neighbours(result_of) -> None:
    rng = np.random.default_rng(0)
    result, _ = random_result(result_of, [6] * 60)
    centres = rng.standard_normal((20, 8)).repeat(3, axis=0) * 5
    x = centres.repeat(6, axis=0) + 0.05 * rng.standard_normal((360, 8))
    drawn = lay_out(result, group(result), x)
    apart = np.linalg.norm(drawn.centre[:, None] - drawn.centre[None], axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = drawn.clusters[np.argmin(apart, axis=1)]
    assert np.mean(nearest // 3 == drawn.clusters // 3) > 0.8


def test_same_seed_same_map(digits) -> None:
    groups = group(digits[0])
    for x in (digits[2], None):
        one, two = (lay_out(digits[0], groups, x, seed=3) for _ in range(2))
        assert np.array_equal(one.points, two.points)


def test_draws_no_more_than_asked(result_of) -> None:
    result, x = random_result(result_of, [700, 300, 50] + [1] * 50)
    drawn = lay_out(result, group(result), x, most=200)
    assert len(drawn.items) <= 200
    assert set(drawn.place) == set(range(len(drawn.clusters)))
    shares = np.bincount(drawn.place)[:2]
    assert shares[0] / shares[1] == pytest.approx(700 / 300, rel=0.1)


@pytest.mark.parametrize("sizes", [[1], [5], [1, 1], [3, 2, 1], [2, 2, 2, 2]])
def test_few_clusters(result_of, sizes: list[int]) -> None:
    result, x = random_result(result_of, sizes)
    for given in (x, None, np.zeros_like(x), np.full_like(x, np.nan), x[:, :1]):
        drawn = lay_out(result, group(result), given)
        assert np.isfinite(drawn.points).all()
        assert len(drawn.items) == sum(sizes)
