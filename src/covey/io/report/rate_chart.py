"""Curves of rate and quality as inline SVG: quality over bits a pixel, on a log axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.io.report.svg import LEFT, RIGHT, grid, line, svg
from covey.io.report.words import safe

_TOP, _BOTTOM, _HEIGHT = 26.0, 322.0, 366
_MOST_GRID = 7  # lines
_APART = 34  # pixels between two numbers of the axis


@dataclass(frozen=True, slots=True)
class RateLine:
    """One curve.

    Attributes:
        name: What it is called.
        kind: Class of the style sheet.
        rates: Bits a pixel, above 0.
        qualities: As many.
        settings: What made each point, in words.
    """

    name: str
    kind: str
    rates: Sequence[float]
    qualities: Sequence[float]
    settings: Sequence[str]


def rate_chart_svg(lines: Sequence[RateLine], width: int, unit: str) -> str:
    """All curves in one panel, those that come first on top.

    Args:
        lines: At least one, with at least one point.
        width: Pixels.
        unit: Of the quality, in words.
    """
    left, right = _padded(np.log10([rate for each in lines for rate in each.rates]), 0.02)
    low, high = _padded(np.array([value for each in lines for value in each.qualities]), 0.04)
    inner = width - LEFT - RIGHT

    def across(rates: Sequence[float]) -> NDArray[np.float64]:
        return LEFT + inner * (np.log10(rates) - left) / (right - left)

    def up(values: Sequence[float]) -> NDArray[np.float64]:
        return _BOTTOM - (_BOTTOM - _TOP) * (np.asarray(values) - low) / (high - low)

    parts = [f'<text class="tick left" x="0" y="12">{safe(unit)}</text>']
    ticks = even_ticks(low, high)
    parts += [grid(width, y, f"{tick:g}") for y, tick in zip(up(ticks), ticks, strict=True)]
    ticks, last = log_ticks(10**left, 10**right), -_APART
    for at, tick in zip(across(ticks), ticks, strict=True):
        parts.append(
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP:.0f}" y2="{_BOTTOM:.0f}"/>'
        )
        if at - last >= _APART:
            last = at
            parts.append(f'<text class="tick" x="{at:.1f}" y="{_BOTTOM + 19:.0f}">{tick:g}</text>')
    parts.append(
        f'<text class="axis" x="{LEFT + inner / 2:.0f}" y="{_BOTTOM + 40:.0f}">bits a pixel</text>'
    )
    for each in reversed(lines):
        x, y = across(each.rates), up(each.qualities)
        parts.append(line(x, y, each.kind))
        for place, (rate, value) in enumerate(zip(each.rates, each.qualities, strict=True)):
            parts.append(
                f'<circle class="dot {each.kind}" cx="{x[place]:.1f}" cy="{y[place]:.1f}" r="3">'
                f"<title>{safe(each.name)}, {safe(each.settings[place])}\n{rate:.3f} bits a pixel"
                f"\n{value:.2f} dB</title></circle>"
            )
    told = ", ".join(each.name for each in lines)
    return svg(width, _HEIGHT, f"{unit} over bits a pixel of {told}; numbers in the tables", parts)


def even_ticks(low: float, high: float) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten within both, seven at most."""
    step = 10.0 ** math.floor(math.log10((high - low) / _MOST_GRID))
    step = next(step * by for by in (1, 2, 5, 10) if (high - low) / (step * by) < _MOST_GRID)
    return [round(i * step, 10) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten, twice and five times them, within both."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    ticks = [float(f"{by}e{power}") for power in powers for by in (1, 2, 5)]
    return [tick for tick in ticks if low <= tick <= high]


def _padded(values: NDArray[np.float64], share: float) -> tuple[float, float]:
    """The least and the largest with room around them."""
    low, high = float(values.min()), float(values.max())
    room = share * (high - low) or 0.5
    return low - room, high + room
