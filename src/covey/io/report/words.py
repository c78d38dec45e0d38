"""Numbers in words that a reader takes in at a glance, and text made safe for HTML."""

from __future__ import annotations

import html
import math

SCORERS = {
    "universal": "universal scorer, trained",
    "cosine": "cosine",
    "smoothed": "cosine of neighbourhood means",
    "transition": "shared transition probability",
    "structure": "overlap of reciprocal neighbours",
    "profiles": "multiple tests on profiles",
    "adaptive": "as many neighbours as suit each item",
    "mutual-proximity": "mutual proximity",
    "csls": "CSLS",
}
"""What the scorers of `covey.scoring` are called in words."""


def count(number: int, noun: str) -> str:
    """`1 item`, `1,797 items`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def percent(share: float) -> str:
    """A share in [0, 1] as a percentage that never rounds to a certainty it is not."""
    if math.isnan(share):
        return "unknown"
    if share >= 1.0:
        return "100%"
    if share > 0.99:
        return f"{min(100.0 * share, 99.9):.1f}%"
    if 0.0 < share < 0.01:
        return "under 1%"
    return f"{100.0 * max(share, 0.0):.0f}%"


def cut_name(cut: float) -> str:
    """A cut as a reader tells it from its neighbours: `0.653`."""
    return f"{cut:.3f}"


def times(factor: float) -> str:
    """`6 times`, `2.5 times`."""
    return f"{factor:.0f} times" if factor >= 10 else f"{factor:.1f} times"


def seconds(duration: float) -> str:
    """`0.04 s`, `12.3 s`, `4 min 10 s`."""
    if duration >= 100:
        return f"{int(duration // 60)} min {int(duration % 60)} s"
    return f"{duration:.1f} s" if duration >= 10 else f"{duration:.2f} s"


def safe(text: object, *, most: int = 400) -> str:
    """Any value as HTML text or attribute value: escaped, and cut at `most` characters."""
    plain = str(text)
    if len(plain) > most:
        plain = plain[: most - 1] + "…"
    return html.escape(plain, quote=True)
