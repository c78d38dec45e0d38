"""The page of a bench: one HTML file that asks the network for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from string import Template

from covey.codec_bench.curves import Curve
from covey.codec_bench.page_tables import coder_table, point_table
from covey.codec_bench.summary import Row, Table, overlap_words, percent_words
from covey.io.atomic import atomic_file
from covey.io.report.rate_chart import RateLine, rate_chart_svg
from covey.io.report.templates import template
from covey.io.report.words import safe

_WIDTHS = (("wide", 500), ("narrow", 336))
_MOST_NOTES = 200

_KINDS = 6
"""Looks of lines in the style sheet."""


@dataclass(frozen=True, slots=True)
class PageWords:
    """What a page says of what was coded; all but the title as HTML.

    Attributes:
        title: Heading.
        lead: What was coded, and by what.
        dot: What a dot of the curves is, a sentence.
        seconds: What seconds are of, a sentence.
        measure: How it was measured.
        no_similarity: What stands in the place of MS-SSIM where there is none; nothing if empty.
    """

    title: str
    lead: str
    dot: str
    seconds: str
    measure: str
    no_similarity: str = ""


def write_rates_page(
    path: str | Path,
    curves: Mapping[str, Curve],
    table: Table,
    words: PageWords,
    *,
    notes: Sequence[str],
    details: str = "",
    more: str = "",
    facts: Mapping[str, str],
    command: str | None = None,
) -> None:
    """Writes one HTML file: curves, tables, what was measured by what.

    Styles and charts are inside the file, it has no scripts, and its content policy forbids every
    outside request. All that comes from the user is escaped.

    Args:
        path: File to write; replaced in one step when it is complete.
        curves: By their names, Covey's first.
        table: The same in few numbers.
        words: What the page says.
        notes: What was left out, and why.
        details: HTML below the table.
        more: HTML of further sections.
        facts: Machine and versions, in words.
        command: The command that made it, to be shown.

    Raises:
        CoveyError: If the file cannot be written.
    """
    kinds = {name: f"s{place % _KINDS}" for place, name in enumerate(curves)}
    told = {**facts, **{row.name: row.version for row in table.rows}}
    html = Template(template("rates.html")).substitute(
        title=safe(words.title, most=200),
        style=template("style.css") + template("rates.css"),
        own=safe(table.rows[0].name),
        lead=words.lead,
        tiles="".join(map(_tile, table.rows[1:])),
        notes=_notes(notes),
        dot=words.dot,
        key=_key(kinds),
        charts=_charts(curves, kinds, words.no_similarity),
        seconds=words.seconds,
        table=coder_table(table),
        details=details + point_table(curves),
        more=more,
        measure=words.measure,
        facts=_list(told),
        command=f'<pre class="command" tabindex="0"><code>{safe(command, most=2000)}</code></pre>'
        if command
        else "<p>A call from Python.</p>",
    )
    with atomic_file(path) as temporary:
        temporary.write_bytes(html.encode("utf-8", "replace"))


def _tile(row: Row) -> str:
    found = row.against.psnr if row.against else None
    if found is None:
        return (
            f'<div><dt>against {safe(row.name)}</dt><dd class="none">no PSNR in common</dd></div>'
        )
    return (
        f"<div><dt>bits, against {safe(row.name)}</dt><dd>{percent_words(found)}"
        f"<small>for the same PSNR, {overlap_words(found)} dB</small></dd></div>"
    )


def _notes(notes: Sequence[str]) -> str:
    if not notes:
        return ""
    some = "".join(f"<li>{safe(note)}</li>" for note in notes[:_MOST_NOTES])
    more = len(notes) - _MOST_NOTES
    return (
        f'<h2 class="minor">Notes</h2><ul class="notes">{some}'
        f"{f'<li>and {more:,} more</li>' if more > 0 else ''}</ul>"
    )


def _key(kinds: Mapping[str, str]) -> str:
    entries = "".join(
        f'<li><svg viewBox="0 0 30 12" aria-hidden="true"><path class="line {kind}" d="M0 6h30"/>'
        f'<circle class="dot {kind}" cx="15" cy="6" r="3"/></svg>{safe(name)}</li>'
        for name, kind in kinds.items()
    )
    return f'<ul class="legend key">{entries}</ul>'


def _charts(curves: Mapping[str, Curve], kinds: Mapping[str, str], no_similarity: str) -> str:
    panels = {
        "PSNR in dB": {name: curve.psnrs for name, curve in curves.items()},
        "MS-SSIM in dB": {name: curve.similarities for name, curve in curves.items()},
    }
    drawn = []
    for unit, points in panels.items():
        lines = [
            RateLine(name, kinds[name], *own, _settings(curves[name]))
            for name, own in points.items()
            if own[0]
        ]
        if lines:
            charts = "".join(
                f'<div class="{name}">{rate_chart_svg(lines, width, unit)}</div>'
                for name, width in _WIDTHS
            )
            drawn.append(f'<figure class="chart">{charts}</figure>')
        elif no_similarity:
            drawn.append(f'<p class="meaning">{no_similarity}</p>')
    return "".join(drawn)


def _settings(curve: Curve) -> list[str]:
    return [f"setting {point.dial:g}" for point in curve.points]


def _list(facts: Mapping[str, str]) -> str:
    told = {**facts, "Covey": metadata.version("covey")}
    return (
        "<dl>"
        + "".join(f"<div><dt>{safe(k)}</dt><dd>{safe(v)}</dd></div>" for k, v in told.items())
        + "</dl>"
    )
