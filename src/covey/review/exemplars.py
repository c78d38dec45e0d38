"""A few items that show what a group holds, so that a mix is seen in them.

The strongest items of a group of two kinds may all be of one. So items are taken that between them
are most like all others: each next one adds the most to the sum over the members of how like they
are to the one of those taken that they are most like. (Facility location; Nemhauser, Wolsey and
Fisher, "An analysis of approximations for maximizing submodular set functions", 1978.) Every kind
that is a good part of the group is then shown, while a stray, which is like nothing, is not.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from covey.types import Float32, Int64
from covey.vectors import Metric

_LOOKED_AT = 64  # members: of more, so many evenly from the strongest to the weakest


def exemplars(
    members: Int64,
    strength: Float32,
    rows: Callable[[Int64], Float32],
    most: int,
    *,
    metric: Metric = "cosine",
) -> list[int]:
    """Items that stand for a group.

    Args:
        members: (s,) items.
        strength: (s,) of them.
        rows: Gives the rows of items.
        most: How many items.
        metric: How rows are compared.

    Returns:
        As many as there are of them and at most `most`, what shows most first; of equal ones the
        stronger, then the lower number. O(64 d) time and rows read, however many members.
    """
    order = np.lexsort((members, -strength))
    if len(members) > _LOOKED_AT:
        order = order[np.linspace(0, len(members) - 1, _LOOKED_AT).astype(np.int64)]
    some = members[order]
    if len(some) <= most:
        return [int(item) for item in some]
    alike = _alike(np.asarray(rows(some), np.float32), metric)
    covered = np.full(len(some), alike.min(), np.float32)
    taken: list[int] = []
    for _ in range(most):
        gain = np.maximum(alike - covered, 0).sum(axis=1, dtype=np.float64)
        gain[taken] = -1
        taken.append(int(np.argmax(np.round(gain, 4))))
        covered = np.maximum(covered, alike[taken[-1]])
    return [int(item) for item in some[taken]]


def _alike(x: Float32, metric: Metric) -> Float32:
    """(s, s) how like items are, larger is closer."""
    if metric == "cosine":
        x = x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), np.float32(1e-30))
        return np.asarray(x @ x.T, np.float32)
    squares = np.square(x).sum(axis=1)
    squared = squares[:, None] + squares[None] - 2 * x @ x.T
    return -np.sqrt(np.maximum(squared, np.float32(0)))
