"""What is measured of a trained codec before it is kept, on what it learned from.

Tables of frequencies: how often each value came under each table, the law that the table was
trained as counted in as so many values more. And what an error of a latent does to pixels: the mean
square of the derivatives of all pixels by it, by random signs (Hutchinson, 1990), by which encoders
weigh bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from covey.codec.entropy.coder import Coder, PartWriter
from covey.codec.entropy.tables import Tables, fitted_tables
from covey.codec.image.body import Body
from covey.codec.image.config import CELL, LATENT
from covey.codec.image.model import ImageCodec
from covey.codec.image.tile_coding import encode_tile
from covey.codec.image.windows import analyse
from covey.codec.layers.fixed_point import rounded
from covey.codec.rate_index import LEVELS, RATES
from covey.training.photographs import Photograph, draw_squares
from covey.types import Float32

_SIZE = 256  # pixels in a row of what is counted
_COUNTED = 400  # squares
_PROBED, _PROBED_SIZE = 32, 128  # squares at each level


class _CountingCoder(Coder):
    """A coder that counts what it is given, beside writing it."""

    def __init__(self, tables: Tables) -> None:
        super().__init__(tables)
        self.counts = np.zeros(len(tables.frequencies), np.int64)

    def count(self, values: NDArray[np.int32], table: NDArray[np.uint8]) -> None:
        start, radius = self.tables.start[table], self.tables.radius[table]
        place = np.where(np.abs(values) <= radius, values + radius, 2 * radius + 1)
        np.add.at(self.counts, start + place, 1)

    def writer(self) -> PartWriter:
        return _CountingWriter(self, super().writer())


class _CountingWriter(PartWriter):
    def __init__(self, coder: _CountingCoder, writer: PartWriter) -> None:
        super().__init__(coder, writer._encoder)
        self._counts = coder

    def write(self, values: NDArray[np.int32], table: NDArray[np.uint8]) -> None:
        self._counts.count(values, table)
        super().write(values, table)


def finished_codec(
    body: Body,
    photographs: Sequence[Photograph],
    seed: int,
    about: dict[str, Any],
    tell: Callable[[float], None] = lambda done: None,
) -> ImageCodec:
    """A trained body as it is kept.

    Args:
        body: Trained.
        photographs: What it learned from.
        seed: Of the draws.
        about: Where it comes from.
        tell: Called with the share done.
    """
    least = min(min(each.shape[:2]) for each in photographs) // CELL * CELL
    probed, size = min(_PROBED_SIZE, least), min(_SIZE, least)
    errors = pixel_errors(body, photographs, probed, np.random.default_rng([seed, 4]))
    tell(0.2)
    codec = ImageCodec.of(body, errors=errors)
    rng = np.random.default_rng([seed, 5])
    coder = _CountingCoder(codec.coder.tables)
    box = (slice(0, size // LATENT), slice(0, size // LATENT))
    with torch.inference_mode():
        for number in range(_COUNTED):
            square = draw_squares(photographs, size, 1, rng)[0]
            pixels = np.round(square.transpose(1, 2, 0) * 255).astype(np.uint8)
            rate = int(rng.integers(RATES))
            y, z = analyse(codec, pixels, box, rate)
            encode_tile(codec.foresight, coder, y, z, rate, worth=codec.worth(rate))
            tell(0.2 + 0.8 * (number + 1) / _COUNTED)
    tables = fitted_tables(codec.coder.tables, coder.counts)
    return ImageCodec.of(body, tables, errors, about)


def pixel_errors(
    body: Body, photographs: Sequence[Photograph], size: int, rng: np.random.Generator
) -> Float32:
    """Squares of what an error of 1 in a latent does to all values of pixels, at each level.

    Args:
        body: Trained.
        photographs: What to look at.
        size: Pixels in a row of what is looked at, a multiple of 32.
        rng: Source of the draw.

    Returns:
        (levels, latents) float32, above 0.
    """
    found = []
    for level in range(LEVELS):
        x = torch.from_numpy(draw_squares(photographs, size, _PROBED, rng))
        found.append(_squares_of(body, x, float(level), rng))
    return np.stack(found)


def _squares_of(body: Body, x: Tensor, t: float, rng: np.random.Generator) -> Float32:
    at = torch.full((len(x),), t)
    with torch.no_grad():
        y = rounded(body.analysis(x, at))
    y.requires_grad_()
    with torch.enable_grad():
        image = body.synthesis(y, at)
        signs = torch.from_numpy(rng.choice([-1.0, 1.0], size=tuple(x.shape)).astype(np.float32))
        (gradient,) = torch.autograd.grad((image * signs).sum(), y)
    squares = gradient.square().mean((0, 2, 3)).clamp(min=1e-12)
    return np.asarray(squares.numpy(), np.float32)
