"""PSNR, MS-SSIM and BD-rate."""

from __future__ import annotations

import numpy as np
import pytest

from covey.metrics.rate import LEAST_SIDE, bd_rate, decibels, ms_ssim, psnr, rate_at
from covey.types import InputError


def _picture(height: int = 200, width: int = 180, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = 128 + 60 * np.sin(x / 9) + 50 * np.cos(y / 14)
    return np.clip(waves[:, :, None] + rng.normal(size=(height, width, 3)) * 8, 0, 255).astype(
        np.uint8
    )


def test_psnr() -> None:
    a = np.full((4, 4), 100, np.uint8)
    assert psnr(a, a) == np.inf
    assert psnr(a, a + np.uint8(1)) == pytest.approx(20 * np.log10(255))
    assert psnr(np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8)) == pytest.approx(0)


def naive_ms_ssim(x: np.ndarray, y: np.ndarray) -> float:
    """By windows, one after another."""
    taps = np.exp(-0.5 * (np.arange(-5, 6) / 1.5) ** 2)
    window = np.outer(taps, taps)
    window /= window.sum()
    found, x, y = 1.0, x.astype(float), y.astype(float)
    c1, c2 = 2.55**2, 7.65**2
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        total, n = 0.0, 0
        for i in range(x.shape[0] - 10):
            for j in range(x.shape[1] - 10):
                a, b = x[i : i + 11, j : j + 11], y[i : i + 11, j : j + 11]
                ma, mb = (window * a).sum(), (window * b).sum()
                va = (window * (a - ma) ** 2).sum()
                vb = (window * (b - mb) ** 2).sum()
                ab = (window * (a - ma) * (b - mb)).sum()
                part = (2 * ab + c2) / (va + vb + c2)
                if scale == 4:
                    part *= (2 * ma * mb + c1) / (ma**2 + mb**2 + c1)
                total, n = total + part, n + 1
        found *= (total / n) ** weight
        x, y = (
            z[: len(z) // 2 * 2, : z.shape[1] // 2 * 2]
            .reshape(len(z) // 2, 2, z.shape[1] // 2, 2)
            .mean((1, 3))
            for z in (x, y)
        )
    return found


def test_ms_ssim_by_its_definition() -> None:
    a = _picture(277, 176)[:, :, 0]  # more rows than are looked at at a time
    b = np.clip(a + np.random.default_rng(1).normal(size=a.shape) * 20, 0, 255).astype(np.uint8)
    assert ms_ssim(a, b) == pytest.approx(naive_ms_ssim(a, b), abs=1e-9)


def test_ms_ssim_of_colours() -> None:
    a = _picture()
    assert ms_ssim(a, a) == pytest.approx(1)
    b = a.copy()
    b[:, :, 1] = 255 - b[:, :, 1]
    expected = np.mean([ms_ssim(a[:, :, c], b[:, :, c]) for c in range(3)])
    assert ms_ssim(a, b) == pytest.approx(expected)
    assert ms_ssim(a, b) < 0.9


def test_ms_ssim_refuses() -> None:
    with pytest.raises(InputError, match="at least 176"):
        ms_ssim(_picture(LEAST_SIDE - 1, 300), _picture(LEAST_SIDE - 1, 300))
    with pytest.raises(InputError, match="differ in shape"):
        ms_ssim(_picture(200, 300), _picture(300, 200))


def test_bd_rate_of_a_known_difference() -> None:
    quality = np.linspace(28, 40, 9)
    rate = np.exp(0.2 * quality)
    found = bd_rate(0.7 * rate, quality, rate, quality)
    assert (found.percent, found.low, found.high) == pytest.approx((-30, 28, 40))
    order = np.random.default_rng(0).permutation(9)
    again = bd_rate(0.7 * rate[order], quality[order], rate, quality)
    assert again.percent == pytest.approx(-30)
    other = bd_rate(rate[:6], quality[:6], 2 * rate[2:], quality[2:])
    assert (other.percent, other.low, other.high) == pytest.approx((-50, quality[2], quality[5]))


def test_decibels() -> None:
    assert decibels(0.99) == pytest.approx(20)
    assert decibels(0) == 0
    assert decibels(1) == pytest.approx(100)


def test_rate_at_a_quality() -> None:
    quality = np.array([40.0, 28, 34, 31, 37])
    assert rate_at(np.exp(0.2 * quality), quality, 33.0) == pytest.approx(np.exp(6.6))
    assert rate_at([1, 2], [30, 31], 31.0) == pytest.approx(2)
    assert rate_at([1, 2], [30, 31], 31.1) is None
    assert rate_at([1, 2], [30, 31], 29.9) is None


def test_bd_rate_refuses() -> None:
    with pytest.raises(InputError, match="no quality in common"):
        bd_rate([1, 2], [30, 31], [1, 2], [33, 34])
    with pytest.raises(InputError, match="at least two"):
        bd_rate([1, 2], [30, 30], [1, 2], [29, 34])
