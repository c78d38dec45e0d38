"""What the decoder knows of latents before it reads them: a mean and a scale for each.

    hyper        z from the latents, at a quarter of their size                  float, encoder only
    hints        from z, one place a cell of latents                             integers
    step s       mean and scale from the hints and the cells of steps < s        integers

(A hyperprior with means and scales, Minnen et al., NeurIPS 2018, and four steps, see `cells`.) What
decides a probability is integer, see `fixed_point`; biases depend on the rate.

Means are sixteenths. Scales are numbers in [0, 63], see `SCALES`; a latent of scale 0 is its mean.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from covey.codec.image.cells import STEPS
from covey.codec.image.config import BodyConfig
from covey.codec.layers.fixed_point import ACTIVE, FRACTION, FixedConv, bounded, rounded
from covey.codec.layers.interp_ca import beside, between_levels
from covey.codec.layers.precision import squeezed
from covey.codec.rate_index import LEVELS

TABLES = 64
LEAST_SCALE, MOST_SCALE = 0.05, 120.0
SCALES = np.geomspace(LEAST_SCALE, MOST_SCALE, TABLES)
"""Scales of the logistic laws that there are tables for; deviations are 1.81 times as large."""

MOST_MEAN = 4095  # sixteenths
_LN_2 = float(np.log(2))
_RATIO = float(np.log(MOST_SCALE / LEAST_SCALE) / (TABLES - 1))
_SLOPE = 0.1
HYPER_PLACES = 2  # binary places of the hyper-latent that its synthesis reads
_FIRST = 20.0  # number of the scale at first: .6


class Hyper(nn.Module):
    """Hyper-latents from latents; only the encoder computes it."""

    def __init__(self, config: BodyConfig) -> None:
        super().__init__()
        self.enter = nn.Conv2d(4 * config.latents, config.context, 1)
        self.space = nn.Conv2d(config.context, config.context, 3, padding=1, groups=config.context)
        self.leave = nn.Conv2d(4 * config.context, config.hyper, 1)

    def forward(self, y: Tensor) -> Tensor:
        """(b, latents, h, w), h and w multiples of 4, to (b, hyper, h / 4, w / 4)."""
        h = functional.leaky_relu(self.enter(functional.pixel_unshuffle(squeezed(y), 2)), _SLOPE)
        h = functional.leaky_relu(self.space(h), _SLOPE)
        z: Tensor = self.leave(functional.pixel_unshuffle(h, 2))
        return z


class Foresight(nn.Module):
    """Means and scales of latents.

    Attributes:
        places: (latents,) buffer, binary places in which steps read each channel of latents.
        hyper_scale: (levels, hyper), numbers of tables of the hyper-latents.
    """

    places: Tensor

    def __init__(self, config: BodyConfig) -> None:
        super().__init__()
        self.config = config
        width = config.context
        self.hyper_scale = nn.Parameter(torch.full((LEVELS, config.hyper), _FIRST))
        self.register_buffer("places", torch.full((config.latents,), 3.0))
        self.enter = FixedConv(config.hyper, width, by_rate=True)
        self.spread = FixedConv(width, 4 * width)
        self.space = FixedConv(width, width, depthwise=True)
        self.hint = FixedConv(width, width)
        self.steps = nn.ModuleList(Step(config, number) for number in range(STEPS))

    def hints(self, z: Tensor, t: Tensor) -> Tensor:
        """(b, hyper, h, w) whole hyper-latents to (b, context, 2 h, 2 w) activations."""
        a = self.enter(within(z * 2**HYPER_PLACES), t)
        a = functional.pixel_shuffle(self.spread(a), 2)
        hints: Tensor = self.hint(self.space(a))
        return hints

    def read(self, cells: Tensor) -> Tensor:
        """(b, s, latents, h, w) decoded latents as steps read them, (b, s latents, h, w)."""
        read = within(rounded(cells * torch.exp2(self.places)[:, None, None]))
        return read.flatten(1, 2)

    def step(
        self, number: int, hints: Tensor, read: Tensor | None, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Foresees what is coded in a step, see `Step`."""
        found: tuple[Tensor, Tensor] = self.steps[number](hints, read, t)
        return found

    def hyper_index(self, t: Tensor) -> Tensor:
        """(b, hyper, 1, 1) numbers of tables, not whole, or (b, hyper, h, w) of a map of rates."""
        return beside(bounded(between_levels(self.hyper_scale, t), 0, TABLES - 1))


class Step(nn.Module):
    """One of the four steps."""

    def __init__(self, config: BodyConfig, number: int) -> None:
        super().__init__()
        width = config.context
        self.enter = FixedConv(width + number * config.latents, width, by_rate=True)
        self.space = FixedConv(width, width, depthwise=True)
        self.mix = FixedConv(width, width)
        self.mean = FixedConv(width, config.latents, low=-MOST_MEAN, high=MOST_MEAN, start=0.1)
        self.scale = FixedConv(
            width, config.latents, by_rate=True, fraction=3, high=TABLES - 1, start=0.3
        )
        nn.init.constant_(self.scale.bias, _FIRST / 2**3)

    def forward(self, hints: Tensor, read: Tensor | None, t: Tensor) -> tuple[Tensor, Tensor]:
        """Foresees what is coded in this step.

        Args:
            hints: (b, context, h, w).
            read: (b, number x latents, h, w) earlier steps, None for the first.
            t: (b,) indices of rates, or (b, h, w).

        Returns:
            Means and numbers of scales, both (b, latents, h, w), neither rounded.
        """
        return self.heads(self.activations(hints, read, t), t)

    def activations(self, hints: Tensor, read: Tensor | None, t: Tensor) -> Tensor:
        """(b, context, h, w), of what is given to `forward`."""
        a = self.enter(hints if read is None else torch.cat([hints, read], dim=1), t)
        mixed: Tensor = self.mix(self.space(a))
        return mixed

    def heads(self, a: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """Means and numbers of scales of activations."""
        mean = self.mean(a, real=True) / 2**FRACTION
        return mean, self.scale(a, t, real=True)


def within(x: Tensor) -> Tensor:
    """Whole numbers as activations, in [-127, 127]."""
    return x.clamp(-ACTIVE, ACTIVE)


def scale_of(index: Tensor) -> Tensor:
    """Scales of their numbers, whole or not."""
    return LEAST_SCALE * torch.exp(_RATIO * index)


def bits(x: Tensor, scale: Tensor) -> Tensor:
    """Bits of values that are a step of 1 wide, under a logistic law around 0.

    With a = (1/2 - |x|) / s and b = (-1/2 - |x|) / s this is -log2(S(a) - S(b)), S the logistic
    function, and S(a) - S(b) = S(a) S(-b) (1 - exp(-1 / s)), of which every factor has a stable
    logarithm: however far off a value is, the gradient says where to.
    """
    x = x.abs()
    step = 1 / scale
    tails = functional.softplus((x - 0.5) * step) + functional.softplus((-0.5 - x) * step)
    return (tails - torch.log(-torch.expm1(-step))) / _LN_2
