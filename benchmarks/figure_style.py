"""How figures of the documentation look: white ground, direct labels, nothing that is not data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axis import Axis

# Of Okabe and Ito's palette, told apart with any kind of colour vision.
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
INK, FAINT, BAND = "#222222", "#999999", "#E4E4E4"
WIDTH = 8.0  # inches: 1,600 pixels, read at 800
STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same everywhere
    "font.size": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "figure.dpi": 200,
    "figure.labelsize": 9.5,
    "savefig.dpi": 200,
}


def unit_ticks(axis: Axis) -> None:
    """Ticks of a share from 0 to 1."""
    axis.set_ticks((0, 0.25, 0.5, 0.75, 1), ("0", "", "0.5", "", "1"))
