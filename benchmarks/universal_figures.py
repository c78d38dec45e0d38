"""What the universal model promised beside what was true: edges, and whole clusterings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from figure_style import BAND, BLUE, FAINT, INK, VERMILION, WIDTH, unit_ticks
from promises import SHARES, calibration_error, shortfalls

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TOLERANCE = 0.05
GAPS_AT = 1.3  # where the numbers end, right of the axis from 0 to 1


def universal_reliability(result: dict[str, Any]) -> Figure:
    """Of edges in each tenth of probability, how many are right: one panel a set."""
    from matplotlib.figure import Figure

    entries = result["results"]
    columns = 3
    rows = -(-len(entries) // columns)
    figure = Figure(figsize=(WIDTH, 0.5 + 2.65 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    for panel, entry in zip(panels, entries, strict=False):
        _reliability_panel(panel, entry["set"], entry["auto"]["reliability"])
    for panel in panels[len(entries) :]:
        panel.set_axis_off()
    figure.supxlabel("promised: mean probability of the edges in a bin (dot area: share of edges)")
    figure.supylabel("true: share of them within one group")
    return figure


def _reliability_panel(panel: Axes, name: str, bins: dict[str, Any]) -> None:
    """Dots at (promised, true), a stem from each to the diagonal, where it should lie."""
    edges = sum(bins["count"])
    panel.plot((0, 1), (0, 1), color=FAINT, linewidth=0.8, zorder=1)
    for count, expected, observed in zip(
        bins["count"], bins["expected"], bins["observed"], strict=True
    ):
        if not count:
            continue
        panel.plot((expected, expected), (expected, observed), color=VERMILION, linewidth=1.2)
        panel.scatter(
            expected, observed, s=max(8, 220 * count / edges), color=BLUE, linewidth=0, zorder=3
        )
    panel.set_title(name, loc="left", fontsize=10, fontweight="bold")
    panel.set_title(f"ECE {calibration_error(bins):.3f}", loc="right", fontsize=9.5)
    panel.text(1, 0.03, f"{edges:,} edges", ha="right", fontsize=8.5, color="#555555")
    panel.set(xlim=(0, 1.04), ylim=(0, 1.04), aspect="equal")
    unit_ticks(panel.xaxis)
    unit_ticks(panel.yaxis)


def universal_promises(result: dict[str, Any]) -> Figure:
    """Promised beside true precision and recall, sets first and odd collections below."""
    from matplotlib.figure import Figure

    sets = {entry["set"]: entry["auto"] for entry in result["results"]}
    entries = sets | result["odd"]
    # A gap of half a row stands between the two kinds.
    places = [row + 0.5 * (row >= len(sets)) for row in range(len(entries))]
    figure = Figure(figsize=(WIDTH, 1.2 + 0.27 * len(entries)), layout="constrained")
    panels = figure.subplots(1, len(SHARES), sharey=True)
    for panel, share in zip(panels, SHARES, strict=True):
        _promise_panel(panel, share, places, list(entries.values()))
    panels[0].set_yticks(places, list(entries))
    panels[0].invert_yaxis()
    handles, labels = panels[0].get_legend_handles_labels()
    # matplotlib gives dots before bars; the band belongs beside the ring.
    order = (0, 3, 1, 2)
    figure.legend(
        [handles[each] for each in order],
        [labels[each] for each in order],
        loc="outside lower center",
        ncols=len(order),
        frameon=False,
        handletextpad=0.4,
    )
    return figure


def _promise_panel(
    panel: Axes, share: str, places: Sequence[float], entries: Sequence[dict[str, Any]]
) -> None:
    """One row an entry: a ring where promised within its band, a dot where true."""
    promised = [entry[f"expected_{share}"] for entry in entries]
    true = [entry["bcubed"][share] for entry in entries]
    gaps = [shortfalls(entry)[share] for entry in entries]
    panel.scatter(
        promised, places, s=62, facecolor="white", edgecolor=INK, zorder=3, label="promised"
    )
    panel.barh(
        places,
        2 * TOLERANCE,
        left=[each - TOLERANCE for each in promised],
        height=0.7,
        color=BAND,
        label=f"promised ± {TOLERANCE}",
    )
    for colour, within, label in (
        (BLUE, True, "true, within"),
        (VERMILION, False, "true, outside"),
    ):
        rows = [row for row, gap in enumerate(gaps) if (abs(gap) <= TOLERANCE) is within]
        at = [places[row] for row in rows]
        ends = [true[row] for row in rows]
        panel.hlines(at, [promised[row] for row in rows], ends, color=colour, linewidth=1.4)
        panel.scatter(ends, at, s=30, color=colour, linewidth=0, zorder=4, label=label)
        for row in rows:
            words = f"{gaps[row]:+z.3f}".replace("-", "−")
            panel.text(GAPS_AT, places[row], words, ha="right", va="center_baseline", color=colour)
    panel.set_title(f"BCubed {share}", loc="left", fontsize=10, fontweight="bold")
    panel.set_title("true − promised", loc="right", fontsize=9)
    panel.set_xlim(0, GAPS_AT)
    unit_ticks(panel.xaxis)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.spines["bottom"].set_bounds(0, 1)
