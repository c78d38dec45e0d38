"""Squares of what is drawn and not photographed: text, shapes, smooth colours, by a seed.

A codec that has seen photographs alone spends bits badly on screenshots and scans of print.
"""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from covey.types import Float32

_LETTERS = (
    "eeeeettttaaaaooooiiiinnnnsshhrrddlluuccmmffwwyyppgbvk     "
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;:-()"
)
_SHAPES = 6  # at most
_LARGEST_TYPE = 28  # pixels
_PLAIN = 0.5  # share of the pages whose ground is one colour


def drawn_page(size: int, rng: np.random.Generator) -> Float32:
    """One square.

    Args:
        size: Pixels in a row.
        rng: Source of the draw.

    Returns:
        (3, size, size) float32 in [0, 1].
    """
    image = Image.fromarray(_ground(size, rng))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(_SHAPES + 1))):
        _shape(draw, size, rng)
    if rng.random() < 0.8:
        _text(draw, size, rng)
    return np.asarray(image, np.float32).transpose(2, 0, 1) / np.float32(255)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    """Any colour, a third of them grey, as print and screens have it."""
    r, g, b = (int(x) for x in rng.integers(256, size=3))
    return (r, r, r) if rng.random() < 1 / 3 else (r, g, b)


def _ground(size: int, rng: np.random.Generator) -> np.ndarray:
    """One colour, mostly a light one, or a slope between four in the corners."""
    if rng.random() < _PLAIN:
        colour = (255, 255, 255) if rng.random() < 0.5 else _colour(rng)
        return np.full((size, size, 3), colour, np.uint8)
    corners = np.array([_colour(rng) for _ in range(4)], np.float64).reshape(2, 2, 3)
    at = np.linspace(0, 1, size)
    rows = corners[0] * (1 - at)[:, None, None] + corners[1] * at[:, None, None]
    slope = rows[:, None, 0] * (1 - at)[:, None] + rows[:, None, 1] * at[:, None]
    return np.floor(slope + 0.5).astype(np.uint8)


def _shape(draw: ImageDraw.ImageDraw, size: int, rng: np.random.Generator) -> None:
    (x0, x1), (y0, y1) = (sorted(int(x) for x in rng.integers(-8, size + 8, 2)) for _ in range(2))
    colour, width = _colour(rng), int(rng.integers(1, 5))
    fill = colour if rng.random() < 0.6 else None
    kind = int(rng.integers(4))
    if kind == 0:
        draw.rectangle((x0, y0, x1, y1), fill, colour, width)
    elif kind == 1:
        draw.ellipse((x0, y0, x1, y1), fill, colour, width)
    elif kind == 2:
        draw.line((x0, y1, x1, y0) if rng.random() < 0.5 else (x0, y0, x1, y1), colour, width)
    else:
        draw.polygon(
            [tuple(int(x) for x in rng.integers(0, size, 2)) for _ in range(3)], fill, colour
        )


def _text(draw: ImageDraw.ImageDraw, size: int, rng: np.random.Generator) -> None:
    """Lines of letters, one size and colour, from some place on."""
    height = int(rng.integers(8, _LARGEST_TYPE + 1))
    font = ImageFont.load_default(height)
    colour = _colour(rng)
    x = int(rng.integers(-size // 4, size // 2))
    for y in range(int(rng.integers(-height, size // 2)), size, round(height * 1.3)):
        places = rng.integers(len(_LETTERS), size=2 * size // height)
        draw.text((x, y), "".join(_LETTERS[place] for place in places), colour, font)
        if rng.random() < 0.2:
            break
