"""How refined embeddings bear local sets with ever more strangers in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from figure_style import BLUE, FAINT, GREEN, INK, VERMILION, WIDTH

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = {
    "plain GCN": FAINT,
    "GCN, single test": VERMILION,
    "GCN, multiple tests": BLUE,
    "GCN, both tests": GREEN,
}


def b_attention_noise(result: dict[str, Any]) -> Figure:
    """mAP and F over the size of local sets, with the share of strangers: one column a set."""
    from matplotlib.figure import Figure

    entries = result["results"]
    figure = Figure(figsize=(WIDTH, 5.6), layout="constrained")
    panels = figure.subplots(2, len(entries), sharex="col", squeeze=False)
    for column, entry in enumerate(entries):
        for row, (measure, told) in enumerate((("mAP", "mAP"), ("bcubed_f", "BCubed F"))):
            panel = panels[row, column]
            for variant, colour in COLOURS.items():
                points = [each for each in entry["noise"] if each["variant"] == variant]
                values = [
                    each["mAP"]["standard"] if measure == "mAP" else each[measure]
                    for each in points
                ]
                sizes = [each["size"] for each in points]
                panel.plot(sizes, values, color=colour, marker="o", markersize=3.5, label=variant)
            raw = entry["cosine"]
            level = raw["mAP"]["standard"] if measure == "mAP" else raw[measure]
            panel.axhline(level, color=INK, linewidth=0.8, linestyle=":", label="cosine")
            panel.set_ylim(0, 1.08 * max(panel.get_ylim()[1], level))
            panel.set_ylabel(told if column == 0 else "")
        strangers = {each["size"]: each["noise"] for each in entry["noise"]}
        bottom = panels[1, column]
        bottom.set_xscale("log", base=2)
        bottom.set_xticks(
            list(strangers), [f"{size}\n{share:.0%}" for size, share in strangers.items()]
        )
        bottom.minorticks_off()
        panels[0, column].set_title(entry["set"], loc="left", fontsize=10, fontweight="bold")
    figure.supxlabel("members of a local set, and the share of strangers among them")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False)
    return figure
