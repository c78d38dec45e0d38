"""Frames made of an earlier one: along motion, by a filter of each place, out of blurred copies.

    warp           x(p) = y(p + v(p))                          bilinear; beyond an edge the edge
    local filter   x(p) = sum_q w_p(q) y(p + q)                q in a square around 0
    scale space    x(p) = Y(p + v(p), s(p))                    Y: y ever more blurred, trilinear

(The dynamic local filter is that of JMPNet, ICASSP 2022, whose layers are not published: size and
layout are ours, see our notes, section 1.6. Scale space is that of ssf2020, Agustsson et al., CVPR
2020, by our notes.)
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

BLURS = 5
"""Copies in a scale space, the first one sharp."""

_DEVIATION = 1.5  # of the first that is not, in pixels; each next one twice as much


def warp(image: Tensor, flow: Tensor) -> Tensor:
    """Moves an image.

    Args:
        image: (b, c, h, w).
        flow: (b, 2, h, w) pixels to the right and down, at which each pixel is found in it.

    Returns:
        (b, c, h, w).
    """
    height, width = image.shape[2:]
    x = torch.arange(width, device=image.device, dtype=image.dtype)
    y = torch.arange(height, device=image.device, dtype=image.dtype)[:, None]
    across = (x + flow[:, 0]) * (2 / max(width - 1, 1)) - 1
    down = (y + flow[:, 1]) * (2 / max(height - 1, 1)) - 1
    at = torch.stack([across, down], dim=-1)
    return functional.grid_sample(image, at, padding_mode="border", align_corners=True)


def local_filter(image: Tensor, weights: Tensor) -> Tensor:
    """Filters each place by weights of its own.

    Args:
        image: (b, c, h, w).
        weights: (b, k k, h, w) of a square of k x k around each pixel, row by row, k odd.

    Returns:
        (b, c, h, w); beyond an edge is what is at the edge.
    """
    side = round(weights.shape[1] ** 0.5)
    height, width = image.shape[2:]
    around = functional.pad(image, (side // 2,) * 4, mode="replicate")
    total = torch.zeros_like(image)
    for number in range(side * side):
        row, column = divmod(number, side)
        near = around[:, :, row : row + height, column : column + width]
        total = total + weights[:, number : number + 1] * near
    return total


def scale_space(image: Tensor, flow: Tensor, scale: Tensor) -> Tensor:
    """Moves an image and blurs it, as much as each place asks for.

    Args:
        image: (b, c, h, w).
        flow: As for `warp`.
        scale: (b, 1, h, w) in [0, BLURS - 1], numbers of copies; between two both are mixed.

    Returns:
        (b, c, h, w).
    """
    total = torch.zeros_like(image)
    for number in range(BLURS):
        copy = image if number == 0 else blurred(image, _DEVIATION * 2 ** (number - 1))
        total = total + (1 - (scale - number).abs()).clamp(min=0) * warp(copy, flow)
    return total


def blurred(image: Tensor, deviation: float) -> Tensor:
    """(b, c, h, w) under a Gaussian of so many pixels, edges repeated."""
    reach = max(1, round(3 * deviation))
    offsets = torch.arange(-reach, reach + 1, device=image.device, dtype=image.dtype)
    taps = torch.exp(-0.5 * (offsets / deviation) ** 2)
    taps = taps / taps.sum()
    channels = image.shape[1]
    across = taps.expand(channels, 1, 1, -1)
    wide = functional.pad(image, (reach, reach, 0, 0), mode="replicate")
    wide = functional.conv2d(wide, across, groups=channels)
    tall = functional.pad(wide, (0, 0, reach, reach), mode="replicate")
    return functional.conv2d(tall, across.transpose(2, 3), groups=channels)
