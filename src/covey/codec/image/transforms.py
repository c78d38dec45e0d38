"""Analysis and synthesis of the default body: pixels to latents at a sixteenth of the size.

    y   = m(t) (B (u16(x) - 1/2) + down(blocks(first(u8(x) - 1/2))))
    x   = 1/2 + s16(B' m'(t) y) + s8(last(blocks(up(l(y)))))       l(y) = sign(y) log(1 + |y|)

u and s move squares of pixels into channels and back. The blocks of the decoder see latents in the
quantiser's steps, so that they know how far off one may be. B is a linear way that starts as the
principal axes of squares of photographs and B' as its transpose, while the way through the blocks
starts at nearly 0; so training starts from a transform codec that works (section 5.2 of our notes
has a wavelet there; principal axes are ours). m and m' are InterpCA, at first the steps that are
best for a given lambda at high rates; there is another one behind the first block of the encoder
and one before the last of the decoder.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from covey.codec.image.config import LATENT, PATCH, BodyConfig
from covey.codec.layers.blocks import DepthwiseBlock
from covey.codec.layers.interp_ca import InterpCA
from covey.codec.layers.precision import full_precision, squeezed
from covey.codec.rate_index import LAMBDAS
from covey.types import Float32

_SQUARE = 3 * LATENT**2
_STEPS = np.sqrt(np.log(2) * np.asarray(LAMBDAS) / 18)
"""One over the quantiser steps D that minimise 3 log2(1 / D) + lambda D^2 / 12 for a pixel."""

_LOUDER = 4.0


class Analysis(nn.Module):
    """Pixels to latents."""

    def __init__(self, config: BodyConfig) -> None:
        super().__init__()
        width = config.width
        self.linear = nn.Conv2d(_SQUARE, config.latents, 1, bias=False)
        self.first = nn.Conv2d(3 * PATCH**2, width, 1)
        self.blocks = nn.ModuleList(DepthwiseBlock(width) for _ in range(config.encoder))
        self.attention = InterpCA(width)
        self.down = nn.Conv2d(width, config.latents, 3, stride=2, padding=1)
        self.gain = InterpCA(config.latents, _STEPS)
        _start_small(self.down)
        _start_louder(self.first)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """(b, 3, h, w) in [0, 1], h and w multiples of 16, to (b, latents, h / 16, w / 16)."""
        x = x - 0.5
        y = _by_place(self.first(functional.pixel_unshuffle(x, PATCH)))
        for number, block in enumerate(self.blocks):
            y = block(y)
            if number == 0:
                y = self.attention(y, t)
        y = self.down(y)
        with full_precision(x):
            y = y.to(x.dtype) + self.linear(functional.pixel_unshuffle(x, LATENT))
            return self.gain(y, t)


class Synthesis(nn.Module):
    """Latents to pixels."""

    def __init__(self, config: BodyConfig) -> None:
        super().__init__()
        width = config.width
        self.gain = InterpCA(config.latents, 1 / _STEPS)
        self.linear = nn.Conv2d(config.latents, _SQUARE, 1, bias=False)
        self.up = nn.Conv2d(config.latents, 4 * width, 1)
        self.blocks = nn.ModuleList(DepthwiseBlock(width) for _ in range(config.decoder))
        self.attention = InterpCA(width)
        self.last = nn.Conv2d(width, 3 * PATCH**2, 1)
        _start_small(self.last)
        _start_louder(self.up)

    def forward(self, y: Tensor, t: Tensor) -> Tensor:
        """(b, latents, h, w) to (b, 3, 16 h, 16 w), not clipped to [0, 1]."""
        x = _by_place(functional.pixel_shuffle(self.up(squeezed(y)), LATENT // PATCH))
        for number, block in enumerate(self.blocks, 1):
            if number == len(self.blocks):
                x = self.attention(x, t)
            x = block(x)
        detail = functional.pixel_shuffle(self.last(x), PATCH)
        with full_precision(y):
            smooth = functional.pixel_shuffle(self.linear(self.gain(y, t)), LATENT)
            return 0.5 + detail.to(y.dtype) + smooth


@torch.no_grad()
def start_at_axes(analysis: Analysis, synthesis: Synthesis, axes: Float32) -> None:
    """Sets the linear ways to orthonormal axes of squares of pixels.

    Args:
        analysis, synthesis: Of one body.
        axes: (latents, 768) rows as `pixel_unshuffle` orders a square: channel, row, column.
    """
    rows = torch.from_numpy(axes)
    analysis.linear.weight.copy_(rows[:, :, None, None])
    synthesis.linear.weight.copy_(rows.T[:, :, None, None])


def principal_axes(squares: Float32, count: int) -> Float32:
    """(count, d) float32 orthonormal axes along which (n, d) rows vary most, strongest first."""
    rows = squares.astype(np.float64) - 0.5
    return np.linalg.eigh(rows.T @ rows)[1][:, ::-1][:, :count].T.astype(np.float32)


@torch.no_grad()
def _start_louder(layer: nn.Conv2d) -> None:
    """What blocks see is small, of the order of .1, and biases should not drown it."""
    layer.weight.mul_(_LOUDER)


def _by_place(x: Tensor) -> Tensor:
    """Channels of a place side by side in memory: twice as fast in half precision."""
    return x.contiguous(memory_format=torch.channels_last)


def _start_small(layer: nn.Conv2d) -> None:
    nn.init.normal_(
        layer.weight, std=0.002 / (layer.in_channels * layer.kernel_size[0] ** 2) ** 0.5
    )
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
