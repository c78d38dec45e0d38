"""The page of a bench: one HTML file that asks the network for nothing."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from string import Template

from covey.codec_bench.curves import Curve
from covey.codec_bench.measuring import Bench
from covey.codec_bench.page_tables import coder_table, picture_table, point_table
from covey.codec_bench.summary import Row, overlap_words, percent_words, table_of
from covey.io.atomic import atomic_file
from covey.io.report.rate_chart import RateLine, rate_chart_svg
from covey.io.report.templates import template
from covey.io.report.words import count, safe

_WIDTHS = (("wide", 500), ("narrow", 336))
_MOST_NOTES = 200

_KINDS = 6
"""Looks of lines in the style sheet."""


def write_bench_page(
    path: str | Path,
    bench: Bench,
    *,
    title: str = "Covey beside other image formats",
    facts: Mapping[str, str],
    missing: Mapping[str, str],
    command: str | None = None,
) -> None:
    """Writes one HTML file: curves, tables, what was measured by what.

    Styles and charts are inside the file, it has no scripts, and its content policy forbids every
    outside request. All that comes from the user is escaped.

    Args:
        path: File to write; replaced in one step when it is complete.
        bench: What was measured, Covey's curve first.
        title: Heading of the page.
        facts: Machine and versions, in words.
        missing: Formats that were not there, and why.
        command: The command that made it, to be shown.

    Raises:
        CoveyError: If the file cannot be written.
    """
    table = table_of(bench)
    kinds = {name: f"s{place % _KINDS}" for place, name in enumerate(bench.curves)}
    told = {**facts, **{row.name: row.version for row in table.rows}}
    html = Template(template("rates.html")).substitute(
        title=safe(title, most=200),
        style=template("style.css") + template("rates.css"),
        own=safe(table.rows[0].name),
        lead=_lead(bench),
        tiles="".join(map(_tile, table.rows[1:])),
        notes=_notes(bench, missing),
        key=_key(kinds),
        charts=_charts(bench.curves, kinds),
        table=coder_table(table),
        details=picture_table(bench) + point_table(bench.curves),
        facts=_list(told),
        command=f'<pre class="command" tabindex="0"><code>{safe(command, most=2000)}</code></pre>'
        if command
        else "<p>A call from Python.</p>",
    )
    with atomic_file(path) as temporary:
        temporary.write_bytes(html.encode("utf-8", "replace"))


def _lead(bench: Bench) -> str:
    own, *others = bench.curves
    at_once = f", {bench.at_once} at a time" if bench.at_once > 1 else ""
    return (
        f"{count(len(bench.pictures), 'picture')} of {bench.megapixels:,.2f} megapixels{at_once}: "
        f"{safe(own)}, and {count(len(others), 'other format')}."
    )


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


def _notes(bench: Bench, missing: Mapping[str, str]) -> str:
    notes = [f"{name} is left out: {why}" for name, why in missing.items()]
    notes += [f"Left out: {why}" for why in bench.skipped.values()]
    notes += bench.notes
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


def _charts(curves: Mapping[str, Curve], kinds: Mapping[str, str]) -> str:
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
        else:
            drawn.append('<p class="meaning">No picture is large enough for MS-SSIM.</p>')
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
