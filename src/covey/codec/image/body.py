"""The default body: transforms, hyper-latents and foresight, trained as one."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from covey.codec.image.cells import STEPS, from_cells, to_cells
from covey.codec.image.config import BodyConfig
from covey.codec.image.foresight import Foresight, Hyper, bits, scale_of
from covey.codec.image.transforms import Analysis, Synthesis
from covey.codec.layers.fixed_point import rounded


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
        z = self.hyper(y)
        z_bits = bits(
            z + noise(z, generator), scale_of(self.foresight.hyper_index(t))[:, :, None, None]
        )
        hints = self.foresight.hints(rounded(z), t)
        cells = to_cells(y)
        decoded: list[Tensor] = []
        y_bits = []
        for number, step in enumerate(self.foresight.steps):
            read = self.foresight.read(torch.stack(decoded, dim=1)) if decoded else None
            mean, index = step(hints, read, t)
            off = cells[:, number] - mean
            y_bits.append(bits(off + noise(off, generator), scale_of(index)).sum((1, 2, 3)))
            decoded.append(rounded(off) + mean)
        assert len(decoded) == STEPS
        image = self.synthesis(from_cells(torch.stack(decoded, dim=1)), t)
        return Coded(image, torch.stack(y_bits).sum(0), z_bits.sum((1, 2, 3)))


def noise(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Uniform in [-1/2, 1/2), of the shape of x."""
    return torch.rand(x.shape, generator=generator, device=x.device) - 0.5
