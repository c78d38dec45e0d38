"""The default body: transforms, hyper-latents and foresight, trained as one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor, nn

from covey.codec.image.cells import STEPS, from_cells, to_cells
from covey.codec.image.config import BodyConfig
from covey.codec.image.foresight import Foresight, Hyper, bits, scale_of
from covey.codec.image.transforms import Analysis, Synthesis
from covey.codec.layers.fixed_point import rounded
from covey.codec.layers.precision import full_precision


@dataclass(frozen=True, slots=True)
class Coded:
    """What a training step sees of images.

    Attributes:
        image: (b, 3, h, w) as decoded, not clipped.
        latent_bits, hyper_bits: (b,) expected bits of each image.
    """

    image: Tensor
    latent_bits: Tensor
    hyper_bits: Tensor

    @property
    def bits(self) -> Tensor:
        """(b,)."""
        return self.latent_bits + self.hyper_bits


class Body(nn.Module):
    """A codec of the default body."""

    def __init__(self, config: BodyConfig) -> None:
        super().__init__()
        self.config = config
        self.analysis = Analysis(config)
        self.synthesis = Synthesis(config)
        self.hyper = Hyper(config)
        self.foresight = Foresight(config)

    def forward(self, x: Tensor, t: Tensor, generator: torch.Generator | None = None) -> Coded:
        """Codes images as in training: rates by uniform noise, pixels by rounding.

        Args:
            x: (b, 3, h, w) in [0, 1], h and w multiples of 64.
            t: (b,) indices of rates in [0, levels - 1].
            generator: Of the noise.
        """
        y = self.analysis(x, t)

        def noised(x: Tensor) -> tuple[Tensor, Tensor]:
            return x + noise(x, generator), rounded(x)

        with full_precision(x):
            seen = foreseen(self.foresight, y, self.hyper(y), t, t, noised)
        image = self.synthesis(seen.latents, t)
        return Coded(image, seen.latent_bits, seen.hyper_bits)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What latents become and cost.

    Attributes:
        latents: (b, latents, h, w) as decoded.
        latent_bits, hyper_bits: (b,) expected.
    """

    latents: Tensor
    latent_bits: Tensor
    hyper_bits: Tensor


class Foresees(Protocol):
    """What foresees latents, see `Foresight`."""

    def hyper_index(self, t: Tensor) -> Tensor:
        """Scales of hyper-latents."""

    def hints(self, z: Tensor, t: Tensor) -> Tensor:
        """From hyper-latents."""

    def read(self, cells: Tensor) -> Tensor:
        """Decoded latents as steps read them."""

    def step(
        self, number: int, hints: Tensor, read: Tensor | None, t: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Means and scales of a step."""


def foreseen(
    foresight: Foresees,
    y: Tensor,
    z: Tensor,
    t: Tensor,
    t_hyper: Tensor,
    quantised: Callable[[Tensor], tuple[Tensor, Tensor]],
) -> Foreseen:
    """Goes through the steps of coding, with gradients.

    Args:
        foresight: Of the codec.
        y: (b, latents, h, w), h and w even.
        z: (b, hyper, ceil(h / 4), ceil(w / 4)).
        t: (b,) indices of rates, or (b, h / 2, w / 2), one a cell.
        t_hyper: (b,), or one for each place of z.
        quantised: Gives of what is to be rounded what takes the bits, and what is decoded.
    """
    counted, whole = quantised(z)
    z_bits = bits(counted, scale_of(foresight.hyper_index(t_hyper)))
    cells = to_cells(y)
    height, width = cells.shape[3:]
    hints = foresight.hints(whole, t_hyper)[:, :, :height, :width]
    decoded: list[Tensor] = []
    y_bits = []
    for number in range(STEPS):
        read = foresight.read(torch.stack(decoded, dim=1)) if decoded else None
        mean, index = foresight.step(number, hints, read, t)
        counted, whole = quantised(cells[:, number] - mean)
        y_bits.append(bits(counted, scale_of(index)).sum((1, 2, 3)))
        decoded.append(whole + mean)
    latents = from_cells(torch.stack(decoded, dim=1))
    return Foreseen(latents, torch.stack(y_bits).sum(0), z_bits.sum((1, 2, 3)))


def noise(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Uniform in [-1/2, 1/2), of the shape of x."""
    return torch.rand(x.shape, generator=generator, device=x.device) - 0.5
