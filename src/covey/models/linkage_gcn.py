"""Linkage GCN: whether a centre and each of its neighbours belong together, read off a sub-graph.

(Linkage-based Face Clustering via Graph Convolution Network, Wang et al., CVPR 2019; the base of
GCN-Based Linkage Prediction for Face Clustering on Imbalanced Datasets, Yang et al., 2021, arXiv
2107.02477. Formulas and sizes from our notes on the published code; "mended" says where this
differs.)

    nodes         of the pivot sub-graph of a centre c, see `pivot_graphs`
    features      H0 = BatchNorm(x_j - x_c) without scale    mended: of [x_j - x_c, its length]
    convolution   H' = ReLU([H, A H] W + b), A H the mean over the nodes that one is joined to
    link          of each node of the first hop: Linear, channel-wise PReLU, Linear, logistic

Mended, too: no place is padded, so that BatchNorm sees real nodes alone; embeddings of more
dimensions are reduced to their principal axes first; the two logits of the published classifier, of
which only the difference counts, are one.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from covey.models.linkage_gcn_config import CENTRES, LinkageGCNConfig
from covey.models.neighbour_sum import neighbour_sum
from covey.models.pivot_graphs import PivotGraphs, pivot_graphs
from covey.types import Float32, IntArray, KnnGraph, UsageError

_ENTERED = 65_536  # embeddings that are reduced at a time


class LinkageGCN(nn.Module):
    """Maps pivot sub-graphs to log odds of their centres' links."""

    axes: Tensor | None
    mean: Tensor
    variance: Tensor

    def __init__(self, config: LinkageGCNConfig) -> None:
        super().__init__()
        self.config = config
        reduces = config.inputs > config.entered
        self.register_buffer("axes", torch.eye(config.entered, config.inputs) if reduces else None)
        sizes = (config.features, *config.hidden)
        self.register_buffer("mean", torch.zeros(config.features))
        self.register_buffer("variance", torch.ones(config.features))
        self.convolutions = nn.ModuleList(Convolution(*each) for each in pairwise(sizes))
        last = sizes[-1]
        self.classify = nn.Sequential(nn.Linear(last, last), nn.PReLU(last), nn.Linear(last, 1))

    def forward(self, entered: Tensor, graphs: PivotTensors) -> Tensor:
        """Log odds that centres belong with the items of their first hops.

        Args:
            entered: (n, config.entered) embeddings as `enter` gives them.
            graphs: b sub-graphs of these, first hops of h entries.

        Returns:
            (b, h); what stands where the first hop has no entry means nothing.
        """
        x = entered.index_select(0, graphs.item) - entered.index_select(0, graphs.centre)
        if self.config.length:
            x = torch.cat([x, torch.linalg.vector_norm(x, dim=1, keepdim=True)], dim=1)
        # BatchNorm1d, but for its count of batches, which weights in files have no use for.
        x = functional.batch_norm(x, self.mean, self.variance, training=self.training)
        for convolution in self.convolutions:
            x = convolution(x, graphs)
        links = x.index_select(0, graphs.link.clamp(min=0).flatten())
        odds: Tensor = self.classify(links)
        return odds.reshape(graphs.link.shape)

    @torch.no_grad()
    def enter(self, rows: Float32) -> Tensor:
        """(n, inputs) embeddings as the network reads them, (n, config.entered), on its device."""
        device = self.mean.device
        out = torch.empty(len(rows), self.config.entered, device=device)
        for start in range(0, len(rows), _ENTERED):
            some = rows[start : start + _ENTERED]  # may be read-only
            part = torch.tensor(some, dtype=torch.float32, device=device)
            out[start : start + _ENTERED] = part if self.axes is None else part @ self.axes.T
        return out


class Convolution(nn.Module):
    """One graph convolution: ReLU([H, A H] W + b)."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(after, 2 * before))
        self.bias = nn.Parameter(torch.zeros(after))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x: Tensor, graphs: PivotTensors) -> Tensor:
        """(v, before) to (v, after)."""
        own, others = self.weight.split(x.shape[1], dim=1)  # A (H W) for (A H) W, which is dearer
        mean = graphs.mean(functional.linear(x, others))
        return functional.relu(functional.linear(x, own, self.bias) + mean)


class PivotTensors:
    """Pivot sub-graphs where torch computes."""

    def __init__(self, graphs: PivotGraphs, device: torch.device | str = "cpu") -> None:
        self.item = torch.from_numpy(graphs.item).to(device)
        self.centre = torch.from_numpy(graphs.centre).to(device)
        self.link = torch.from_numpy(graphs.link).to(device)
        start, neighbour = torch.from_numpy(graphs.start[:-1]), torch.from_numpy(graphs.neighbour)
        self.adjacency = start.to(device), neighbour.to(device)
        degree = np.maximum(np.diff(graphs.start), 1).astype(np.float32)
        self.share = torch.from_numpy(1 / degree)[:, None].to(device)

    def mean(self, x: Tensor) -> Tensor:
        """(v, d) to (v, d): the mean over the nodes that each is joined to, 0 without any."""
        return self.share * neighbour_sum(x, self.adjacency, lambda: self.adjacency)  # symmetric


@torch.no_grad()
def score_links(
    network: LinkageGCN,
    rows: Float32,
    knn: KnnGraph,
    *,
    centres: IntArray | None = None,
    batch: int = CENTRES,
    tick: Callable[[float], None] = lambda done: None,
) -> Float32:
    """Scores every entry of neighbour lists.

    Args:
        network: Trained.
        rows: (n, inputs) float of unit length.
        knn: Their k neighbours, without the item itself: `near` of the network's config, as it was
            trained on, though any k will do.
        centres: (c,) items whose lists are scored; all n if None.
        batch: Centres at a time; memory is n x `config.entered` floats and, for each centre, at
            most 1 + k + k k2 nodes times the widest layer, a few times over.
        tick: Called with the share done.

    Returns:
        (c, k) float32 in [0, 1]: by what the centre sees, the probability that both belong
        together. Not calibrated, and not the same in both directions: `graph.knn_to_edges` takes
        the mean.

    Raises:
        UsageError: If the lists include the item itself.
    """
    if knn.includes_self:
        raise UsageError("the lists must not include the item itself: drop their first column")
    centres = np.arange(knn.n) if centres is None else centres
    scores = np.empty((len(centres), knn.k), np.float32)
    if not knn.k:
        return scores
    network.eval()
    entered = network.enter(rows)
    for start in range(0, len(centres), batch):
        some = centres[start : start + batch]
        graphs = graphs_of(network.config, knn.indices, some, knn.indices[some])
        odds = network(entered, PivotTensors(graphs, entered.device))
        scores[start : start + batch] = torch.sigmoid(odds).cpu().numpy()
        tick(min(1.0, (start + batch) / len(centres)))
    return scores


def graphs_of(
    config: LinkageGCNConfig, indices: IntArray, centres: IntArray, first: IntArray
) -> PivotGraphs:
    """The sub-graphs of some centres as a config wants them, for training and scoring alike."""
    return pivot_graphs(indices, centres, first, second=config.second, active=config.active)
