"""A contact sheet of predicted frames: each part of the prediction, and where it is wrong."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from covey.codec_bench.prediction import BEFORE, FILTER, FLOW, FUSED, REFINED, PredictedFrame
from covey.io.video_source import Pixels

VIEWS = {
    BEFORE: "frame before, as decoded",
    FLOW: "by flow alone",
    FILTER: "by the local filter alone",
    FUSED: "both, under the mask",
    REFINED: "refined: what the model does",
}
"""What the views are called."""

_CELL = 420  # pixels of a view in a row and a column, at most
_LEAST = 380  # pixels of a cell in a row, for its label
_MARGIN, _GAP, _LINE = 28, 16, 30
_TEXT, _HEAD, _TITLE = 20, 24, 34
_HEADING = 38  # pixels from the heading of a frame to its views
_INK, _SOFT, _PAPER = (28, 30, 34), (96, 102, 112), (255, 255, 255)
_SHARE = 99.0  # percent of the errors of each view that the scale holds
_NICE = (4, 8, 16, 32, 64, 128, 255)
_HEAT = (
    (0.0, (0, 0, 0)),
    (0.3, (70, 20, 130)),
    (0.55, (205, 50, 90)),
    (0.8, (250, 160, 40)),
    (1.0, (255, 255, 220)),
)
"""Colours of errors, evenly brighter."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as it is drawn.

    Attributes:
        image: RGB.
        scale: Levels of 8 bits that are drawn as the brightest error, in all maps.
    """

    image: Image.Image
    scale: int


def draw_sheet(frames: Sequence[PredictedFrame], title: str, about: str) -> Sheet:
    """Draws frames below each other, two rows each: views, and below them their errors.

    Args:
        frames: At least one, all of a size and by a model.
        title: Heading.
        about: A line below it.
    """
    scale = error_scale(frames)
    height, width = _fitted(*frames[0].frame.shape[:2])
    cell = max(width, _LEAST)
    columns = 1 + len(frames[0].views)
    block = _HEADING + 2 * (_LINE + height + _GAP)
    head = _MARGIN + 3 * _LINE + _GAP
    wide = 2 * _MARGIN + columns * cell + (columns - 1) * _GAP
    tall = head + len(frames) * (block + _GAP) + 2 * _LINE + _MARGIN
    image = Image.new("RGB", (wide, tall), _PAPER)
    pen = ImageDraw.Draw(image)
    _write(pen, (_MARGIN, _MARGIN), title, _TITLE, wide - 2 * _MARGIN)
    _write(pen, (_MARGIN, _MARGIN + _LINE + _GAP), about, _TEXT, wide - 2 * _MARGIN, _SOFT)

    def put(column: int, top: int, label: str, shown: Image.Image) -> None:
        left = _MARGIN + column * (cell + _GAP)
        _write(pen, (left, top), label, _TEXT, cell)
        image.paste(shown, (left, top + _LINE))

    for place, frame in enumerate(frames):
        top = head + place * (block + _GAP)
        _write(pen, (_MARGIN, top), _heading(frame), _HEAD, wide - 2 * _MARGIN)
        views = top + _HEADING
        errors = views + _LINE + height + _GAP
        put(0, views, "frame as it was", _resized(Image.fromarray(frame.frame), height, width))
        if frame.mask is not None:
            mask = Image.fromarray(np.round(255 * frame.mask).astype(np.uint8))
            share = f"mask: white is flow ({frame.mask.mean():.0%}), black filter"
            put(0, errors, share, _resized(mask, height, width).convert("RGB"))
        for column, (name, view) in enumerate(frame.views.items(), 1):
            label = f"{view_name(name, frame)}: {frame.psnr[name]:.2f} dB"
            put(column, views, label, _resized(Image.fromarray(view), height, width))
            off = np.asarray(_resized(Image.fromarray(frame.error(name)), height, width))
            put(column, errors, "error of the above", Image.fromarray(_heat(off / scale)))
    _legend(image, pen, tall - _MARGIN - _LINE, scale)
    return Sheet(image, scale)


def view_name(name: str, frame: PredictedFrame) -> str:
    """What a view is called; without a mask both are meant."""
    return "mean of both" if name == FUSED and frame.mask is None else VIEWS[name]


def error_scale(frames: Sequence[PredictedFrame]) -> int:
    """A round number of levels that nearly all errors of predictions are below.

    The frame before, which is far off where anything moves, counts where there is nothing else.
    """
    errors = [
        np.percentile(each.error(name), _SHARE)
        for each in frames
        for name in each.views
        if name != BEFORE or len(each.views) == 1
    ]
    most = max(errors)
    return next((nice for nice in _NICE if nice >= most), _NICE[-1])


def _heading(frame: PredictedFrame) -> str:
    kinds = {
        "motion": "by motion",
        "change": "by what changed",
        "repeat": "as the one before it",
        "still": "by still latents",
        "picture": "as a picture",
    }
    return (
        f"Frame {frame.number}: coded {kinds[frame.kind]}, in {frame.bytes:,} bytes; the motion of "
        f"this prediction takes {frame.motion_bytes:,}"
    )


def _fitted(height: int, width: int) -> tuple[int, int]:
    """A size within a cell: smaller, or a whole number of times as large."""
    largest = max(height, width)
    if 2 * largest <= _CELL:
        times = _CELL // largest
        return height * times, width * times
    if largest <= _CELL:
        return height, width
    return max(1, round(height * _CELL / largest)), max(1, round(width * _CELL / largest))


def _resized(image: Image.Image, height: int, width: int) -> Image.Image:
    """Squares where it grows, means where it shrinks."""
    if (width, height) == image.size:
        return image
    grows = width >= image.width and height >= image.height
    way = Image.Resampling.NEAREST if grows else Image.Resampling.BOX
    return image.resize((width, height), way)


def _heat(shares: NDArray[np.floating]) -> Pixels:
    """(h, w) in [0, 1], and above, as colours."""
    places = [place for place, _ in _HEAT]
    channels = [
        np.interp(shares, places, [colour[channel] for _, colour in _HEAT]) for channel in range(3)
    ]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def _legend(image: Image.Image, pen: ImageDraw.ImageDraw, top: int, scale: int) -> None:
    """The scale of all maps, with its ends."""
    text = "Errors, one scale for all maps, in levels of 8 bits, mean of three channels:  0"
    end = _write(pen, (_MARGIN, top), text, _TEXT, image.width - 2 * _MARGIN)
    ramp = np.broadcast_to(np.linspace(0, 1, 256, dtype=np.float32), (_TEXT, 256))
    image.paste(Image.fromarray(_heat(ramp)), (end + 8, top + 2))
    _write(pen, (end + 8 + 256 + 8, top), f"{scale} and more", _TEXT, 200)


def _write(
    pen: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    size: int,
    room: int,
    ink: tuple[int, int, int] = _INK,
) -> int:
    """Writes a line, cut off where there is no room; gives where it ends."""
    font = ImageFont.load_default(size)
    if pen.textlength(text, font) > room:
        rest = room - pen.textlength("...", font)
        ends = range(len(text))
        fits = bisect_right(ends, rest, key=lambda n: pen.textlength(text[:n], font))
        text = f"{text[: max(0, fits - 1)].rstrip()}..."
    pen.text(at, text, fill=ink, font=font)
    return at[0] + round(pen.textlength(text, font))
