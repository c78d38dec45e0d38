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
    """mAP and F over the share of strangers: one column a set, the size of local sets on top."""
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
                noise = [each["noise"] for each in points]
                panel.plot(noise, values, color=colour, marker="o", markersize=3.5, label=variant)
            raw = entry["cosine"]
            level = raw["mAP"]["standard"] if measure == "mAP" else raw[measure]
            panel.axhline(level, color=INK, linewidth=0.8, linestyle=":", label="cosine")
            panel.set_ylim(bottom=0)
            panel.set_ylabel(told if column == 0 else "")
        sizes = {each["noise"]: each["size"] for each in entry["noise"]}
        top = panels[0, column].secondary_xaxis("top")
        top.set_xticks(list(sizes), [str(size) for size in sizes.values()], fontsize=8)
        panels[0, column].set_title(entry["set"], loc="left", fontsize=10, fontweight="bold")
        panels[1, column].set_xlabel("share of strangers in local sets (size on top)")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    return figure
