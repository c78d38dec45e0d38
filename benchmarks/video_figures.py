"""How the video codec stands beside other coders: quality over bits a pixel, a panel for a clip."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from figure_style import BAND, BLUE, FAINT, GREEN, INK, VERMILION, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS, _HEIGHT = 3, 2.5
_COLOURS = {"x264": BLUE, "x265": GREEN, "SVT-AV1": INK}
_TICKS = (0.001, 0.01, 0.1, 1)
_MOST_DB = 48.0


def video_codec(result: dict[str, Any]) -> Figure:
    """PSNR over bits a pixel on a log axis; other coders at 4:2:0 whole, at 4:4:4 dotted."""
    from matplotlib.figure import Figure

    clips = result["clips"]
    rows = -(-len(clips) // _COLUMNS)
    figure = Figure(figsize=(WIDTH, _HEIGHT * rows + 0.6), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    handles: dict[str, Any] = {}
    for panel, (name, clip) in zip(panels, clips.items(), strict=False):
        for coder, curve in reversed(clip["curves"].items()):
            points = curve["points"]
            (line,) = panel.plot(
                [point["bpp"] for point in points],
                [point["psnr"] for point in points],
                label=coder,
                **_look(coder),
            )
            handles.setdefault(coder, line)
        short = re.sub(r"_\d.*", "", name)
        frames = f"{clip['frames']} frames"
        _dress(panel, f"{short}, {clip['size'][0]} x {clip['size'][1]}, {frames}")
    for panel in panels[len(clips) :]:
        panel.set_axis_off()
    figure.supylabel("PSNR of RGB, dB")
    figure.supxlabel("bits a pixel; all frames of a clip at each setting")
    figure.legend(
        handles=[*handles.values()][::-1],
        loc="outside upper center",
        ncols=4,
        frameon=False,
        fontsize=8.5,
    )
    return figure


def _look(name: str) -> dict[str, Any]:
    look: dict[str, Any] = {"linewidth": 1.3, "marker": "o", "markersize": 2.6}
    if name == "Covey":
        return look | {"color": VERMILION, "linewidth": 2.4}
    if name.startswith("Covey"):
        return look | {"color": VERMILION, "linestyle": "--"}
    colour = next((c for start, c in _COLOURS.items() if name.startswith(start)), FAINT)
    return look | {"color": colour, "linestyle": ":" if "4:4:4" in name else "-"}


def _dress(panel: Axes, title: str) -> None:
    panel.set_title(title, fontsize=8.5, loc="left")
    panel.set_xscale("log")
    low, high = panel.get_xlim()
    ticks = [tick for tick in _TICKS if low <= tick <= high]
    panel.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    panel.set_xticks([], minor=True)
    panel.set_ylim(top=min(panel.get_ylim()[1], _MOST_DB))
    panel.grid(color=BAND, linewidth=0.6)
    panel.set_axisbelow(True)
