"""The two charts of the report as inline SVG: the cut curve and the sizes of the groups.

Each is drawn for a width in pixels, so that a narrow screen gets its own drawing with letters of
the same size. Colours come from the page's style sheet by class.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from covey.calibration import CutCurve
from covey.io.report.svg import LEFT, RIGHT, grid, line, svg
from covey.io.report.words import cut_name, percent
from covey.types import Int64

_MOST_POINTS = 120


def cut_curve_svg(curve: CutCurve, width: int) -> str:
    """Expected figures and agreement above, counts below on a log scale, over the same cuts.

    The cuts stand at equal distances, coarsest left: they are chosen by the number of edges that
    they keep, and their probabilities crowd near 1.

    Args:
        curve: c cuts, thinned to 120 where there are more.
        width: Pixels.
    """
    keep = _thinned(curve.cut.shape[0], curve.chosen)
    inner = width - LEFT - RIGHT
    steps = max(keep.shape[0] - 1, 1)
    x = LEFT + inner * np.arange(keep.shape[0]) / steps
    top, middle, bottom = (32.0, 172.0), (224.0, 384.0), 384.0
    counts = {
        "clusters": (curve.n_clusters - curve.n_singletons)[keep],
        "singletons": curve.n_singletons[keep],
        "largest": curve.largest[keep],
    }
    most = max(int(values.max(initial=1)) for values in counts.values())
    decades = max(1, math.ceil(math.log10(most + 1e-9)))

    def share(value: NDArray[np.float64]) -> NDArray[np.float64]:
        return top[1] - (top[1] - top[0]) * np.clip(value, 0, 1)

    def size(value: NDArray[np.float64]) -> NDArray[np.float64]:
        height = middle[1] - middle[0]
        return middle[1] - height * np.log10(np.maximum(value, 1.0)) / decades

    roomy = width >= 400
    expected = "expected " if roomy else ""
    axis = (
        "cut: links less sure than this are ignored" if roomy else "cut, the least sure link kept"
    )
    parts = [
        _legend(
            width,
            top[0],
            ("precision", f"{expected}precision"),
            ("recall", f"{expected}recall"),
            ("agreement", "agreement"),
        ),
        _legend(
            width,
            middle[0],
            ("clusters", "clusters of 2+"),
            ("singletons", "singletons"),
            ("largest", "largest"),
        ),
    ]
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(grid(width, float(share(np.array(tick))), f"{100 * tick:.0f}%"))
    for power in range(0, decades + 1, max(1, math.ceil(decades / 4))):
        parts.append(grid(width, float(size(np.array(10.0**power))), _short(10**power)))
    taken = float(x[np.searchsorted(keep, curve.chosen)]) if keep.size else -100.0
    last = -100.0
    for at, c in zip(x, keep, strict=True):
        if abs(at - taken) > 62 and at - last > 46:
            last = float(at)
            parts.append(
                f'<text class="tick" x="{at:.1f}" y="{bottom + 19:.0f}">'
                f"{cut_name(curve.cut[c])}</text>"
            )
    parts.append(
        f'<text class="axis" x="{LEFT + inner / 2:.0f}" y="{bottom + 40:.0f}">'
        f"coarse ← {axis} → fine</text>"
    )
    for name in ("agreement", "recall", "precision"):
        parts.append(line(x, share(getattr(curve, name)[keep]), name))
    for name, number in counts.items():
        parts.append(line(x, size(number.astype(float)), name))
    if keep.size:
        label = min(max(taken, LEFT + 10), width - 37.0)
        for y1, y2 in (top, middle):
            parts.append(
                f'<line class="chosen" x1="{taken:.1f}" x2="{taken:.1f}" y1="{y1:.0f}" '
                f'y2="{y2 + (3 if y2 == bottom else 0):.0f}"/>'
            )
        parts.append(
            f'<text class="chosen-label" x="{label:.1f}" y="{bottom + 19:.0f}">'
            f"taken {cut_name(curve.cut[curve.chosen])}</text>"
        )
        parts.append(_bands(curve, keep, x, top[0], bottom))
    return svg(
        width,
        430,
        "Expected precision and recall, agreement of two halves, clusters, singletons and the "
        "largest cluster at every cut that was tried; the numbers are in the table below",
        parts,
    )


def histogram_svg(sizes: Int64, width: int) -> str:
    """One bar for every doubling of size: clusters of 1, 2 to 3, 4 to 7 and so on."""
    low, clusters, items = size_bins(sizes)
    row, top, left = 32, 30, 92
    right = 104
    room = width - left - right
    most = max(int(clusters.max(initial=1)), 1)
    parts = [
        f'<text class="tick left" x="0" y="14">items</text>'
        f'<text class="tick left" x="{left}" y="14">clusters</text>'
        f'<text class="tick right" x="{width}" y="14">of all items</text>'
    ]
    total = max(int(items.sum()), 1)
    for i, (first, number, held) in enumerate(zip(low, clusters, items, strict=True)):
        y, length = top + i * row, max(room * number / most, 1.5 if number else 0)
        name = size_name(int(first))
        kind = "bar alone" if first == 1 else "bar"
        parts.append(
            f"<g><title>{name} {'item' if first == 1 else 'items'}: {number:,} clusters, "
            f"{held:,} items</title>"
            f'<rect class="row" x="0" y="{y}" width="{width}" height="{row - 6}"/>'
            f'<text class="figure left" x="0" y="{y + 18}">{name}</text>'
            f'<rect class="{kind}" x="{left}" y="{y + 3}" width="{length:.1f}" '
            f'height="{row - 12}" rx="2"/>'
            f'<text class="figure left{"" if number else " faint"}" '
            f'x="{left + length + (8 if number else 0):.1f}" y="{y + 18}">{number:,}</text>'
            f'<text class="figure right faint" x="{width}" y="{y + 18}">{percent(held / total)}'
            "</text></g>"
        )
    names = ", ".join(f"{size_name(int(s))}: {c:,}" for s, c in zip(low, clusters, strict=True))
    return svg(
        width,
        top + row * max(len(low), 1),
        f"Number of clusters by number of items. {names}",
        parts,
    )


def size_bins(sizes: Int64) -> tuple[Int64, Int64, Int64]:
    """(b,) smallest size of each power-of-two bin, clusters in it, items in it."""
    if not sizes.size:
        empty = np.empty(0, np.int64)
        return empty, empty, empty
    power = np.frexp(sizes.astype(np.float64))[1] - 1
    bins = int(power.max()) + 1
    clusters = np.bincount(power, minlength=bins)
    items = np.bincount(power, sizes, minlength=bins).astype(np.int64)
    return 2 ** np.arange(bins), clusters, items


def size_name(low: int) -> str:
    """`1`, `2–3`, `4–7`, ..."""
    return f"{low:,}" if low == 1 else f"{_short(low)}–{_short(2 * low - 1)}"


def _thinned(c: int, chosen: int) -> Int64:
    if c <= _MOST_POINTS:
        return np.arange(c)
    spread = np.linspace(0, c - 1, _MOST_POINTS).round().astype(np.int64)
    return np.unique(np.append(spread, chosen))


def _bands(curve: CutCurve, keep: Int64, x: NDArray[np.float64], top: float, bottom: float) -> str:
    """Invisible strips, one a cut, whose title gives the numbers."""
    edge = np.concatenate([x[:1], (x[1:] + x[:-1]) / 2, x[-1:]])
    edge[0], edge[-1] = edge[0] - 6, edge[-1] + 6
    strips = []
    for i, c in enumerate(keep):
        title = (
            f"cut {cut_name(curve.cut[c])}\nexpected precision {percent(float(curve.precision[c]))}"
            f"\nexpected recall {percent(float(curve.recall[c]))}"
            f"\nagreement {percent(float(curve.agreement[c]))}"
            f"\n{curve.n_clusters[c]:,} clusters, {curve.n_singletons[c]:,} of them singletons"
            f"\nlargest {curve.largest[c]:,} items"
        )
        strips.append(
            f'<rect class="band" x="{edge[i]:.1f}" y="{top:.0f}" '
            f'width="{max(edge[i + 1] - edge[i], 0.5):.1f}" height="{bottom - top:.0f}">'
            f"<title>{title}</title></rect>"
        )
    return "".join(strips)


def _legend(width: int, y: float, *lines: tuple[str, str]) -> str:
    """A key above a panel: a piece of each line and its name."""
    x, parts = float(LEFT if width > 400 else 0), []
    for name, told in lines:
        parts.append(
            f'<path class="line {name}" d="M{x:.0f} {y - 18:.0f}h22"/>'
            f'<text class="tick left" x="{x + 28:.0f}" y="{y - 14:.0f}">{told}</text>'
        )
        x += 28 + 6.3 * len(told) + 14
    return "".join(parts)


def _short(number: int) -> str:
    """`999`, `10k`, `2M`."""
    for unit, letter in ((10**6, "M"), (10**3, "k")):
        if number >= 10 * unit or number == unit:
            return f"{number / unit:.0f}{letter}"
    return f"{number:,}"
