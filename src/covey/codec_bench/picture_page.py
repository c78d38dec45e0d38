"""The page of a bench of pictures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from covey.codec_bench.measuring import Bench
from covey.codec_bench.page_tables import picture_table
from covey.codec_bench.rates_page import PageWords, write_rates_page
from covey.codec_bench.summary import table_of
from covey.io.report.words import count, safe

_DOT = "Each dot is the mean of all pictures at one setting."
_SECONDS = (
    "Seconds are of one thread for a megapixel, the mean of all settings; a dash stands where a "
    "coder has threads of its own, and several pictures were coded at a time."
)
_MEASURE = (
    "Sizes are of whole files, headers included. Every file was decoded again and compared with "
    "the picture in 8 bits of red, green and blue, upright, without transparency and colour "
    "profile. PSNR, MS-SSIM, bits a pixel and seconds were taken of each picture and then "
    "averaged, each picture counted alike; an exact copy counts as 100 dB. MS-SSIM is shown in dB, "
    "−10 log<sub>10</sub>(1 − x), of pictures of at least 176 pixels a side. Seconds are of the "
    "processor and of the thread that codes, so that others beside it do not count."
)


def write_bench_page(
    path: str | Path,
    bench: Bench,
    *,
    title: str = "Covey beside other image formats",
    facts: Mapping[str, str],
    missing: Mapping[str, str],
    command: str | None = None,
) -> None:
    """Writes one HTML file, see `write_rates_page`.

    Args:
        path: File to write.
        bench: What was measured, Covey's curve first.
        title: Heading of the page.
        facts: Machine and versions, in words.
        missing: Formats that were not there, and why.
        command: The command that made it, to be shown.

    Raises:
        CoveyError: If the file cannot be written.
    """
    notes = [f"{name} is left out: {why}" for name, why in missing.items()]
    notes += [f"Left out: {why}" for why in bench.skipped.values()]
    write_rates_page(
        path,
        bench.curves,
        table_of(bench.curves),
        PageWords(
            title, _lead(bench), _DOT, _SECONDS, _MEASURE, "No picture is large enough for MS-SSIM."
        ),
        notes=notes + bench.notes,
        details=picture_table(bench),
        facts=facts,
        command=command,
    )


def _lead(bench: Bench) -> str:
    own, *others = bench.curves
    at_once = f", {bench.at_once} at a time" if bench.at_once > 1 else ""
    return (
        f"{count(len(bench.pictures), 'picture')} of {bench.megapixels:,.2f} megapixels{at_once}: "
        f"{safe(own)}, and {count(len(others), 'other format')}."
    )
