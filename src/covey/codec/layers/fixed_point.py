"""Convolutions whose every number is an integer, so that all machines compute the same.

    acc   = sum w a + b          |w| <= 127, |a| <= 127, |acc| < 2^24 whatever the activations are
    out   = clamp(floor(acc / 2^s))           half of 2^s is part of b, so this rounds

A float32 holds every integer below 2^24, so the sum is exact in any order, on any number of
threads, with or without fused operations, on a GPU, and equal to that of int64 (section 5.5 of our
notes). Exponents are powers of two of each output channel. Learned are real weights: in training
they are rounded on the way, and gradients pass through the rounding.

An activation a stands for a / 2^FRACTION; one that was passed through a ReLU is in [0, 127].
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from covey.codec.layers.interp_ca import beside, between_levels
from covey.codec.rate_index import LEVELS, MIXES, Numbers

FRACTION = 4
ACTIVE = 127
"""Largest activation."""

_EXACT = 2**24
_BIAS = 2**21  # largest bias, that of the rate and half a step counted
_PART = _BIAS // 4  # of it that the bias has, and that of the rate
_EXPONENT = 16  # of weights, at most


def rounded(x: Tensor) -> Tensor:
    """Nearest integers, halves upward; gradients pass as if nothing had happened."""
    return x + (torch.floor(x + 0.5) - x).detach()


def bounded(x: Tensor, low: float, high: float) -> Tensor:
    """Clamps; gradients also pass outside where they lead back inside."""
    found: Tensor = _Bounded.apply(x, low, high)
    return found


class _Bounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, low: float, high: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.low, ctx.high = low, high
        return x.clamp(low, high)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (x,), gradient = ctx.saved_tensors, gradients[0]
        stuck = ((x < ctx.low) & (gradient > 0)) | ((x > ctx.high) & (gradient < 0))
        return gradient.masked_fill(stuck, 0), None, None


class FixedConv(nn.Module):
    """A convolution of 1x1, or of 3x3 within each channel.

    Args:
        before, after: Channels.
        depthwise: 3x3 within each channel, edges padded by zeros.
        by_rate: Whether the bias depends on the rate.
        fraction: Binary places of what comes out.
        low, high: What it is clamped to; `low` = 0 makes it a ReLU.
        start: Deviation of the weights at first, in units of 1 / sqrt(fan-in).
    """

    def __init__(
        self,
        before: int,
        after: int,
        *,
        depthwise: bool = False,
        by_rate: bool = False,
        fraction: int = FRACTION,
        low: int = 0,
        high: int = ACTIVE,
        start: float = 1.4,
    ) -> None:
        super().__init__()
        self.depthwise, self.fraction, self.low, self.high = depthwise, fraction, low, high
        self.fan_in = 9 if depthwise else before
        shape = (after, 1, 3, 3) if depthwise else (after, before, 1, 1)
        self.weight = nn.Parameter(torch.randn(shape) * (start / self.fan_in**0.5))
        self.bias = nn.Parameter(torch.zeros(after))
        self.rate = nn.Parameter(torch.zeros(LEVELS, after)) if by_rate else None

    @property
    def largest(self) -> int:
        """Largest weight that keeps every sum exact."""
        return min(127, (_EXACT - _BIAS - 1) // (self.fan_in * ACTIVE))

    def exponents(self) -> Tensor:
        """(after,) binary places of the weights: as many as let them and the biases fit."""
        most = self.weight.detach().abs().amax((1, 2, 3)).clamp(min=1e-9)
        places = torch.floor(torch.log2(self.largest / most))
        bias = self.bias.detach().abs()
        if self.rate is not None:
            bias = torch.maximum(bias, self.rate.detach().abs().amax(0))
        room = torch.floor(torch.log2(_PART / bias.clamp(min=1e-9))) - FRACTION
        return torch.minimum(places, room).clamp(-_EXPONENT, _EXPONENT)

    def forward(self, a: Tensor, t: Tensor | None = None, *, real: bool = False) -> Tensor:
        """Computes as the integers will, with gradients.

        Args:
            a: (b, before, h, w) integers as floats.
            t: (b,) indices of rates, or (b, h, w), where the bias depends on them.
            real: Leave what comes out unrounded.

        Returns:
            (b, after, h, w) of integers, unless `real`.
        """
        places = self.exponents()
        scale = torch.exp2(places)
        weight = rounded(self.weight * scale[:, None, None, None])
        acc = functional.conv2d(
            a,
            weight.clamp(-self.largest, self.largest),
            padding=1 if self.depthwise else 0,
            groups=len(weight) if self.depthwise else 1,
        )
        unit = scale * 2.0**FRACTION
        bias = beside(rounded(self.bias * unit)[None].clamp(-_PART, _PART))
        if self.rate is not None:
            assert t is not None
            more = rounded(between_levels(self.rate, t) * unit).clamp(-_PART, _PART)
            bias = bias + beside(more)
        out = (acc + bias) * torch.exp2(self.fraction - FRACTION - places)[None, :, None, None]
        return bounded(out if real else rounded(out), self.low, self.high)

    @torch.no_grad()
    def frozen(self) -> FixedLayer:
        """The same as integers."""
        places = self.exponents()
        weight = self.weight.detach() * torch.exp2(places)[:, None, None, None]
        weight = torch.floor(weight + 0.5).clamp(-self.largest, self.largest)
        unit = torch.exp2(places + FRACTION).double()
        rate = None
        if self.rate is not None:
            rate = torch.floor(self.rate.double() * unit + 0.5).clamp(-_PART, _PART)
        bias = torch.floor(self.bias.double() * unit + 0.5).clamp(-_PART, _PART)
        return FixedLayer(
            weight[:, 0].to(torch.int8).numpy()
            if self.depthwise
            else weight[:, :, 0, 0].to(torch.int8).numpy(),
            bias.to(torch.int32).numpy(),
            (places + FRACTION - self.fraction).to(torch.int8).numpy(),
            None if rate is None else rate.to(torch.int32).numpy(),
            self.low,
            self.high,
        )


@dataclass(frozen=True)
class FixedLayer:
    """A `FixedConv` as integers.

    Attributes:
        weight: (after, before) int8, or (after, 3, 3) within each channel.
        bias: (after,) int32.
        shift: (after,) int8, powers of two that sums are divided by; negative to multiply.
        rate: (levels, after) int32, what the rate adds to the bias; None where it adds nothing.
        low, high: What comes out is clamped to.
    """

    weight: NDArray[np.int8]
    bias: NDArray[np.int32]
    shift: NDArray[np.int8]
    rate: NDArray[np.int32] | None
    low: int
    high: int

    @property
    def depthwise(self) -> bool:
        """Whether it convolves within each channel."""
        return self.weight.ndim == 3

    def check(self, conv: FixedConv, name: str) -> None:
        """Refuses integers that do not fit, or whose sums could leave those that are exact.

        Args:
            conv: Of the same sizes.
            name: For messages.

        Raises:
            ValueError: If they do not.
        """
        after, shape = len(conv.bias), conv.weight.shape
        wanted = {
            "weight": ((after, 3, 3) if conv.depthwise else tuple(shape[:2]), np.int8),
            "bias": ((after,), np.int32),
            "shift": ((after,), np.int8),
            "rate": (None if conv.rate is None else (LEVELS, after), np.int32),
        }
        for part, (size, kind) in wanted.items():
            found = getattr(self, part)
            if (found is None) != (size is None) or (
                found is not None and (found.shape != size or found.dtype != kind)
            ):
                raise ValueError(f"{name}.{part} does not fit")
        if (np.abs(self.shift.astype(np.int64)) > 2 * _EXPONENT).any():
            raise ValueError(f"{name}.shift is out of range")
        most = np.abs(self.weight.reshape(after, -1).astype(np.int64)).sum(axis=1) * ACTIVE
        levels = range(0, (LEVELS - 1) * MIXES, MIXES) if self.rate is not None else (0,)
        most += np.max([np.abs(self.offset(level)[:, 0, 0]) for level in levels], axis=0)
        if self.rate is not None:
            most += np.abs(self.rate.astype(np.int64)).max(axis=0)
        if (most >= _EXACT).any():
            raise ValueError(f"{name} has sums that a float32 does not hold exactly")

    def offset(self, rate: Numbers) -> NDArray[np.int64]:
        """What is added to the sums at a rate, half a step of the rounding counted.

        Args:
            rate: Number of a rate, or (h, w) of them.

        Returns:
            (after, 1, 1) or (after, h, w).
        """
        total = self.bias.astype(np.int64)
        if self.rate is not None:
            total = total + integers_between(self.rate, rate)
        shift = self.shift.astype(np.int64)
        total = total + np.where(shift > 0, 1 << np.maximum(shift - 1, 0), 0)
        return np.moveaxis(total if total.ndim == 3 else total[None, None], -1, 0)

    def __call__(self, a: Tensor, rate: Numbers) -> Tensor:
        """Convolves where torch computes.

        Args:
            a: (1, before, h, w) whole numbers in [-127, 127] as float32.
            rate: Number of a rate, or (h, w) of them.

        Returns:
            (1, after, h, w) whole numbers as float32.
        """
        weight, unit = (each.to(a.device) for each in self._floats)
        acc = functional.conv2d(
            a,
            weight,
            padding=1 if self.depthwise else 0,
            groups=len(weight) if self.depthwise else 1,
        )
        offset = torch.from_numpy(self.offset(rate).astype(np.float32)).to(a.device)
        return acc.add_(offset[None]).mul_(unit).floor_().clamp_(self.low, self.high)

    @cached_property
    def _floats(self) -> tuple[Tensor, Tensor]:
        """Weights as torch convolves, and (after, 1, 1) what sums are multiplied by."""
        weight = torch.from_numpy(self.weight.astype(np.float32))
        unit = torch.from_numpy(np.ldexp(np.float32(1), -self.shift.astype(np.int32)))
        weight = weight[:, None] if self.depthwise else weight[:, :, None, None]
        return weight, unit[:, None, None]


def integers_between(table: NDArray[Any], rate: Numbers) -> NDArray[np.int64]:
    """Rows of a table of integers at rates, rounded, by integers alone.

    Args:
        table: (levels, c).
        rate: Number of a rate, or an array of them.

    Returns:
        (..., c).
    """
    interval, mix = np.divmod(np.asarray(rate, np.int64), MIXES)
    mix = mix[..., None]
    mixed = table[interval].astype(np.int64) * (MIXES - mix) + table[interval + 1] * mix
    return (mixed + MIXES // 2) // MIXES
