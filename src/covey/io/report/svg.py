"""What charts of the reports are made of, as inline SVG: lines, grids, the drawing itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from covey.io.report.words import safe

LEFT, RIGHT = 46, 14
"""Pixels beside what is drawn: numbers on the left, little on the right."""


def line(x: NDArray[np.float64], y: NDArray[np.float64], name: str) -> str:
    """A line that breaks where a value is not known; a dot where there is a single value."""
    known = np.isfinite(y)
    if not known.any():
        return ""
    words = [
        f"{'L' if i and known[i - 1] else 'M'}{a:.1f} {b:.1f}"
        for i, (a, b) in enumerate(zip(x, y, strict=True))
        if known[i]
    ]
    if len(words) == 1:
        i = int(np.flatnonzero(known)[0])
        return f'<circle class="dot {name}" cx="{x[i]:.1f}" cy="{y[i]:.1f}" r="3.5"/>'
    return f'<path class="line {name}" d="{" ".join(words)}"/>'


def grid(width: int, y: float, label: str) -> str:
    """A line across at a height, and its number."""
    return (
        f'<line class="grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text class="tick right" x="{LEFT - 8}" y="{y + 4:.1f}">{label}</text>'
    )


def svg(width: int, height: int, name: str, parts: list[str]) -> str:
    """The drawing, and what it shows in words."""
    return (
        f'<svg viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{safe(name, most=1000)}">{"".join(parts)}</svg>'
    )
