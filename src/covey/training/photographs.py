"""Squares of photographs to learn from, drawn by a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from covey.types import Float32

Photograph = NDArray[np.uint8]
"""(h, w, 3)."""

_SMALLER = 0.4  # share of the squares that are scaled down
_LEAST = 0.5  # scale at least


def draw_squares(
    photographs: Sequence[Photograph], size: int, count: int, rng: np.random.Generator
) -> Float32:
    """Draws squares, each photograph as often as it has pixels, turned and mirrored at random.

    Two in five are scaled down, to half the size at most, so that there is more detail in a pixel.

    Args:
        photographs: Each at least `size` wide and high.
        size: Pixels in a row of a square.
        count: Squares.
        rng: Source of the draw.

    Returns:
        (count, 3, size, size) float32 in [0, 1].
    """
    pixels = np.array([each.shape[0] * each.shape[1] for each in photographs], np.float64)
    chosen = rng.choice(len(photographs), size=count, p=pixels / pixels.sum())
    return np.stack([_square(photographs[i], size, rng) for i in chosen])


def _square(photograph: Photograph, size: int, rng: np.random.Generator) -> Float32:
    height, width = photograph.shape[:2]
    from_pixels = size
    if rng.random() < _SMALLER:
        scale = rng.uniform(_LEAST, 1.0)
        from_pixels = min(round(size / scale), height, width)
    row, column = (int(rng.integers(0, most - from_pixels + 1)) for most in (height, width))
    square = photograph[row : row + from_pixels, column : column + from_pixels]
    if from_pixels != size:
        square = np.asarray(Image.fromarray(square).resize((size, size), Image.Resampling.LANCZOS))
    square = np.rot90(square, int(rng.integers(4)))
    if rng.random() < 0.5:
        square = square[:, ::-1]
    return square.transpose(2, 0, 1).astype(np.float32) / np.float32(255)
