"""GraphSAGE with means over neighbourhoods: from a graph without weights to refined embeddings.

    mean    m_i = a x_i + (1 - a) mean of x_j over N(i), i itself in N(i)
                                          a = 1 / (|N(i)| + 1)      mended: a = 1/2
    layer   x' = ReLU(m W + b), of unit length in all but the last
                                                                    mended: LayerNorm(m + m W + b)
    head    Linear, channel-wise PReLU, unit length                 mended: without PReLU

(GraphSAGE, Hamilton et al., NeurIPS 2017, the aggregator called "gcn", in which an item counts like
a neighbour, here twice; used by Ada-NETS, Wang et al., ICLR 2022. Formulas from our notes on the
published code.) Mended, embeddings are mapped to the width first, by their principal axes at the
start, W is small then, and the network starts as a mean over the graph, which most of the gain
comes from. An item that counts like any neighbour becomes what its neighbours are: who is wrongly
joined cannot be told apart any more (dev/LOG.md).

The first mean is taken over what comes in, so it does not depend on weights: training computes it
once for all items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from covey.models.ada_nets_config import AdaNETSConfig
from covey.models.neighbour_graph import NeighbourGraph
from covey.models.neighbour_sum import Adjacency, neighbour_sum
from covey.types import Float32

_OWN = 0.5  # share of an item itself in the means that it takes
_START = 0.02  # deviation of what a mended layer adds at first
_ROWS = 65_536  # that a linear map is applied to at a time
_MOST_INT32 = 2**31 - 1


class GraphNetwork(nn.Module):
    """Maps the means over items' neighbourhoods to their refined embeddings."""

    def __init__(self, config: AdaNETSConfig) -> None:
        super().__init__()
        self.config = config
        self.enter: nn.Module = nn.Identity()
        if config.entered != config.inputs:
            self.enter = nn.Linear(config.inputs, config.entered, bias=False)
            nn.init.orthogonal_(self.enter.weight)
        sizes = [config.entered] + [config.width] * config.layers
        self.layers = nn.ModuleList(
            GraphLayer(*each, mended=not config.faithful, last=number == config.layers)
            for number, each in enumerate(pairwise(sizes), 1)
        )
        self.head = nn.Linear(config.width, config.outputs)
        self.bend: nn.Module = nn.PReLU(config.outputs) if config.faithful else nn.Identity()

    def forward(self, means: Tensor, graphs: Sequence[GraphTensors]) -> Tensor:
        """Refines the items that the last graph ends in.

        Args:
            means: (s, inputs) means of the embeddings over the neighbourhoods of s items.
            graphs: Of each layer but the first; the sources of one are the targets of the one
                before, those of the first the s items.

        Returns:
            (t, outputs) of unit length, t = s without a further graph.
        """
        x = self.layers[0](self.enter(means))
        for layer, graph in zip(self.layers[1:], graphs, strict=True):
            x = layer(graph.mean(x))
        return self.finish(x)

    def finish(self, x: Tensor) -> Tensor:
        """(t, width) of the last layer to (t, outputs)."""
        return functional.normalize(self.bend(self.head(x)), dim=-1)


class GraphLayer(nn.Module):
    """What is made of the mean over a neighbourhood."""

    def __init__(self, before: int, after: int, *, mended: bool, last: bool) -> None:
        super().__init__()
        self.mended, self.last = mended, last
        self.out = nn.Linear(before, after)
        if mended:
            self.norm = nn.LayerNorm(after)
            nn.init.normal_(self.out.weight, std=_START)
            nn.init.zeros_(self.out.bias)

    def forward(self, mean: Tensor) -> Tensor:
        """(s, before) to (s, after)."""
        new: Tensor = self.out(mean)
        if self.mended:
            return self.norm(mean + new)
        new = functional.relu(new)
        return new if self.last else functional.normalize(new, dim=-1)


class GraphTensors:
    """A neighbour graph where torch computes, which takes means and passes gradients back."""

    def __init__(
        self,
        graph: NeighbourGraph,
        device: torch.device | str = "cpu",
        *,
        faithful: bool = False,
    ) -> None:
        self.targets = graph.targets
        self.forth = _tensors(graph, device)
        self._graph, self._device = graph, device
        self._back: Adjacency | None = None
        degree = (graph.start[1:] - graph.start[:-1]).astype(np.float32)
        own = 1 / (degree + 1) if faithful else np.full_like(degree, _OWN)
        self.own = torch.from_numpy(own)[:, None].to(device)
        self.each = torch.from_numpy((1 - own) / degree)[:, None].to(device)

    def back(self) -> Adjacency:
        """The transposed graph, made when first needed."""
        if self._back is None:
            self._back = _tensors(self._graph.transposed(), self._device)
        return self._back

    def mean(self, x: Tensor) -> Tensor:
        """(s, d) to (t, d): means over the neighbourhoods of the first t."""
        total = neighbour_sum(x, self.forth, self.back)
        if not torch.is_grad_enabled():  # in place: x and what comes out are all that is held
            return total.mul_(self.each).addcmul_(self.own, x[: self.targets])
        return self.own * x[: self.targets] + self.each * total


def _tensors(graph: NeighbourGraph, device: torch.device | str) -> Adjacency:
    """Offsets and nodes, both of the narrowest type that holds the offsets."""
    kind = torch.int32 if len(graph.neighbour) <= _MOST_INT32 else torch.int64
    start, neighbour = torch.from_numpy(graph.start[:-1]), torch.from_numpy(graph.neighbour)
    return start.to(device, kind), neighbour.to(device, kind)


@torch.no_grad()
def refine_graph(
    network: GraphNetwork,
    rows: Float32,
    graph: NeighbourGraph,
    *,
    tick: Callable[[float], None] = lambda done: None,
) -> Float32:
    """Refines all items of a graph, where the network is.

    Args:
        network: Trained.
        rows: (n, inputs) float32 of unit length.
        graph: Of these n.
        tick: Called with the share done.

    Returns:
        (n, outputs) float32 of unit length. Each layer takes O(edges x width) time; memory is
        three times n x width floats at most, the graph, and what comes out.
    """
    network.eval()
    device = network.head.weight.device
    tensors = GraphTensors(graph, device, faithful=network.config.faithful)
    steps = len(network.layers) + 2
    x = torch.empty(len(rows), network.config.entered, device=device)
    for block in _blocks(len(rows)):
        x[block] = network.enter(torch.tensor(rows[block], device=device))  # may be read-only
    tick(1 / steps)
    for number, layer in enumerate(network.layers, 2):
        mean = tensors.mean(x)
        if x.shape[1] != network.config.width:
            x = torch.empty(len(rows), network.config.width, device=device)
        for block in _blocks(len(rows)):
            x[block] = layer(mean[block])
        del mean
        tick(number / steps)
    out = np.empty((len(rows), network.config.outputs), np.float32)
    for block in _blocks(len(rows)):
        out[block] = network.finish(x[block]).cpu().numpy()
    tick(1.0)
    return out


def _blocks(n: int) -> Iterator[slice]:
    for start in range(0, n, _ROWS):
        yield slice(start, start + _ROWS)
