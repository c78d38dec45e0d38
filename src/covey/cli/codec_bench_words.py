"""What `covey codec bench` says: a table of coders, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from covey.codec_bench.measuring import Bench
from covey.codec_bench.summary import (
    Row,
    Table,
    overlap_words,
    percent_words,
    seconds_words,
)
from covey.io.report.words import count

_MOST_NOTES = 20


def bench_lines(bench: Bench, table: Table) -> list[str]:
    """All coders as a table in plain text.

    Args:
        bench: What was measured.
        table: The same in few numbers.
    """
    own = table.rows[0].name
    lines = [
        f"{count(len(bench.pictures), 'picture')} of {bench.megapixels:,.2f} megapixels; means of "
        "all.",
        "",
    ]
    levels = "".join(f"{f'{level:g} dB':>9}" for level in table.levels)
    head = f"{'':<18}{'BD-rate':>11}  {'over dB':<13}{levels}{'encode':>9}{'decode':>9}"
    lines += [head, *(_line(row) for row in table.rows), ""]
    sizes = "; under dB: bits a pixel" if table.levels else ""
    return [
        *lines,
        f"BD-rate: how many more bits {own}, takes than the other for the same PSNR{sizes}; encode "
        "and decode: seconds a megapixel on one thread.",
    ]


def bench_remarks(bench: Bench, missing: Mapping[str, str]) -> list[str]:
    """What was left out, a line each."""
    remarks = [f"{name} is left out: {why}." for name, why in missing.items()]
    remarks += [f"Left out: {why}" for why in bench.skipped.values()]
    remarks += [f"Note: {note}." for note in bench.notes[:_MOST_NOTES]]
    if len(bench.notes) > _MOST_NOTES:
        remarks.append(f"and {len(bench.notes) - _MOST_NOTES:,} more notes.")
    return remarks


def wrote_line(out: Path | None, page: str) -> str:
    """Where to look."""
    if out is None:
        return "Nothing was written; -o FOLDER writes all points and a page with their curves."
    return f"Open {(out / page).absolute()} in a browser."


def _line(row: Row) -> str:
    found = row.against.psnr if row.against else None
    words = percent_words(found) if row.against else ""
    sizes = "".join(f"{'' if value is None else f'{value:.3f}':>9}" for value in row.bpp)
    return (
        f"{row.name:<18}{words:>11}  {overlap_words(found):<13}{sizes}"
        f"{seconds_words(row.encode):>9}{seconds_words(row.decode):>9}"
    )
