"""InterpCA: channel attention whose weights are interpolated between rate levels.

    w      = (1 - f) W_i + f W_{i+1}          i = floor(t), f = t - i, W: levels x channels
    x'_c   = softplus(w_c) x_c                the same at every place

(Interpolation Variable Rate Image Compression, Sun et al., ACM MM 2021, arXiv 2109.09280; from our
notes on the published code, in which W starts at 1, so that the factor starts at 1.313. Mended: it
starts at any factors that are asked for.)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from covey.codec.rate_index import LEVELS

PUBLISHED_START = float(np.log1p(np.e))
"""softplus(1)."""


class InterpCA(nn.Module):
    """Scales channels by the rate.

    Args:
        channels: Of what is scaled.
        start: Factor of each level at first; one number for all.
    """

    def __init__(self, channels: int, start: float | Sequence[float] = 1.0) -> None:
        super().__init__()
        first = np.broadcast_to(np.asarray(start, np.float64), (LEVELS,))
        weight = torch.from_numpy(before_softplus(first)).float()
        self.weight = nn.Parameter(weight[:, None].repeat(1, channels))

    def factors(self, t: Tensor) -> Tensor:
        """Indices of any shape, in [0, levels - 1], to (..., channels) factors above 0."""
        return functional.softplus(between_levels(self.weight, t))

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """Scales channels.

        Args:
            x: (b, channels, h, w).
            t: (b,) indices, or (b, i, j) a map of them, each for a square of x.
        """
        factors = beside(self.factors(t))
        if t.ndim > 1:
            factors = functional.interpolate(factors, x.shape[2:], mode="nearest")
        return x * factors


def between_levels(table: Tensor, t: Tensor) -> Tensor:
    """Rows of a table at fractional places, linear between two.

    Args:
        table: (levels, c).
        t: Of any shape, in [0, levels - 1].

    Returns:
        (..., c).
    """
    below = t.detach().floor().clamp(0, len(table) - 2).long()
    share = (t - below)[..., None]
    return (1 - share) * table[below] + share * table[below + 1]


def beside(rows: Tensor) -> Tensor:
    """(b, c) or (b, h, w, c) rows of a table as (b, c, 1, 1) or (b, c, h, w)."""
    return rows[:, :, None, None] if rows.ndim == 2 else rows.permute(0, 3, 1, 2)


def before_softplus(factors: np.ndarray) -> np.ndarray:
    """What softplus maps to these: log(exp(x) - 1), stable for large ones."""
    return factors + np.log(-np.expm1(-factors))
