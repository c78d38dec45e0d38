"""How good coded pictures are, and how curves of rate and quality compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import correlate1d

from covey.types import InputError

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # of the five scales
_K1, _K2 = 0.01, 0.03
_WINDOW = 11  # pixels in a row
_ROWS = 256  # that are looked at at a time
_DEVIATION = 1.5
LEAST_SIDE = _WINDOW * 2**4
"""Pixels in a row and a column that a picture must have for five scales."""


def psnr(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio of pictures of 8 bits, in dB; infinite if they are the same."""
    total = 0
    for start in range(0, len(a), _ROWS):  # so that large ones take no more memory
        band = slice(start, start + _ROWS)
        total += int(np.square(a[band].astype(np.int32) - b[band]).sum(dtype=np.int64))
    return float(np.inf if total == 0 else 10 * np.log10(255**2 * a.size / total))


def ms_ssim(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> float:
    """Multi-scale structural similarity of two pictures, in [0, 1], the mean of their channels.

    Contrast and structure at five scales, each half of the one before, luminance at the last, in
    Gaussian windows of 11 pixels and a deviation of 1.5 that lie inside. (Wang, Simoncelli and
    Bovik, Asilomar 2003.)

    Args:
        a, b: (h, w) or (h, w, c) uint8, h and w at least 176.

    Raises:
        InputError: If they are smaller, or differ in shape.
    """
    if a.shape != b.shape:
        raise InputError(f"pictures differ in shape: {a.shape} and {b.shape}")
    if min(a.shape[:2]) < LEAST_SIDE:
        raise InputError(f"five scales want at least {LEAST_SIDE} pixels a side, got {a.shape[:2]}")
    if a.ndim == 3:
        return float(np.mean([ms_ssim(a[:, :, c], b[:, :, c]) for c in range(a.shape[2])]))
    x, y = a.astype(np.float64), b.astype(np.float64)
    found = 1.0
    for scale, weight in enumerate(_WEIGHTS, 1):
        mean = _mean_similarity(x, y, luminance=scale == len(_WEIGHTS))
        found *= max(mean, 0.0) ** weight
        x, y = _halved(x), _halved(y)
    return found


def decibels(similarity: float) -> float:
    """A similarity in [0, 1] as -10 log10(1 - x), so that those near 1 stand apart; 100 at most."""
    return float(-10 * np.log10(max(1 - similarity, 1e-10)))


@dataclass(frozen=True, slots=True)
class BdRate:
    """How much more one curve takes than another for the same quality.

    Attributes:
        percent: Negative if it takes less.
        low, high: The qualities that both have, over which this is the mean.
    """

    percent: float
    low: float
    high: float


def bd_rate(
    rate: Sequence[float],
    quality: Sequence[float],
    other_rate: Sequence[float],
    other_quality: Sequence[float],
) -> BdRate:
    """Compares a curve with another by the mean difference of their logarithmic rates.

    Each is interpolated by piecewise cubics that rise where points do. (Bjontegaard, VCEG-M33,
    2001; the cubics of Fritsch and Carlson, as JCT-VC has used since.)

    Args:
        rate, quality: At least two points, in any order.
        other_rate, other_quality: The curve that is compared with.

    Raises:
        InputError: If a curve has fewer points, or both have no quality in common.
    """
    mine, theirs = _curve(rate, quality), _curve(other_rate, other_quality)
    low, high = max(mine.x[0], theirs.x[0]), min(mine.x[-1], theirs.x[-1])
    if not low < high:
        raise InputError(
            f"the curves have no quality in common: {mine.x[0]:.2f} to {mine.x[-1]:.2f} and "
            f"{theirs.x[0]:.2f} to {theirs.x[-1]:.2f}"
        )
    difference = (mine.integrate(low, high) - theirs.integrate(low, high)) / (high - low)
    return BdRate(float(100 * np.expm1(difference)), float(low), float(high))


def rate_at(rate: Sequence[float], quality: Sequence[float], wanted: float) -> float | None:
    """The rate of a curve at a quality, by the cubics of `bd_rate`; None where it has no such one.

    Args:
        rate, quality: At least two points, in any order.
        wanted: The quality.

    Raises:
        InputError: If there are fewer points.
    """
    curve = _curve(rate, quality)
    if not curve.x[0] <= wanted <= curve.x[-1]:
        return None
    return float(np.exp(curve(wanted)))


def _curve(rate: Sequence[float], quality: Sequence[float]) -> PchipInterpolator:
    quality_, first = np.unique(np.asarray(quality, np.float64), return_index=True)
    if len(quality_) < 2:
        raise InputError(f"a curve wants at least two different points, got {len(quality_)}")
    return PchipInterpolator(quality_, np.log(np.asarray(rate, np.float64)[first]))


def _mean_similarity(x: NDArray[np.float64], y: NDArray[np.float64], *, luminance: bool) -> float:
    """The mean over all windows of contrast and structure, and of luminance if that is asked for.

    By bands of rows, so that large pictures take little more memory than themselves.
    """
    rows = len(x) - _WINDOW + 1
    total = 0.0
    for start in range(0, rows, _ROWS):
        band = slice(start, min(start + _ROWS, rows) + _WINDOW - 1)
        light, structure = _similarity(x[band], y[band])
        total += float((structure * light if luminance else structure).sum())
    return total / (rows * (x.shape[1] - _WINDOW + 1))


def _similarity(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Luminance, and contrast and structure, of each window that lies inside."""
    c1, c2 = (_K1 * 255) ** 2, (_K2 * 255) ** 2
    mx, my = _smoothed(x), _smoothed(y)
    vx, vy = _smoothed(x * x) - mx * mx, _smoothed(y * y) - my * my
    both = _smoothed(x * y) - mx * my
    luminance = (2 * mx * my + c1) / (mx * mx + my * my + c1)
    return luminance, (2 * both + c2) / (vx + vy + c2)


def _smoothed(x: NDArray[np.float64]) -> NDArray[np.float64]:
    half = _WINDOW // 2
    taps = np.exp(-0.5 * (np.arange(-half, half + 1) / _DEVIATION) ** 2)
    taps /= taps.sum()
    smooth = correlate1d(correlate1d(x, taps, axis=0), taps, axis=1)
    return smooth[half:-half, half:-half]


def _halved(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of squares of 2 x 2; the last row or column is left out of an odd number."""
    x = x[: x.shape[0] // 2 * 2, : x.shape[1] // 2 * 2]
    return 0.25 * (x[::2, ::2] + x[1::2, ::2] + x[::2, 1::2] + x[1::2, 1::2])
