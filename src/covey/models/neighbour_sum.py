"""Sums over neighbours in a sparse graph, where torch computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

Adjacency = tuple[Tensor, Tensor]
"""Where the neighbours of each node start, and all of them: integers of one type."""


def neighbour_sum(x: Tensor, forth: Adjacency, back: Callable[[], Adjacency]) -> Tensor:
    """Sums the rows of each node's neighbours.

    Gradients are gathered along the transposed graph, not scattered, so their order is fixed.

    Args:
        x: (s, d) rows.
        forth: The neighbours, among s, of t nodes.
        back: Gives the transposed graph, when gradients are first wanted: of s nodes, among t.

    Returns:
        (t, d), 0 where a node has no neighbour.
    """
    total: Tensor = _NeighbourSum.apply(x, forth, back)
    return total


class _NeighbourSum(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, forth: Adjacency, back: Callable[[], Adjacency]) -> Tensor:
        ctx.back = back
        return _sums(x, forth)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        return _sums(gradients[0].contiguous(), ctx.back()), None, None


def _sums(x: Tensor, graph: Adjacency) -> Tensor:
    start, neighbour = graph
    return functional.embedding_bag(neighbour, x, start, mode="sum")
