from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from covey.io.report.modes import weakest_split


def conductance(side: np.ndarray, s: np.ndarray, t: np.ndarray, w: np.ndarray) -> float:
    crossing = sum(w[e] for e in range(len(s)) if side[s[e]] != side[t[e]])
    volume = [0.0, 0.0]
    for e in range(len(s)):
        volume[int(side[s[e]])] += w[e]
        volume[int(side[t[e]])] += w[e]
    return crossing / max(min(volume), 1e-12)


def two_blocks(a: int, b: int, bridges: int, seed: int) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(seed)
    block = np.repeat([0, 1], [a, b])
    i, j = np.triu_indices(a + b, 1)
    same = block[i] == block[j]
    kept = same & (rng.random(i.shape[0]) < 0.7)
    kept[rng.choice(np.flatnonzero(~same), bridges, replace=False)] = True
    return block, i[kept], j[kept], rng.uniform(0.5, 1.0, int(kept.sum()))


def test_finds_the_two_halves() -> None:
    block, s, t, w = two_blocks(24, 16, 3, 0)
    split = weakest_split(s, t, w, 40)
    assert split is not None
    assert np.array_equal(split.side, block == 1)
    assert split.across == 3
    assert split.total == len(s)
    assert split.conductance == pytest.approx(conductance(split.side, s, t, w))


@pytest.mark.parametrize("seed", range(5))
def test_near_the_best_of_all_splits(seed: int) -> None:
    _, s, t, w = two_blocks(5, 4, 2, seed)
    split = weakest_split(s, t, w, 9)
    best = min(
        conductance(np.array(side, bool), s, t, w)
        for side in product([0, 1], repeat=9)
        if 2 <= sum(side) <= 7
    )
    assert split is not None
    assert best - 1e-9 <= split.conductance <= max(2 * best, best + 0.05)


def test_parts_without_a_link() -> None:
    s, t = np.array([0, 1, 3, 4]), np.array([1, 2, 4, 5])
    split = weakest_split(s, t, np.ones(4), 6)
    assert split is not None
    assert split.across == 0
    assert split.conductance == 0.0


def test_too_few_to_split() -> None:
    assert weakest_split(np.array([0]), np.array([1]), np.ones(1), 2) is None
    assert weakest_split(np.empty(0, int), np.empty(0, int), np.ones(0), 0) is None


def test_no_edges_at_all() -> None:
    split = weakest_split(np.empty(0, int), np.empty(0, int), np.ones(0), 6)
    assert split is not None
    assert split.total == 0
