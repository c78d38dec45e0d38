"""How the image codec stands beside other formats: quality over bits a pixel, all curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from covey.codec_bench.curves import Curve, curve_of
from figure_style import BAND, BLUE, FAINT, GREEN, INK, VERMILION, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# More of Okabe and Ito's palette, for more curves than other figures have.
_PURPLE, _ORANGE = "#AA4499", "#E69F00"
_COLOURS = {
    "Covey": VERMILION,
    "JPEG XL": _ORANGE,
    "JPEG": FAINT,
    "WebP": GREEN,
    "AVIF": BLUE,
    "HEIC": _PURPLE,
    "VTM": INK,
}
"""By how names begin; longer ones before those that they begin with."""

_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


def image_codec(result: dict[str, Any]) -> Figure:
    """PSNR left, MS-SSIM right, over bits a pixel on a log axis; published points dashed."""
    from matplotlib.figure import Figure

    curves = {name: curve_of(facts) for name, facts in result["curves"].items()}
    own = sorted(name for name in curves if name.startswith("Covey"))
    ordered = [*own, *(name for name in curves if name not in own)]
    figure = Figure(figsize=(WIDTH, 4.9), layout="constrained")
    left, right = figure.subplots(1, 2, sharex=True)
    handles = []
    for name in reversed(ordered):  # so that Covey's are on top
        look = _look(name, name == own[-1] if own else False)
        handles += left.plot(*curves[name].psnrs, label=name, **look)
        right.plot(*curves[name].similarities, **look)
    left.set_ylabel("PSNR of RGB, dB")
    right.set_ylabel("MS-SSIM, dB")
    for panel in (left, right):
        _dress(panel, curves)
    figure.supxlabel("bits a pixel, whole files; means over images at each setting")
    columns = 3
    figure.legend(
        handles=handles[::-1],
        loc="outside upper center",
        ncols=columns,
        frameon=False,
        fontsize=8.5,
    )
    return figure


def _look(name: str, best: bool) -> dict[str, Any]:
    """Colour by the format; thick is Covey at its best, dotted what is not a format's best."""
    colour = next((c for start, c in _COLOURS.items() if name.startswith(start)), INK)
    look: dict[str, Any] = {"color": colour, "linewidth": 1.3, "marker": "o", "markersize": 2.6}
    if name.startswith("VTM"):
        return look | {"linestyle": "--", "marker": ""}
    if name.startswith("Covey"):
        return look | ({"linewidth": 2.4} if best else {"linestyle": ":", "markersize": 2})
    return look | (
        {} if "slow" in name or name.startswith(("JPEG", "WebP")) else {"linestyle": ":"}
    )


def _dress(panel: Axes, curves: dict[str, Curve]) -> None:
    rates = [rate for curve in curves.values() for rate in curve.psnrs[0]]
    low, high = min(rates) / 1.1, max(rates) * 1.1
    panel.set_xscale("log")
    panel.set_xlim(low, high)
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.set_xticks([], minor=True)
    panel.grid(color=BAND, linewidth=0.6)
    panel.set_axisbelow(True)
