"""First hops: how likely each neighbour is, against draws one after another."""

from __future__ import annotations

import numpy as np
import pytest

from covey.training.riws import (
    density,
    draw_first_hops,
    duplicated_minority,
    reverse_imbalance,
    reverse_weights,
)

POOL = np.arange(100, 112)
SAME = np.array([1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0], bool)  # 4 of 12


def sequential(pool, same, near, rng):
    """One after another, each in proportion to the weights of those left."""
    weight = np.array([0.5 / same.sum() if s else 0.5 / (~same).sum() for s in same])
    left, drawn = list(range(len(pool))), []
    while len(drawn) < near:
        total, mark = 0.0, rng.random() * weight[left].sum()
        for place in left:
            total += weight[place]
            if mark < total:
                break
        drawn.append(place)
        left.remove(place)
    return drawn


def shares(draws, size):
    count = np.zeros(size)
    for drawn in draws:
        count[drawn] += 1
    return count / len(draws)


@pytest.mark.parametrize("near", [1, 3, 6, 11])
def test_same_law_as_draws_one_after_another(near):
    rng, times = np.random.default_rng(near), 20_000
    pools, sames = np.tile(POOL, (times, 1)), np.tile(SAME, (times, 1))
    drawn = reverse_imbalance(pools, sames, near, rng) - 100
    assert (np.diff(drawn, axis=1) > 0).all()  # distinct, in the order of the pool
    naive = [sequential(POOL, SAME, near, rng) for _ in range(6000)]
    noise = 4 * np.sqrt(0.25 / 6000 + 0.25 / times)
    np.testing.assert_allclose(shares(drawn, 12), shares(naive, 12), atol=noise)
    # and jointly: how many of the group's come together
    found = np.bincount(SAME[drawn].sum(axis=1), minlength=5) / times
    wanted = np.bincount([SAME[d].sum() for d in naive], minlength=5) / len(naive)
    np.testing.assert_allclose(found, wanted, atol=noise)


def test_same_law_as_the_choice_of_numpy():
    rng, times = np.random.default_rng(0), 8000
    weight = reverse_weights(POOL[None], SAME[None])[0]
    assert weight.sum() == pytest.approx(1)
    assert weight[SAME].sum() == pytest.approx(0.5)
    drawn = reverse_imbalance(np.tile(POOL, (times, 1)), np.tile(SAME, (times, 1)), 5, rng) - 100
    chosen = [rng.choice(12, 5, replace=False, p=weight) for _ in range(times)]
    np.testing.assert_allclose(shares(drawn, 12), shares(chosen, 12), atol=0.03)


def test_the_rarer_kind_is_drawn_more_often_than_it_stands_there():
    rng = np.random.default_rng(1)
    same = np.zeros((3000, 80), bool)
    same[:, :4] = True
    drawn = reverse_imbalance(np.tile(np.arange(80), (3000, 1)), same, 40, rng)
    assert (drawn < 4).sum(axis=1).mean() > 3.9  # a uniform draw has 2
    drawn = reverse_imbalance(np.tile(np.arange(80), (3000, 1)), ~same, 40, rng)
    assert (drawn < 4).sum(axis=1).mean() > 3.9


@pytest.mark.parametrize("sampling", ["riws", "resample", "none"])
@pytest.mark.parametrize("side", [False, True])
def test_one_side_empty(sampling, side):
    pool = np.array([[9, 3, 7, 1, 5], [9, 3, -1, 1, 5]])
    first = draw_first_hops(sampling, pool, np.full((2, 5), side), 3, np.random.default_rng(0))
    assert first[0].tolist() == [9, 3, 7]
    assert first[1].tolist() == ([9, 3, -1] if sampling == "none" else [9, 3, 1])


@pytest.mark.parametrize("sampling", ["riws", "resample", "none"])
def test_pools_of_any_size(sampling):
    rng = np.random.default_rng(0)
    for size in range(6):
        pool = np.arange(7 * size).reshape(7, size)
        same = rng.random((7, size)) < 0.5
        first = draw_first_hops(sampling, pool, same, 4, rng)
        assert first.shape == (7, min(4, size))
        assert first.dtype == np.int64
        if sampling != "resample" and size <= 4:
            np.testing.assert_array_equal(first, pool)
    assert draw_first_hops(sampling, pool[:0], same[:0], 4, rng).shape == (0, 4)


def test_places_without_neighbour_are_drawn_last():
    pool = np.array([[4, -1, 6, -1, 8, -1]])
    same = np.array([[True, True, False, False, False, True]])
    for seed in range(20):
        first = reverse_imbalance(pool, same, 3, np.random.default_rng(seed))
        assert sorted(first[0].tolist()) == [4, 6, 8]
        more = reverse_imbalance(pool, same, 5, np.random.default_rng(seed))
        assert sorted(more[0].tolist()) == [-1, -1, 4, 6, 8]


def test_every_visit_draws_anew_and_a_seed_decides():
    pool, same = np.arange(30)[None], (np.arange(30) < 5)[None]
    rng = np.random.default_rng(0)
    one, two = (reverse_imbalance(pool, same, 10, rng) for _ in range(2))
    assert not np.array_equal(one, two)
    again = reverse_imbalance(pool, same, 10, np.random.default_rng(0))
    np.testing.assert_array_equal(one, again)


def naive_duplicated(pool, same, near):
    near = min(near, len(pool))
    one = [j for j, s in zip(pool, same, strict=True) if j >= 0 and s]
    two = [j for j, s in zip(pool, same, strict=True) if j >= 0 and not s]
    small, large = (one, two) if len(one) <= len(two) else (two, one)
    if not small:
        taken = large[:near]
    else:
        taken = (small * near)[: near // 2] + large[: near - near // 2]
    return taken + [-1] * (near - len(taken))


def test_duplicates_against_lists():
    rng = np.random.default_rng(0)
    for near in (1, 2, 5, 8, 20):
        pool = rng.integers(-1, 50, (40, 11))
        same = rng.random((40, 11)) < rng.random((40, 1))
        found = duplicated_minority(pool, same, near)
        for row, (p, s) in enumerate(zip(pool.tolist(), same.tolist(), strict=True)):
            assert found[row].tolist() == naive_duplicated(p, s, near)


def test_duplicates_by_hand():
    pool, same = np.array([[5, 6, 7, 8, 9, 1]]), np.array([[1, 0, 0, 0, 0, 0]], bool)
    assert duplicated_minority(pool, same, 6).tolist() == [[5, 5, 5, 6, 7, 8]]
    assert duplicated_minority(pool, ~same, 5).tolist() == [[5, 5, 6, 7, 8]]


def test_density_is_a_mean_of_the_first():
    similarities = np.array([[0.9, 0.5, 0.1], [0.2, 0.2, 0.2]], np.float32)
    np.testing.assert_allclose(density(similarities, 2), [0.7, 0.2], rtol=1e-6)
    np.testing.assert_allclose(density(similarities, 9), [0.5, 0.2], rtol=1e-6)
