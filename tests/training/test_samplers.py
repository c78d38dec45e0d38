"""Batches: whom they hold, and how often each is drawn."""

from __future__ import annotations

import numpy as np

from covey.training.samplers import groups_and_items, seeds_and_neighbours


def test_seeds_come_with_neighbours_of_theirs():
    indices = (np.arange(50)[:, None] + np.arange(1, 6)) % 50
    for seed in range(20):
        drawn = seeds_and_neighbours(indices, np.random.default_rng(seed), seeds=2, near=3)
        assert np.all(np.diff(drawn) > 0)
        assert 4 <= len(drawn) <= 8
        starts = [i for i in drawn if np.isin(indices[i], drawn).sum() >= 3]
        covered = set(starts) | {j for i in starts for j in indices[i]}
        assert set(drawn) <= covered


def test_every_item_is_drawn_equally_often():
    indices = (np.arange(20)[:, None] + np.arange(1, 5)) % 20
    rng = np.random.default_rng(0)
    count = np.zeros(20)
    for _ in range(4000):
        count[seeds_and_neighbours(indices, rng, seeds=1, near=2)] += 1
    np.testing.assert_allclose(count / 4000, 3 / 20, atol=0.025)


def test_more_seeds_and_neighbours_than_there_are():
    indices = np.array([[1], [0], [0]])
    drawn = seeds_and_neighbours(indices, np.random.default_rng(0), seeds=9, near=9)
    assert drawn.tolist() == [0, 1, 2]


def test_groups_come_with_items_of_theirs():
    labels = np.array([3, 0, 0, 3, 3, 7, 0, 3])
    for seed in range(30):
        drawn = groups_and_items(labels, np.random.default_rng(seed), groups=2, items=3)
        found, counts = np.unique(labels[drawn], return_counts=True)
        assert len(found) == 2
        for group, count in zip(found, counts, strict=True):
            assert count == min(3, np.count_nonzero(labels == group))
        assert np.all(np.diff(drawn) > 0)


def test_items_of_a_group_are_drawn_equally_often():
    labels = np.repeat([0, 1], [10, 4])
    rng = np.random.default_rng(1)
    count = np.zeros(14)
    for _ in range(3000):
        count[groups_and_items(labels, rng, groups=1, items=2)] += 1
    np.testing.assert_allclose(count[:10] / 3000, 0.5 * 2 / 10, atol=0.02)
    np.testing.assert_allclose(count[10:] / 3000, 0.5 * 2 / 4, atol=0.03)


def test_none_and_more_groups_than_there_are():
    labels, rng = np.array([4, 0, 4]), np.random.default_rng(0)
    assert groups_and_items(labels, rng, groups=0, items=4).tolist() == []
    assert groups_and_items(labels, rng, groups=9, items=9).tolist() == [0, 1, 2]
