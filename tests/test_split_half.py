"""Two halves of the dimensions: independent, rotated, the same for the same seed."""

import numpy as np
import pytest

from covey.split_half import split_halves
from covey.threads import bounded_threads


def _rows(n: int, d: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


@pytest.mark.parametrize("d", [8, 9, 64, 513, 1100])
def test_a_rotation_keeps_lengths_and_angles(d: int) -> None:
    rows = _rows(40, d)
    a, b = split_halves(rows, unit=False, seed=0)
    assert a.shape == (40, (d + 1) // 2)
    assert b.shape == (40, d // 2)
    assert a.dtype == b.dtype == np.float32
    assert a.flags.c_contiguous
    assert b.flags.c_contiguous
    np.testing.assert_allclose(a @ a.T + b @ b.T, rows @ rows.T, atol=2e-5 * d)


@pytest.mark.parametrize("d", [1, 2, 7, 8, 64])
def test_unit_rows(d: int) -> None:
    rows = _rows(50, d)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    for half in split_halves(rows, unit=True, seed=3):
        assert half.dtype == np.float32
        np.testing.assert_allclose(np.linalg.norm(half, axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("d", [3, 32])
def test_the_seed_decides(d: int) -> None:
    rows = _rows(30, d)
    once, again = split_halves(rows, unit=True, seed=1), split_halves(rows, unit=True, seed=1)
    other = split_halves(rows, unit=True, seed=2)
    for half in (0, 1):
        np.testing.assert_array_equal(once[half], again[half])
        assert not np.array_equal(once[half], other[half])


@pytest.mark.parametrize("d", [2, 16])
def test_the_input_is_left_alone(d: int) -> None:
    rows = _rows(20, d)
    rows[3] = 0
    kept = rows.copy()
    rows.flags.writeable = False
    split_halves(rows, unit=True, seed=0)
    np.testing.assert_array_equal(rows, kept)


def test_no_half_gets_the_better_dimensions() -> None:
    """All that tells groups apart lies in two of 64 dimensions; both halves get a share of it."""
    labels = np.arange(400) % 2
    for seed in range(5):
        rows = 0.3 * _rows(400, 64, seed)
        rows[:, 0] += 20 * labels
        rows[:, 1] += 20 * (labels[::-1] > 0)
        for half in split_halves(rows, unit=False, seed=seed):
            gap = half[labels == 1].mean(axis=0) - half[labels == 0].mean(axis=0)
            assert np.linalg.norm(gap) > 4


def test_chance_neighbours_of_the_halves_are_unrelated() -> None:
    rows = _rows(600, 64)
    a, b = split_halves(rows, unit=False, seed=0)
    off = ~np.eye(600, dtype=bool)
    assert abs(np.corrcoef((a @ a.T)[off], (b @ b.T)[off])[0, 1]) < 0.02


def test_a_row_of_zeros_becomes_an_axis() -> None:
    rows = _rows(10, 16)
    rows[4] = 0
    for half in split_halves(rows, unit=True, seed=0):
        np.testing.assert_array_equal(half[4], np.eye(8)[0])
        assert np.isfinite(half).all()


@pytest.mark.parametrize("d", [1, 2, 7])
def test_few_dimensions_get_noise_that_differs_in_sign(d: int) -> None:
    rows = _rows(500, d) * np.arange(1, d + 1, dtype=np.float32)
    a, b = split_halves(rows, unit=False, seed=0)
    assert a.shape == b.shape == rows.shape
    np.testing.assert_allclose((a + b) / 2, rows, atol=1e-5)
    noise = (a - b) / 2
    assert (np.abs(noise) > 0).mean() > 0.99
    away = np.linalg.norm(rows[:, None] - rows, axis=2)
    tenth = np.median(np.sort(away, axis=1)[:, 10])
    np.testing.assert_allclose(np.linalg.norm(noise) / np.sqrt(500), tenth / 2, rtol=0.1)


def test_noise_leaves_many_small_groups_apart() -> None:
    labels = np.arange(1000) % 50
    centre = np.random.default_rng(0).uniform(-100, 100, size=(50, 2))
    rows = (centre[labels] + 0.01 * _rows(1000, 2)).astype(np.float32)
    for half in split_halves(rows, unit=False, seed=0):
        for group in range(50):
            assert np.linalg.norm(half[labels == group] - centre[group], axis=1).max() < 0.1


@pytest.mark.parametrize("d", [2, 16])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_rows(n: int, d: int) -> None:
    a, b = split_halves(_rows(n, d), unit=True, seed=0)
    assert len(a) == len(b) == n
    assert np.isfinite(a).all()


def test_threads_change_no_digit() -> None:
    rows = np.random.default_rng(0).normal(size=(9000, 40)).astype(np.float32)
    found = []
    for threads in (1, 2, 3):
        with bounded_threads(threads):
            found.append(split_halves(rows, unit=True, seed=0))
    for pair in found[1:]:
        for half, expected in zip(pair, found[0], strict=True):
            np.testing.assert_array_equal(half, expected)
