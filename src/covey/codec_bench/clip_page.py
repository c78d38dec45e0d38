"""The page of a bench of a clip, with a sheet of predicted frames."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from covey.codec_bench.clip_measuring import ClipBench
from covey.codec_bench.page_tables import html_table, scrolled
from covey.codec_bench.prediction import (
    BEFORE,
    FILTER,
    FLOW,
    FUSED,
    REFINED,
    PredictedFrame,
)
from covey.codec_bench.prediction_sheet import Sheet, view_name
from covey.codec_bench.rates_page import PageWords, write_rates_page
from covey.codec_bench.summary import table_of
from covey.io.report.words import count, safe

_TITLE = "Covey beside other video coders"
_DOT = "Each dot is the whole clip at one setting."
_SECONDS = (
    "Seconds are of the processor for one frame, from red, green and blue to bytes and back, the "
    "mean of all settings, with one thread each; a dash stands where several settings were coded "
    "at a time."
)
_MEASURE = (
    "Sizes are of Covey's whole file, and of all packets of other coders: without a container, and "
    "without the text that x264 and x265 write of themselves. Everything was decoded again from "
    "these bytes and compared with the frames in 8 bits of red, green and blue; PSNR is the mean "
    "over frames, an exact copy counts as 100 dB. No coder lets a frame wait for a later one (x264 "
    "and x265 with tune zerolatency, SVT-AV1 with low delay), none begins anew but where it finds "
    "a cut, Covey after 128 frames at the latest, and each setting is a fixed quantiser. 4:2:0 is "
    "what these coders are made for and keeps a quarter of the colours, which costs PSNR of "
    "colours; 4:4:4 keeps all, as Covey does."
)
_SHEET = (
    "Each frame below is foreseen from the frame before as decoded, at quality {quality}: {parts}. "
    "A branch by itself is what this model would do without the other; one that was trained alone "
    "might do better. Below each view is where it is off, on one scale for all: the brightest is "
    "{scale} levels of 255, or more."
)
_PARTS = {
    BEFORE: "as it is",
    FLOW: "moved along a flow",
    FILTER: "moved in squares and filtered by weights of each place",
    FUSED: "both together, as a learned mask weighs them where there is one",
    REFINED: "that refined by a last layer, to which the codec adds the rest",
}
_QUALITY = 88  # of the sheet in the page, as WebP
_MOST_WEBP = 16383  # pixels a side


def write_clip_page(
    path: str | Path,
    bench: ClipBench,
    *,
    frames: Sequence[PredictedFrame] = (),
    sheet: Sheet | None = None,
    sheet_name: str = "",
    quality: int = 0,
    facts: Mapping[str, str],
    notes: Sequence[str],
    command: str | None = None,
) -> None:
    """Writes one HTML file, see `write_rates_page`.

    Args:
        path: File to write.
        bench: What was measured, Covey's curve first.
        frames: That are foreseen.
        sheet: The same, drawn; shown in the page if given.
        sheet_name: File beside the page that holds it at full size.
        quality: At which they are foreseen.
        facts: Machine and versions, in words.
        notes: What was left out, and why.
        command: The command that made it, to be shown.

    Raises:
        CoveyError: If the file cannot be written.
    """
    write_rates_page(
        path,
        bench.curves,
        table_of(bench.curves, bench.unit),
        PageWords(_TITLE, _lead(bench), _DOT, _SECONDS, _MEASURE),
        notes=notes,
        more="" if sheet is None else _section(frames, sheet, sheet_name, quality),
        facts=facts,
        command=command,
    )


def _lead(bench: ClipBench) -> str:
    own, *others = bench.curves
    clip = bench.clip
    return (
        f"{safe(clip.name)}, {count(len(clip.pixels), 'frame')} of {clip.width:,} x "
        f"{clip.height:,} pixels: {safe(own)}, and {count(len(others), 'other coder')}."
    )


def _section(frames: Sequence[PredictedFrame], sheet: Sheet, name: str, quality: int) -> str:
    parts = "; ".join(_PARTS[view] for view in frames[0].views)
    meaning = _SHEET.format(quality=quality, parts=parts, scale=sheet.scale)
    told = f"Predicted frames, their parts and errors; PSNRs of {len(frames)} frames below"
    image = f'<img src="{_address(sheet.image)}" alt="{safe(told)}" width="1700">'
    return (
        '<section id="prediction"><h2>What frames are foreseen from</h2>'
        f'<p class="meaning">{meaning}</p>'
        f'<div class="scroll wide-sheet" tabindex="0"><a href="{safe(name)}">{image}</a></div>'
        f'<p class="meaning"><a href="{safe(name)}">{safe(name)}</a> is the same at full size.</p>'
        f"{_psnr_table(frames)}</section>"
    )


def _psnr_table(frames: Sequence[PredictedFrame]) -> str:
    views = [view_name(name, frames[0]) for name in frames[0].views]
    head = ["", *(f"PSNR, {safe(each)}" for each in views)]
    rows = [
        [f"frame {each.number}", *(f"{each.psnr[name]:.2f}" for name in each.views)]
        for each in frames
    ]
    return scrolled(html_table(head, rows))


def _address(image: Image.Image) -> str:
    """A `data:` address."""
    file = io.BytesIO()
    if max(image.size) <= _MOST_WEBP:
        image.save(file, "WEBP", quality=_QUALITY, method=4)
        kind = "webp"
    else:
        image.save(file, "PNG")
        kind = "png"
    return f"data:image/{kind};base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
