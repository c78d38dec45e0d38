"""Whitening: what it does to spreads, and rows that are degenerate."""

from __future__ import annotations

import numpy as np
import pytest

from covey.models.whitening import Whitening, fit_whitening
from covey.vectors import as_rows


def _rows(n: int = 500, d: int = 6, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return as_rows(rng.standard_normal((n, d)) * np.arange(1, d + 1) + 2)


def _cosines(whitening: Whitening, rows: np.ndarray) -> np.ndarray:
    unit = whitening(rows)
    return unit @ unit.T


@pytest.mark.parametrize("n", [500, 20_000])  # in one block and in several
def test_same_as_the_plain_formula(n: int) -> None:
    rows = _rows(n)
    whitening = fit_whitening(rows)
    x = rows.astype(np.float64)
    covariance = np.cov(x.T, bias=True)
    variance, axes = np.linalg.eigh(covariance)
    out = (x[:50] - x.mean(0)) @ axes / np.sqrt(variance + variance.mean())
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    np.testing.assert_allclose(_cosines(whitening, rows[:50]), out @ out.T, atol=1e-4)
    assert whitening.mean.dtype == whitening.map.dtype == whitening(rows[:2]).dtype == np.float32


def test_wide_directions_count_less_and_narrow_ones_are_not_blown_up() -> None:
    rows = _rows()
    whitening = fit_whitening(rows)
    before = np.linalg.eigvalsh(np.cov(rows.T, bias=True))
    after = np.linalg.eigvalsh(np.cov(((rows - whitening.mean) @ whitening.map).T, bias=True))
    np.testing.assert_allclose(after, before / (before + before.mean()), rtol=1e-3)
    assert after[-1] / after[0] < before[-1] / before[0]


def test_rows_have_unit_length_and_the_mean_itself_stays_zero() -> None:
    rows = _rows()
    kept = rows.copy()
    whitening = fit_whitening(rows)
    np.testing.assert_allclose(np.linalg.norm(whitening(rows), axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(rows, kept)
    turned = Whitening(np.float32([1, 0]), np.eye(2, dtype=np.float32))
    assert turned(np.float32([[1, 0], [0, 1]]))[0].tolist() == [0, 0]


def test_the_axes_do_not_matter() -> None:
    rows = _rows()
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((6, 6)))[0].astype(np.float32)
    turned = rows @ turn
    np.testing.assert_allclose(
        _cosines(fit_whitening(turned), turned[:40]),
        _cosines(fit_whitening(rows), rows[:40]),
        atol=1e-4,
    )


@pytest.mark.parametrize("n", [1, 2, 3])
def test_fewer_rows_than_directions(n: int) -> None:
    rows = _rows(n)
    found = fit_whitening(rows)(rows)
    assert np.isfinite(found).all()
    if n == 2:  # on either side of their mean
        np.testing.assert_allclose(found[0], -found[1], atol=1e-4)


def test_equal_rows_tell_nothing_but_break_nothing() -> None:
    rows = np.repeat(_rows(1), 9, axis=0)
    whitening = fit_whitening(rows)
    assert np.isfinite(whitening.map).all()
    other = whitening(_rows(5, seed=1))
    np.testing.assert_allclose(np.linalg.norm(other, axis=1), 1, atol=1e-5)
