"""Training of Ada-NETS on labelled items: the graph network, on the graph that the filter makes.

The published network learns on a plain graph of 256 neighbours and is used on a filtered one. Here
it learns on a graph like those that it will be used on: of structure space and the filter's
lengths. That is sound where the filter is as good on other groups as on those that it was trained
on, which the published one is not, see `neighbour_filter`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn

from covey.labelled_rows import LabelledRows
from covey.models.ada_nets import AdaNETSNetwork, graph_of, list_lengths
from covey.models.ada_nets_config import AdaNETSConfig
from covey.models.graph_network import GraphTensors, refine_graph
from covey.models.neighbour_filter import NeighbourFilter
from covey.models.neighbour_graph import NeighbourGraph, gather_hops, neighbour_graph
from covey.models.neighbour_quality import best_fixed_length, neighbour_quality
from covey.models.ordered_lists import candidates, ordered_lists
from covey.training.ada_nets_plan import AdaNETSPlan
from covey.training.b_attention import principal_axes
from covey.training.loop import Checkpoint, fit
from covey.training.watch import Validation, Watch, validate_rows
from covey.types import Int64, UsageError


def train_ada_nets(
    learned: LabelledRows,
    watched: LabelledRows | None,
    config: AdaNETSConfig,
    plan: AdaNETSPlan,
    watch: Watch | None = None,
    *,
    neighbour_filter: NeighbourFilter | None = None,
    device: str = "cpu",
) -> tuple[AdaNETSNetwork, Checkpoint]:
    """Trains the network on the graph that the lists make; its best validation is kept.

    Args:
        learned: What it learns from, as for the filter.
        watched: Items of other groups, to see when it is best; without, the last weights are kept.
        config: The whole.
        plan: The training.
        watch: Progress, and how to go on. Checkpoints hold the graph network, not the filter.
        neighbour_filter: Trained; for adaptive lengths. It is not trained further.
        device: Where torch computes.

    Returns:
        Both parts as one network, whose config tells the fixed length that was chosen, and the last
        checkpoint, whose score is the average precision of edges.

    Raises:
        UsageError: If lengths are adaptive without a filter.
    """
    if config.length == "adaptive" and neighbour_filter is None:
        raise UsageError("adaptive lengths need a filter: train one, or choose another length")
    watch = watch or Watch()
    torch.manual_seed(plan.schedule.seed)
    knn = candidates(learned.rows, replace(config, k=max(config.k, plan.pool + 1)))
    lists = ordered_lists(learned.rows, knn, config)
    codes = _codes(learned.labels)
    if config.length == "fixed" and config.fixed is None:
        quality = neighbour_quality(lists.items, codes, config.beta)
        config = replace(config, fixed=best_fixed_length(quality))
    network = AdaNETSNetwork(config)
    if network.filter is not None and neighbour_filter is not None:
        network.filter.load_state_dict(neighbour_filter.state_dict())
    if isinstance(network.graph.enter, nn.Linear) and config.inputs > config.entered:
        network.graph.enter.weight.data.copy_(principal_axes(learned.rows, config.entered))
    network.to(device)
    lengths = list_lengths(config, learned.rows, lists, network.filter)
    graph = neighbour_graph(lists.items, lengths)

    def tensors(graph: NeighbourGraph) -> GraphTensors:
        return GraphTensors(graph, device, faithful=config.faithful)

    means = tensors(graph).mean(torch.tensor(learned.rows, device=device))
    pool = knn.indices[:, : plan.pool]

    def loss_of(rng: np.random.Generator) -> Tensor:
        drawn = plan.draw(pool, codes, rng)
        nodes, hops = gather_hops(graph, drawn, config.layers - 1, rng, most=plan.most)
        kept = torch.from_numpy(plan.kept_dimensions(config.inputs, rng)).to(device)
        some = means.index_select(0, torch.from_numpy(nodes).to(device)) * kept
        return plan.loss_of(network.graph(some, [tensors(hop) for hop in hops]), codes[drawn])

    seen: list[Validation] = []

    def validate() -> float:
        assert watched is not None
        refined = refine_graph(network.graph, watched.rows, watched_graph)
        seen.append(validate_rows(refined, watched.labels))
        return seen[-1].average_precision

    def tell(step: int, loss: float, score: float | None) -> None:
        watch.tell(step, loss, None if score is None or watched is None else seen[-1])

    if watched is not None:
        watched_graph = graph_of(network, watched.rows)
    last = fit(
        network.graph,
        loss_of,
        plan.schedule,
        validate=None if watched is None else validate,
        start=watch.start,
        tell=tell,
        keep=watch.keep,
    )
    network.eval()
    return network, last


def _codes(labels: Int64) -> Int64:
    """(n,) int64 groups from 0; those of nobody are each alone."""
    alone = labels < 0
    codes = labels.copy()
    codes[alone] = labels.max(initial=-1) + 1 + np.arange(np.count_nonzero(alone))
    return np.unique(codes, return_inverse=True)[1].astype(np.int64)
