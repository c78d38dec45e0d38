"""Latents refined for one picture by gradients, the codec as it is.

    L(y, z) = bits(y, z) + lambda |x(y) - x|^2 / 3

Rounding is a draw between the integers on both sides, the nearer the likelier, ever more so while
it goes on (stochastic Gumbel annealing: Improving Inference for Neural Image Compression, Yang,
Bamler and Mandt, NeurIPS 2020). The decoder knows nothing of it. Here a hundred larger steps stand
for the 2000 of the paper (recalled).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from covey.codec.image.body import foreseen
from covey.codec.image.config import CELL, LATENT
from covey.codec.image.model import ImageCodec, lambdas_of
from covey.codec.image.tile_coding import hyper_rates
from covey.codec.image.windows import (
    Box,
    Pixels,
    cells_of,
    index_of,
    planes,
    with_halo,
)
from covey.codec.rate_index import MIXES, Numbers
from covey.types import Float32

STEPS = 100
_RATE = 0.05  # of steps, in units of the quantiser
_WARM, _COLD = 0.5, 0.15  # temperatures
_EDGE = 1e-4


def refine(
    codec: ImageCodec,
    pixels: Pixels,
    size: tuple[int, int],
    box: Box,
    rate: Numbers,
    start: tuple[Float32, Float32],
    *,
    steps: int = STEPS,
    tick: Callable[[float], None] = lambda done: None,
) -> tuple[Float32, Float32]:
    """Latents and hyper-latents of a tile that cost less in bits and error together.

    Args:
        codec: The model.
        pixels: Of the whole picture, as `padded` gives them.
        size: Height and width before that; errors of what was added count for nothing.
        box: The tile.
        rate: Number of a rate, or one for each cell of the whole picture.
        start: Latents and hyper-latents of the tile, as `analyse` gives them.
        steps: Of the optimiser.
        tick: Called with the share done.

    Returns:
        The same shapes; they are still to be rounded.
    """
    with torch.inference_mode(False), torch.enable_grad():
        wide, inner = with_halo(
            box, (pixels.shape[0] // LATENT, pixels.shape[1] // LATENT), codec.config.halo
        )
        with torch.no_grad():
            x = planes(pixels, wide)
            around = codec.analysis(x, index_of(rate, wide))
        wanted = planes(pixels, box)
        within = cells_of(rate, box)
        worth = _worth(within, wanted.shape[2:], box, size)
        t = index_of(rate, box)
        y, z = (torch.from_numpy(each.copy())[None].requires_grad_() for each in start)
        t_hyper = _indices(hyper_rates(within, z.shape[2:]))
        generator = torch.Generator().manual_seed(0)
        optimiser = torch.optim.Adam([y, z], lr=_RATE)
        rows, columns = inner
        painted = tuple(slice(side.start * LATENT, side.stop * LATENT) for side in inner)
        for step in range(steps):
            done = step / steps
            optimiser.param_groups[0]["lr"] = _RATE * min(1.0, 2 * (1 - done))
            heat = _WARM * (_COLD / _WARM) ** done

            def drawn(x: Tensor, heat: float = heat) -> tuple[Tensor, Tensor]:
                near = between(x, heat, generator)
                return near, near

            seen = foreseen(codec.real_foresight, y, z, t, t_hyper, drawn)
            full = around.clone()
            full[:, :, rows, columns] = seen.latents
            image = codec.synthesis(full, index_of(rate, wide))[:, :, *painted]
            error = ((image - wanted).square() * worth).sum()
            loss = (seen.latent_bits + seen.hyper_bits).sum() + error
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            tick((step + 1) / steps)
        return y.detach()[0].numpy(), z.detach()[0].numpy()


def between(x: Tensor, heat: float, generator: torch.Generator) -> Tensor:
    """Numbers between the integers on both sides of each, drawn near one or the other."""
    low = torch.floor(x).detach()
    up = (x - low).clamp(_EDGE, 1 - _EDGE)
    lean = torch.atanh(up) - torch.atanh(1 - up)  # towards the upper one
    chance = torch.rand(x.shape, generator=generator).clamp(1e-6, 1 - 1e-6)
    return low + torch.sigmoid((lean / heat + torch.logit(chance)) / heat)


def _worth(rate: Numbers, shape: torch.Size, box: Box, size: tuple[int, int]) -> Tensor:
    """What the squared error of each value is worth in bits, 0 outside of the picture."""
    weight = torch.from_numpy(lambdas_of(rate) / np.float32(3))[None, None]
    if weight.shape[2:] == (1, 1):
        full = weight.expand(1, 1, *shape).clone()
    else:
        full = functional.interpolate(weight, scale_factor=CELL, mode="nearest")
    full[:, :, max(0, size[0] - box[0].start * LATENT) :] = 0
    full[:, :, :, max(0, size[1] - box[1].start * LATENT) :] = 0
    return full


def _indices(rate: Numbers) -> Tensor:
    t = torch.from_numpy(np.atleast_1d(np.asarray(rate, np.float32) / np.float32(MIXES)))
    return t if t.ndim == 1 else t[None]
