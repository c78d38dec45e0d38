"""Blocks of cheap convolutions: 3x3 within channels, 1x1 across them."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

_SLOPE = 0.1
_WIDER = 2  # middle layer of the second half


class DepthwiseBlock(nn.Module):
    """Two residual halves: 1x1, 3x3 within channels, 1x1; and 1x1 to twice the width and back.

    The last layer of each half starts small, so that a stack starts near the identity. (The layout
    of DCVC-RT, Jia et al., CVPR 2025, as our notes tell of it, with leaky ReLUs.)
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before = nn.Conv2d(width, width, 1)
        self.space = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.after = nn.Conv2d(width, width, 1)
        self.widen = nn.Conv2d(width, _WIDER * width, 1)
        self.narrow = nn.Conv2d(_WIDER * width, width, 1)
        for last in (self.after, self.narrow):
            nn.init.normal_(last.weight, std=0.1 / last.in_channels**0.5)
            assert last.bias is not None
            nn.init.zeros_(last.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(b, width, h, w) to the same."""
        x = x + self.after(self.space(_rectified(self.before(x))))
        wide: Tensor = self.narrow(_rectified(self.widen(x)))
        return x + wide


def _rectified(x: Tensor) -> Tensor:
    """In place: fresh memory for each result takes longer than what is computed."""
    return functional.leaky_relu(x, _SLOPE, inplace=True)
