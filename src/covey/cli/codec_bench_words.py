"""What `covey codec bench` says: a table of coders, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from covey.codec_bench.clip_measuring import ClipBench
from covey.codec_bench.measuring import Bench
from covey.codec_bench.prediction import PredictedFrame
from covey.codec_bench.prediction_sheet import view_name
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
    """Pictures, and all coders as a table in plain text.

    Args:
        bench: What was measured.
        table: The same in few numbers.
    """
    pictures = count(len(bench.pictures), "picture")
    return [f"{pictures} of {bench.megapixels:,.2f} megapixels; means of all.", *_lines(table)]


def clip_lines(bench: ClipBench, table: Table, frames: Sequence[PredictedFrame]) -> list[str]:
    """A clip, all coders as a table in plain text, and how well frames are foreseen.

    Args:
        bench: What was measured.
        table: The same in few numbers.
        frames: That are foreseen.
    """
    clip = bench.clip
    lines = [
        f"{count(len(clip.pixels), 'frame')} of {clip.width:,} x {clip.height:,} pixels, "
        f"{float(clip.frame_rate):g} a second.",
        *_lines(table),
    ]
    if not frames:
        return [*lines, "No frame stands behind another, so none is foreseen."]
    means = [
        f"{view_name(name, frames[0])}: {np.mean([each.psnr[name] for each in frames]):.2f} dB"
        for name in frames[0].views
    ]
    shown = count(len(frames), "foreseen frame")
    return [*lines, f"{shown}, mean PSNR before the rest is coded:", *(f"  {m}" for m in means)]


def bench_remarks(bench: Bench, missing: Mapping[str, str]) -> list[str]:
    """What was left out, a line each."""
    return remarks(left_out(missing, bench.skipped), bench.notes)


def left_out(missing: Mapping[str, str], skipped: Mapping[str, str]) -> list[str]:
    """Formats that are not there, and what could not be coded."""
    found = [f"{name} is left out: {why}" for name, why in missing.items()]
    return found + [f"Left out: {why}" for why in skipped.values()]


def remarks(missing: Sequence[str], notes: Sequence[str]) -> list[str]:
    """What was left out and what is to be known, a line each, the first few of these."""
    found = [f"{each.removesuffix('.')}." for each in missing]
    found += [f"Note: {note}." for note in notes[:_MOST_NOTES]]
    if len(notes) > _MOST_NOTES:
        found.append(f"and {len(notes) - _MOST_NOTES:,} more notes.")
    return found


def wrote_line(out: Path | None, page: str) -> str:
    """Where to look."""
    if out is None:
        return "Nothing was written; -o FOLDER writes all points and a page with their curves."
    return f"Open {(out / page).absolute()} in a browser."


def _lines(table: Table) -> list[str]:
    own = table.rows[0].name
    wide = max(18, *(len(row.name) + 2 for row in table.rows))
    levels = "".join(f"{f'{level:g} dB':>9}" for level in table.levels)
    head = f"{'':<{wide}}{'BD-rate':>11}  {'over dB':<13}{levels}{'encode':>9}{'decode':>9}"
    sizes = "; under dB: bits a pixel" if table.levels else ""
    return [
        "",
        head,
        *(_line(row, wide) for row in table.rows),
        "",
        f"BD-rate: how many more bits {own}, takes than the other for the same PSNR{sizes}; encode "
        f"and decode: seconds a {table.unit.name} on one thread.",
    ]


def _line(row: Row, wide: int) -> str:
    found = row.against.psnr if row.against else None
    words = percent_words(found) if row.against else ""
    sizes = "".join(f"{'' if value is None else f'{value:.3f}':>9}" for value in row.bpp)
    return (
        f"{row.name:<{wide}}{words:>11}  {overlap_words(found):<13}{sizes}"
        f"{seconds_words(row.encode):>9}{seconds_words(row.decode):>9}"
    )
