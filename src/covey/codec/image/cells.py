"""The four steps in which latents are coded: by cells of 2 x 2 places and groups of channels.

Channels are four equal groups, and the places of a cell are numbered 0 1 / 2 3. In step s the place
ORDER[s] XOR g of each cell is coded in group g: a quarter of the places in every group, each place
of a cell in one of the groups, and what is coded second lies across the diagonal of the first. What
was coded in earlier steps is context. (The schedule of DCVC, as our notes tell of it: the order of
the places is ours. In cells the place decides which weights are used.)
"""

from __future__ import annotations

import torch
from torch import Tensor

STEPS = 4
ORDER = (0, 3, 1, 2)


def to_cells(y: Tensor) -> Tensor:
    """Latents in the order in which they are coded.

    Args:
        y: (b, m, h, w), h and w even, m a multiple of 4.

    Returns:
        (b, 4, m, h / 2, w / 2): channel c of step s is channel c of `y` at the place of that step.
    """
    b, m, h, w = y.shape
    places = y.reshape(b, STEPS, m // STEPS, h // 2, 2, w // 2, 2)
    places = places.permute(0, 1, 4, 6, 2, 3, 5).reshape(b, STEPS, 4, m // STEPS, h // 2, w // 2)
    steps = [torch.cat([places[:, g, order ^ g] for g in range(STEPS)], dim=1) for order in ORDER]
    return torch.stack(steps, dim=1)


def from_cells(cells: Tensor) -> Tensor:
    """The inverse of `to_cells`: (b, 4, m, h, w) to (b, m, 2 h, 2 w)."""
    b, _, m, h, w = cells.shape
    groups = cells.reshape(b, STEPS, STEPS, m // STEPS, h, w)  # step, group
    rows = []
    for g in range(STEPS):
        by_place = sorted(range(STEPS), key=lambda s, g=g: ORDER[s] ^ g)  # type: ignore[misc]
        rows.append(torch.stack([groups[:, s, g] for s in by_place], dim=1))
    places = torch.stack(rows, dim=1).reshape(b, STEPS, 2, 2, m // STEPS, h, w)
    return places.permute(0, 1, 4, 5, 2, 6, 3).reshape(b, m, 2 * h, 2 * w)
