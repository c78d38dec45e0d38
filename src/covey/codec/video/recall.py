"""Foresight that remembers: means and scales of latents from those that were decoded before.

    hints    joined with what 3x3 cells of the latents of before say
    mean     g y' + mean of the step        y' the latent of before at the same place, g in [0, 1]

Where nothing moves g is 1, what is left to code is what rounding left, and that is nothing. Two
kinds of frames use it: those that are coded as they are, with latents of an earlier frame behind
them, and residuals behind a prediction by motion, with the residual of the frame before. The first
is the temporal prior of Spatiotemporal Entropy Model is All You Need for Learned Video Compression
(Sun et al., arXiv 2104.06083) as our notes on the published code tell of it; there means of
differences are foreseen from three convolutions of 5x5. The gate, integers instead of floats, and
that it sees hyper-latents and earlier steps at once are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from covey.codec.image.cells import STEPS, to_cells
from covey.codec.image.config import BodyConfig
from covey.codec.image.foresight import Foresight, Hyper, Step
from covey.codec.image.frozen import FrozenForesight
from covey.codec.layers.fixed_point import FixedConv
from covey.codec.rate_index import Numbers

_OPEN = 16
"""The gate that is fully open."""

_ADDED = ("recall", "recall_space", "join")


class RecallingStep(Step):
    """A step whose means begin at what was there before."""

    def __init__(self, config: BodyConfig, number: int, gate: float) -> None:
        super().__init__(config, number)
        self.gate = FixedConv(config.context, config.latents, low=0, high=_OPEN, start=0.3)
        nn.init.constant_(self.gate.bias, gate)

    def shares(self, a: Tensor) -> Tensor:
        """(b, latents, h, w) gates in [0, 1] of activations."""
        gate: Tensor = self.gate(a)
        return gate / _OPEN


class RecallingForesight(Foresight):
    """Means and scales of latents behind others.

    Args:
        config: As of a foresight.
        gate: Share of the latents of before that means begin with.
    """

    def __init__(self, config: BodyConfig, gate: float = 1.0) -> None:
        super().__init__(config)
        width = config.context
        self.recall = FixedConv(STEPS * config.latents, width)
        self.recall_space = FixedConv(width, width, depthwise=True)
        self.join = FixedConv(2 * width, width, by_rate=True)
        self.steps = nn.ModuleList(RecallingStep(config, s, gate) for s in range(STEPS))

    def behind(self, before: Tensor) -> Behind:
        """The foresight of latents that come behind (b, latents, h, w) others, h and w even."""
        return Behind(self, to_cells(before))


class Behind:
    """A `RecallingForesight` with what it remembers, in place of a `Foresight`."""

    def __init__(self, foresight: RecallingForesight, cells: Tensor) -> None:
        self._foresight, self._cells = foresight, cells

    def hyper_index(self, t: Tensor) -> Tensor:
        """As of a foresight."""
        return self._foresight.hyper_index(t)

    def read(self, cells: Tensor) -> Tensor:
        """As of a foresight."""
        return self._foresight.read(cells)

    def hints(self, z: Tensor, t: Tensor) -> Tensor:
        """As of a foresight, cut to the size of what is remembered."""
        own = self._foresight
        height, width = self._cells.shape[3:]
        hints = own.hints(z, t)[:, :, :height, :width]
        recalled = own.recall_space(own.recall(own.read(self._cells)))
        joined: Tensor = own.join(torch.cat([hints, recalled], dim=1), t)
        return joined

    def step(
        self, number: int, hints: Tensor, read: Tensor | None, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        """As of a foresight."""
        step = self._foresight.steps[number]
        assert isinstance(step, RecallingStep)
        a = step.activations(hints, read, t)
        mean, scale = step.heads(a, t)
        return mean + step.shares(a) * self._cells[:, number], scale


@dataclass(frozen=True, slots=True)
class FrozenRecall(FrozenForesight):
    """`RecallingForesight` as integers."""

    KIND = RecallingForesight

    def behind(self, before: NDArray[np.int32]) -> FrozenBehind:
        """The foresight of latents that come behind others.

        Args:
            before: (latents, h, w) sixteenths, h and w even.
        """
        return FrozenBehind(self, to_cells(torch.from_numpy(before)[None])[0].numpy())


class FrozenBehind:
    """A `FrozenRecall` with what it remembers, in place of a `FrozenForesight`."""

    def __init__(self, frozen: FrozenRecall, cells: NDArray[np.int32]) -> None:
        self._frozen, self._cells = frozen, cells
        self.hyper_scale, self.places = frozen.hyper_scale, frozen.places

    def hyper_tables(self, rate: Numbers) -> NDArray[np.uint8]:
        """As of a foresight."""
        return self._frozen.hyper_tables(rate)

    def read(self, decoded: NDArray[np.int32]) -> Tensor:
        """As of a foresight."""
        return self._frozen.read(decoded)

    def hints(self, z: NDArray[np.int32], rate: Numbers) -> Tensor:
        """As of a foresight, cut to the size of what is remembered."""
        height, width = self._cells.shape[2:]
        recall, space, join = (self._frozen.layers[name] for name in _ADDED)
        hints = self._frozen.hints(z, rate)[:, :, :height, :width]
        seen = torch.cat([self.read(each) for each in self._cells], dim=1)
        recalled = space(recall(seen, rate), rate)
        return join(torch.cat([hints, recalled], dim=1), rate)

    def step(
        self, number: int, hints: Tensor, read: list[Tensor], rate: Numbers
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """As of a foresight: g y' is rounded to sixteenths, halves upward."""
        a = self._frozen.activations(number, hints, read, rate)
        mean, table = self._frozen.heads(number, a, rate)
        gate = self._frozen.layers[f"steps.{number}.gate"](a, rate)[0].to(torch.int32).numpy()
        kept = (gate * self._cells[number] + _OPEN // 2) // _OPEN
        return mean + kept, table


class PairHyper(Hyper):
    """Hyper-latents of latents and those before them."""

    def __init__(self, config: BodyConfig) -> None:
        super().__init__(config)
        self.enter = nn.Conv2d(8 * config.latents, config.context, 1)

    def of(self, y: Tensor, before: Tensor) -> Tensor:
        """(b, latents, h, w) each, h and w multiples of 4, to (b, hyper, h / 4, w / 4)."""
        z: Tensor = self(torch.cat([y, before], dim=1))
        return z
