"""Generalised divisive normalisation.

    x'_c = x_c / sqrt(beta_c + sum_d gamma_cd x_d^2)        inverse: times instead of divided by

(Balle, Laparra and Simoncelli, ICLR 2016.) beta and gamma are kept above 0 by being squares, with a
small pedestal so that gradients do not vanish at 0.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_PEDESTAL = 2.0**-18
_LEAST_BETA = 1e-6
_FIRST_GAMMA = 0.1


class GDN(nn.Module):
    """Normalises channels by one another.

    Args:
        channels: Of what is normalised.
        inverse: Multiply instead.
    """

    def __init__(self, channels: int, *, inverse: bool = False) -> None:
        super().__init__()
        self.inverse = inverse
        self.beta = nn.Parameter(torch.full((channels,), (1 + _PEDESTAL) ** 0.5))
        self.gamma = nn.Parameter((_FIRST_GAMMA * torch.eye(channels) + _PEDESTAL).sqrt())

    def forward(self, x: Tensor) -> Tensor:
        """(b, channels, h, w) to the same."""
        beta = (self.beta.square() - _PEDESTAL).clamp(min=_LEAST_BETA)
        gamma = (self.gamma.square() - _PEDESTAL).clamp(min=0)
        norm = functional.conv2d(x.square(), gamma[:, :, None, None], beta)
        return x * (norm.sqrt() if self.inverse else norm.rsqrt())
