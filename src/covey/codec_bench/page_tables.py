"""Tables of the page of a bench, as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from covey.codec_bench.curves import Curve, against
from covey.codec_bench.measuring import Bench
from covey.codec_bench.summary import Table, overlap_words, percent_words, seconds_words
from covey.io.report.words import safe
from covey.metrics.rate import decibels

_MOST_PICTURES = 200


def coder_table(table: Table) -> str:
    """One row a coder, the first one in bold."""
    kinds = ["PSNR", "MS-SSIM"] if table.similar else ["PSNR"]
    head = ["", *(title for kind in kinds for title in (f"BD-rate, {kind}", "over dB"))]
    head += [f"bits a pixel at {level:g} dB" for level in table.levels]
    head += [f"{what}, s/{table.unit.short}" for what in ("encode", "decode")]
    rows = []
    for row in table.rows:
        both = [row.against.psnr, row.against.ms_ssim][: len(kinds)] if row.against else []
        cells = [word for found in both for word in (percent_words(found), overlap_words(found))]
        cells = cells or [""] * (2 * len(kinds))
        cells += ["" if value is None else f"{value:.3f}" for value in row.bpp]
        cells += [seconds_words(row.encode), seconds_words(row.decode)]
        rows.append([safe(row.name), *cells])
    return scrolled(html_table(head, rows, own=True))


def picture_table(bench: Bench) -> str:
    """How each picture compares, folded up; nothing where there is nothing to compare with."""
    first, *others = bench.curves.values()
    if not others:
        return ""
    head = ["", *(safe(name) for name in [*bench.curves][1:])]
    rows = []
    for number, name in enumerate(bench.pictures[:_MOST_PICTURES]):
        own = first.of_image(number)
        found = [against(own, other.of_image(number)).psnr for other in others]
        rows.append([safe(name, most=80), *map(percent_words, found)])
    more = len(bench.pictures) > len(rows)
    told = f"the first {len(rows)} pictures" if more else "each picture"
    return (
        f"<details><summary>BD-rate by PSNR of {told} by itself</summary>"
        f"{scrolled(html_table(head, rows))}</details>"
    )


def point_table(curves: Mapping[str, Curve]) -> str:
    """All points of all curves, folded up."""
    similar = any(curve.similarities[0] for curve in curves.values())
    head = ["", "setting", "bits a pixel", "PSNR", *(["MS-SSIM, dB"] if similar else [])]
    rows = []
    for name, curve in curves.items():
        for point in curve.points:
            row = [safe(name), f"{point.dial:g}", f"{point.bpp:.4f}", f"{point.psnr:.3f}"]
            if similar:
                row.append("" if point.ms_ssim is None else f"{decibels(point.ms_ssim):.3f}")
            rows.append(row)
    return f"<details><summary>All points</summary>{scrolled(html_table(head, rows))}</details>"


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]], *, own: bool = False) -> str:
    """A table of cells that are HTML, the first row in bold if asked for."""
    lines = ["".join(f"<td>{cell}</td>" for cell in row) for row in rows]
    body = "".join(
        f"<tr{' class=own' if own and place == 0 else ''}>{line}</tr>"
        for place, line in enumerate(lines)
    )
    return (
        f"<table><thead><tr>{''.join(f'<th>{each}</th>' for each in head)}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def scrolled(table: str) -> str:
    """The same, moved sideways where the page is too narrow."""
    return f'<div class="scroll">{table}</div>'
