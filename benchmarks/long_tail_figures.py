"""How imbalance is borne: groups by size and method, and trainings that go on for long."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from figure_style import BAND, BLUE, GREEN, INK, VERMILION, WIDTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS = {"head": (BLUE, "s"), "medium": (GREEN, "o"), "tail": (VERMILION, "v")}
CURVES = {"RIWS": BLUE, "none": INK, "focal": VERMILION, "class-balanced": GREEN}
_ANY = "any"


def by_seed(runs: list[dict[str, Any]], part: str, sets: int) -> list[float]:
    """Mean of BCubed F over sets, for each seed that has all of so many."""
    found: dict[int, list[float]] = {}
    for run in runs:
        scores = run["scores"]["with_singletons"]
        found.setdefault(run["seed"], []).append(scores[part]["bcubed"]["f"])
    return [fmean(values) for values in found.values() if len(values) == sets]


def long_tail_buckets(result: dict[str, Any]) -> Figure:
    """BCubed F of head, medium and tail for each method, one panel a version."""
    from matplotlib.figure import Figure

    runs = result["results"]
    versions = [v for v in dict.fromkeys(run["version"] for run in runs) if v != _ANY]
    methods = list(dict.fromkeys(run["method"] for run in runs))
    sets = len({run["set"] for run in runs})
    methods = [method for method in methods if _is_whole(runs, method, sets)]
    figure = Figure(figsize=(WIDTH, 1.2 + 0.3 * len(methods)), layout="constrained")
    panels = figure.subplots(1, len(versions), sharey=True, sharex=True, squeeze=False)[0]
    for panel, version in zip(panels, versions, strict=True):
        for place, method in enumerate(methods):
            own = [
                run for run in runs if run["method"] == method and run["version"] in (version, _ANY)
            ]
            panel.axhline(place, color=BAND, linewidth=0.6, zorder=0)
            for row, (part, (colour, marker)) in enumerate(PARTS.items()):
                values = by_seed(own, part, sets)
                if values:
                    spread = stdev(values) if len(values) > 1 else 0
                    look = {"color": colour, "marker": marker, "markersize": 4.5}
                    panel.errorbar(fmean(values), place + (row - 1) / 5, xerr=spread, **look)
        panel.set_title(version, loc="left", fontsize=10, fontweight="bold")
    panels[0].set_yticks(range(len(methods)), methods)
    panels[0].invert_yaxis()
    figure.supxlabel("BCubed F, mean over sets; bars are standard deviations over seeds")
    _legend(figure, panels[0], {part: {"color": c, "marker": m} for part, (c, m) in PARTS.items()})
    return figure


def _is_whole(runs: list[dict[str, Any]], method: str, sets: int) -> bool:
    """Whether a version and seed of the method has all sets."""
    own = [(run["version"], run["seed"]) for run in runs if run["method"] == method]
    return sets in map(own.count, own)


def long_tail_curves(result: dict[str, Any]) -> Figure:
    """Average precision and loss of links by step, learned and other half, one column a set."""
    from matplotlib.figure import Figure

    curves = result["curves"]
    names = list(dict.fromkeys(curve["set"] for curve in curves))
    figure = Figure(figsize=(WIDTH, 4.8), layout="constrained")
    panels = figure.subplots(2, len(names), sharex=True, squeeze=False)
    for curve in curves:
        column = names.index(curve["set"])
        colour = CURVES[curve["method"]]
        steps = [point["step"] for point in curve["points"]]
        for row, measure in enumerate(("average_precision", "loss")):
            for half, style in (("learned", ":"), ("other", "-")):
                values = [point[half][measure] for point in curve["points"]]
                panels[row, column].plot(steps, values, color=colour, linestyle=style)
    for column, name in enumerate(names):
        panels[0, column].set_title(name, loc="left", fontsize=10, fontweight="bold")
        for row in (0, 1):
            panels[row, column].tick_params(labelsize=7.5)
        panels[1, column].set_ylim(bottom=0)
        panels[1, column].set_xlim(left=0)
    panels[0, 0].set_ylabel("average precision of links")
    panels[1, 0].set_ylabel("cross-entropy of links")
    figure.supxlabel("steps; dotted: links that are learned, whole: links of the other half")
    _legend(figure, panels[0, 0], {method: {"color": c} for method, c in CURVES.items()})
    return figure


def _legend(figure: Figure, panel: Axes, marks: dict[str, dict[str, str]]) -> None:
    handles = [panel.plot([], [], label=label, **mark)[0] for label, mark in marks.items()]
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), frameon=False)
