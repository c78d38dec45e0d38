"""Where networks are trained in half precision, and what is left out of it."""

from __future__ import annotations

import torch
from torch import Tensor


def full_precision(x: Tensor) -> torch.autocast:
    """What is computed inside stays in the precision of its tensors, whatever is set outside."""
    return torch.autocast(x.device.type, enabled=False)


def squeezed(y: Tensor) -> Tensor:
    """Large values drawn together, sign kept: log(1 + |y|)."""
    return torch.sign(y) * torch.log1p(y.abs())
