"""Frames of PyAV from RGB and to it, by the same matrices both ways.

A frame that does not say its matrix is taken as BT.601 below 720 rows and as BT.709 from there, and
one that does not say its range as limited (16 to 235); so are those that are written.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from covey.extras import require
from covey.io.video_source import Pixels

_ROWS_OF_HD = 720
BT709, BT601 = 1, 6
"""As files number matrices (ISO 23091-2)."""

_SCALER = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}  # the numbers of libswscale
_LIMITED, _FULL = 1, 2
_EXACT = 4 | 0x40000 | 0x2000
"""Of libswscale: bicubic, rounded, chroma at full size; without these all comes out darker."""


def matrix_of(rows: int) -> int:
    """The matrix of frames that do not say theirs."""
    return BT601 if rows < _ROWS_OF_HD else BT709


def rgb_of(frame: Any) -> Pixels:
    """(h, w, 3) RGB of a decoded frame, by its own matrix and range."""
    if frame.format.is_rgb or frame.format.name.startswith("pal"):
        if frame.format.name == "rgb24":
            return np.ascontiguousarray(frame.to_ndarray())
        return np.ascontiguousarray(frame.reformat(format="rgb24").to_ndarray())
    matrix = _SCALER.get(int(frame.colorspace), _SCALER[matrix_of(frame.height)])
    full = int(frame.color_range) == _FULL or frame.format.name.startswith("yuvj")
    found = frame.reformat(
        format="rgb24",
        src_colorspace=matrix,
        src_color_range=_FULL if full else _LIMITED,
        dst_color_range=_FULL,
        interpolation=_EXACT,
    )
    return np.ascontiguousarray(found.to_ndarray())


def yuv_of(pixels: Pixels, kind: str, matrix: int) -> Any:
    """A frame of PyAV in limited range.

    Args:
        pixels: (h, w, 3) RGB.
        kind: Of pixels, as FFmpeg names it.
        matrix: As files number it.
    """
    av = require("av", "video")
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
    return frame.reformat(
        format=kind,
        src_color_range=_FULL,
        dst_colorspace=_SCALER[matrix],
        dst_color_range=_LIMITED,
        interpolation=_EXACT,
    )
