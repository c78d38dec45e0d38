"""Transforms of large pictures in windows, each with a halo that it is cut out of again.

A window sees as much around it as its result depends on, so the whole comes out as if there were no
windows (up to rounding), and tiles, which are coded one by one, leave no seams.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from covey.codec.image.config import CELL, LATENT
from covey.codec.image.model import ImageCodec
from covey.codec.rate_index import MIXES, Numbers
from covey.types import Float32

Box = tuple[slice, slice]
"""Rows and columns of latents."""

Pixels = NDArray[np.uint8]
"""(height, width, 3)."""


def padded(pixels: Pixels) -> Pixels:
    """Grown to whole cells; what is added repeats the last row and column."""
    height, width = pixels.shape[:2]
    below, right = -height % CELL, -width % CELL
    return np.pad(pixels, ((0, below), (0, right), (0, 0)), "edge") if below or right else pixels


def analyse(codec: ImageCodec, pixels: Pixels, box: Box, rate: Numbers) -> tuple[Float32, Float32]:
    """Latents and hyper-latents of a tile.

    Args:
        codec: The model.
        pixels: Of the whole picture, as `padded` gives them.
        box: The tile.
        rate: Number of a rate, or one for each cell of the whole picture.

    Returns:
        (latents, h, w) and (hyper, ceil(h / 4), ceil(w / 4)) float32.
    """
    size = pixels.shape[0] // LATENT, pixels.shape[1] // LATENT
    wide, inner = with_halo(box, size, codec.config.halo)
    y = codec.analysis(planes(pixels, wide), index_of(rate, wide))[:, :, *inner]
    height, width = y.shape[2:]
    full = torch.nn.functional.pad(y, (0, -width % 4, 0, -height % 4), mode="replicate")
    return y[0].contiguous().numpy(), codec.hyper(full)[0].numpy()


def synthesise(codec: ImageCodec, latents: Float32, box: Box, rate: Numbers) -> Pixels:
    """Pixels of a tile.

    Args:
        codec: The model.
        latents: (latents, h, w) of the whole picture.
        box: The tile.
        rate: As for `analyse`.
    """
    wide, inner = with_halo(box, latents.shape[1:], codec.config.halo)
    y = torch.from_numpy(np.ascontiguousarray(latents[:, *wide], np.float32))[None]
    x = codec.synthesis(y, index_of(rate, wide))[0]
    rows, columns = (slice(s.start * LATENT, s.stop * LATENT) for s in inner)
    x = x[:, rows, columns].clamp_(0, 1).mul_(255).round_().to(torch.uint8)
    return x.permute(1, 2, 0).contiguous().numpy()


def cells_of(rate: Numbers, box: Box) -> Numbers:
    """Rates of the cells of a tile."""
    if isinstance(rate, int):
        return rate
    rows, columns = (slice(side.start // 2, side.stop // 2) for side in box)
    return rate[rows, columns]


def planes(pixels: Pixels, box: Box) -> torch.Tensor:
    """(1, 3, h, w) in [0, 1] of the pixels of a box of latents."""
    rows, columns = (slice(side.start * LATENT, side.stop * LATENT) for side in box)
    part = pixels[rows, columns].astype(np.float32) / np.float32(255)
    return torch.from_numpy(part).permute(2, 0, 1)[None].contiguous()


def with_halo(box: Box, size: tuple[int, ...], halo: int) -> tuple[Box, Box]:
    """The box and what is around it, and where the box lies in that; both in whole cells."""
    wide = tuple(
        slice(max(0, side.start - halo), min(most, side.stop + halo))
        for side, most in zip(box, size, strict=True)
    )
    inner = tuple(
        slice(side.start - around.start, side.stop - around.start)
        for side, around in zip(box, wide, strict=True)
    )
    return (wide[0], wide[1]), (inner[0], inner[1])


def index_of(rate: Numbers, box: Box) -> torch.Tensor:
    """Rates as transforms take them: one index, or one for each cell of a box."""
    if isinstance(rate, int):
        return torch.tensor([rate / MIXES])
    rows, columns = (slice(side.start // 2, side.stop // 2) for side in box)
    return torch.from_numpy(rate[rows, columns].astype(np.float32) / np.float32(MIXES))[None]
