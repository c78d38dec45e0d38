"""Frames foreseen by joint motion: one latent, decoded by one trunk to flow, filter and mask.

    m     = m(t) (B u2(v) + down(blocks(u8(x, y, warp(y, v)))))     v: motion of squares, `search`
    v0    = u2^-1(B' m'(t) m)                                       at an eighth of the size
    d     = blocks(l(m) + u8(warp(y, v0)))                          the trunk
    flow  : x_f(p) = y(p + v(p)),          v = v0 + s4(head(d))
    filter: x_k(p) = sum_q w_p(q) z(p + q), w = softmax(head(d)) over a square, z = warp(y, v0)
    fuse  : x = A x_f + (1 - A) x_k,       A = sigmoid(head(d, x_f, x_k, y))
    refine: x + head(d, x_f, x_k, y)

(JMPNet: Joint Motion Prediction for Learning-Based Video Compression, ICASSP 2022. Its layers are
not published: that flow and a dynamic local filter are fused by a learned mask is recalled of its
abstract, everything else is inferred, see our notes, section 1.6. That motion starts from a search
of squares, and the linear way B, Haar's at first, are ours: so training starts from prediction by
squares that works.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from covey.codec.image.config import PATCH
from covey.codec.layers.blocks import DepthwiseBlock
from covey.codec.layers.interp_ca import InterpCA
from covey.codec.layers.precision import full_precision, squeezed
from covey.codec.rate_index import LEVELS
from covey.codec.video.config import MotionConfig
from covey.codec.video.warp import BLURS, local_filter, scale_space, warp

FLOW_LATENTS = 8
"""Latents that hold the motion of 2 x 2 squares at first."""

_FINER = 4  # pixels in a row to one place of what the trunk adds to the flow
_STEPS = np.geomspace(1.0, 4.0, LEVELS)
"""One over the steps in which motion of a square is coded at first, in pixels."""

_SMALL = 0.002
_MASK = 3  # weights of the mask in the head of fusion, behind three of what refines


@dataclass(frozen=True, slots=True)
class ForeseenFrame:
    """A predicted frame and what it is made of.

    Attributes:
        image: (b, 3, h, w).
        moved: (b, 3, h, w) by flow alone.
        filtered: (b, 3, h, w) by the filter; as moved where there is none.
        flow: (b, 2, h, w) pixels.
        mask: (b, 1, h, w) share of what is moved; 1 where there is no mask.
    """

    image: Tensor
    moved: Tensor
    filtered: Tensor
    flow: Tensor
    mask: Tensor


class MotionAnalysis(nn.Module):
    """Motion to latents."""

    def __init__(self, config: MotionConfig) -> None:
        super().__init__()
        width = config.width
        self.linear = nn.Conv2d(FLOW_LATENTS, config.latents, 1, bias=False)
        self.first = nn.Conv2d(9 * PATCH**2 + 2, width, 1)
        self.blocks = nn.ModuleList(DepthwiseBlock(width) for _ in range(config.encoder))
        self.attention = InterpCA(width)
        self.down = nn.Conv2d(width, config.latents, 3, stride=2, padding=1)
        self.gain = InterpCA(config.latents, _STEPS.tolist())
        _start_small(self.down)
        _start_at_haar(self.linear)

    def forward(self, x: Tensor, before: Tensor, found: Tensor, t: Tensor) -> Tensor:
        """Codes motion.

        Args:
            x: (b, 3, h, w) in [0, 1], the frame; h and w multiples of 32.
            before: (b, 3, h, w), the frame before.
            found: (b, 2, h / 8, w / 8) motion of squares in pixels, see `block_search`.
            t: (b,) indices of rates.

        Returns:
            (b, latents, h / 16, w / 16), not rounded.
        """
        moved = warp(before, spread(found, PATCH))
        seen = torch.cat([x, before, x - moved], dim=1) - 0.5
        squares = functional.pixel_unshuffle(seen, PATCH)
        y = self.first(torch.cat([squares, squeezed(found)], dim=1))
        y = y.contiguous(memory_format=torch.channels_last)
        for block in self.blocks:
            y = block(y)
        y = self.down(self.attention(y, t))
        with full_precision(x):
            y = y.to(x.dtype) + self.linear(functional.pixel_unshuffle(found, 2))
            return self.gain(y, t)


class MotionSynthesis(nn.Module):
    """Latents of motion and the frame before to the frame that they foresee."""

    def __init__(self, config: MotionConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.gain = InterpCA(config.latents, (1 / _STEPS).tolist())
        self.linear = nn.Conv2d(config.latents, FLOW_LATENTS, 1, bias=False)
        self.up = nn.Conv2d(config.latents, 4 * width, 1)
        self.see = nn.Conv2d(3 * PATCH**2, width, 1)
        self.blocks = nn.ModuleList(DepthwiseBlock(width) for _ in range(config.decoder))
        self.attention = InterpCA(width)
        self.flow = nn.Conv2d(width, 2 * (PATCH // _FINER) ** 2, 1)
        self.scale = nn.Conv2d(width, 1, 1) if config.branch == "scale" else None
        two = config.branch in ("filter", "mean", "mask")
        self.kernel = nn.Conv2d(width, 4 * config.taps**2, 1) if two else None
        fused = config.refined or config.branch == "mask"
        self.fusion = Fusion(config) if fused else None
        with torch.no_grad():
            _start_at_haar(self.linear)
            _start_small(self.flow)
            for layer in (self.scale, self.kernel):
                if layer is not None:
                    _start_small(layer)
            if self.scale is not None and self.scale.bias is not None:
                self.scale.bias.fill_(-3.0)
            if self.kernel is not None and self.kernel.bias is not None:  # a peak in the middle
                middle = torch.arange(config.taps**2) == config.taps**2 // 2
                self.kernel.bias.copy_((4.0 * middle).repeat_interleave(4))

    def forward(self, m: Tensor, before: Tensor, t: Tensor) -> ForeseenFrame:
        """Foresees a frame.

        Args:
            m: (b, latents, h / 16, w / 16) as decoded.
            before: (b, 3, h, w) in [0, 1], the frame before.
            t: (b,) indices of rates.
        """
        branch = self.config.branch
        if branch == "copy":
            still = torch.zeros_like(before[:, :2])
            return ForeseenFrame(before, before, before, still, torch.ones_like(before[:, :1]))
        with full_precision(before):
            coarse = functional.pixel_shuffle(self.linear(self.gain(m, t)), 2)
            first = warp(before, spread(coarse, PATCH))
        d = functional.pixel_shuffle(self.up(squeezed(m)), 2)
        d = d + self.see(functional.pixel_unshuffle(first - 0.5, PATCH))
        d = d.contiguous(memory_format=torch.channels_last)
        for number, block in enumerate(self.blocks, 1):
            if number == len(self.blocks):
                d = self.attention(d, t)
            d = block(d)
        finer = functional.pixel_shuffle(self.flow(d), PATCH // _FINER).float()
        with full_precision(before):
            flow = spread(coarse, PATCH) + spread(finer, _FINER)
            if self.scale is not None:
                scale = (BLURS - 1) * torch.sigmoid(spread(self.scale(d).float(), PATCH))
                moved = scale_space(before, flow, scale)
            else:
                moved = warp(before, flow)
        filtered = moved
        if self.kernel is not None:
            taps = functional.pixel_shuffle(self.kernel(d), 2).float().softmax(dim=1)
            weights = functional.interpolate(taps, scale_factor=PATCH // 2, mode="nearest")
            with full_precision(before):
                filtered = local_filter(first, weights)
        mask = torch.full_like(before[:, :1], _SHARES.get(branch, 1.0))
        added: Tensor | float = 0.0
        if self.fusion is not None:
            found = self.fusion(d, moved, filtered, before).float()
            if branch == "mask":
                mask = torch.sigmoid(found[:, _MASK:])
            if self.config.refined:
                added = found[:, :_MASK]
        image = mask * moved + (1 - mask) * filtered + added
        return ForeseenFrame(image, moved, filtered, flow, mask)


_SHARES = {"filter": 0.0, "mean": 0.5}
"""Of what is moved, where there is no mask."""


class Fusion(nn.Module):
    """What refines, and the mask before its sigmoid: two convolutions at full size."""

    def __init__(self, config: MotionConfig) -> None:
        super().__init__()
        self.bring = nn.Conv2d(config.width, PATCH**2 // 4 * config.fusion, 1)
        self.first = nn.Conv2d(9 + config.fusion // 4, config.fusion, 3, padding=1)
        self.last = nn.Conv2d(config.fusion, 4, 3, padding=1)
        nn.init.normal_(self.last.weight, std=_SMALL)
        assert self.last.bias is not None
        nn.init.zeros_(self.last.bias)

    def forward(self, d: Tensor, moved: Tensor, filtered: Tensor, before: Tensor) -> Tensor:
        """(b, width, h / 8, w / 8) and three images to (b, 4, h, w)."""
        brought = functional.pixel_shuffle(self.bring(d), PATCH)
        seen = torch.cat([moved - 0.5, 4 * (moved - filtered), 4 * (moved - before)], dim=1)
        h = functional.leaky_relu(self.first(torch.cat([seen.to(d.dtype), brought], dim=1)), 0.1)
        found: Tensor = self.last(h)
        return found


def spread(small: Tensor, times: int) -> Tensor:
    """(b, c, h, w) to as many times the size, bilinear between the middles of squares."""
    return functional.interpolate(small, scale_factor=times, mode="bilinear", align_corners=False)


@torch.no_grad()
def _start_at_haar(layer: nn.Conv2d) -> None:
    """Sets a linear way between the motion of 2 x 2 squares and the first latents to Haar's axes.

    The mean of squares comes out as one times it, not twice.
    """
    pairs = torch.tensor([[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
    inward = layer.in_channels == FLOW_LATENTS
    layer.weight.zero_()
    for number in range(FLOW_LATENTS):
        axis, which = number % 2, number // 2
        rows = pairs[which] / 4 if inward else pairs[which]
        places = slice(4 * axis, 4 * axis + 4)
        if inward:
            layer.weight[number, places, 0, 0] = rows
        else:
            layer.weight[places, number, 0, 0] = rows


def _start_small(layer: nn.Conv2d) -> None:
    nn.init.normal_(
        layer.weight, std=_SMALL / (layer.in_channels * layer.kernel_size[0] ** 2) ** 0.5
    )
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
