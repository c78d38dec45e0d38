"""Training of B-Attention on labelled items, part of whose groups is held out to watch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from covey.graph import knn_to_edges, nearest, symmetric_sets
from covey.knn import build_knn_graph
from covey.metrics.edges import average_precision
from covey.models.b_attention import BAttentionNetwork, gather, refine
from covey.models.b_attention_config import BAttentionConfig
from covey.models.refiner import REFINED_NEIGHBOURS
from covey.training.loop import Checkpoint, Schedule, fit
from covey.training.losses import Negatives, hinge, supervised_contrastive
from covey.training.samplers import groups_and_items, seeds_and_neighbours
from covey.types import Float32, Int64, IntArray


@dataclass(frozen=True, slots=True)
class BAttentionPlan:
    """How B-Attention is trained.

    Attributes:
        schedule: How long and how fast.
        loss: "contrastive", or the published hinge.
        negatives: Pairs that the hinge pushes apart; "hardest" is published.
        seeds, near: Random items of a batch, and neighbours of each.
        pool: Neighbours that these are drawn from.
        groups, items: Random groups of a batch, and items of each, on top; none as published.
        dropped: Chance of each dimension of the embeddings to be left out of a batch.
    """

    schedule: Schedule = field(default_factory=Schedule)
    loss: Literal["contrastive", "hinge"] = "contrastive"
    negatives: Negatives = "all"
    seeds: int = 16
    near: int = 12
    pool: int = 40
    groups: int = 16
    items: int = 4
    dropped: float = 0.2


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Embeddings with their groups.

    Attributes:
        rows: (n, d) float32 of unit length.
        labels: (n,) int64 group of each.
    """

    rows: Float32
    labels: Int64

    def of(self, chosen: NDArray[np.bool_]) -> LabelledRows:
        """The rows that are chosen."""
        return LabelledRows(self.rows[chosen], self.labels[chosen])


def train_b_attention(
    learned: LabelledRows,
    watched: LabelledRows,
    config: BAttentionConfig,
    plan: BAttentionPlan,
    *,
    start: Checkpoint | None = None,
    tell: Callable[[int, float, float | None], None] = lambda step, loss, score: None,
    keep: Callable[[Checkpoint], None] = lambda checkpoint: None,
    device: str = "cpu",
) -> tuple[BAttentionNetwork, Checkpoint]:
    """Trains a network; of its validations the best is kept.

    Args:
        learned: What it learns from; neighbours are looked for among these rows alone, as they
            will be in another collection.
        watched: Items of other groups; the average precision of edges among them after refining
            says when to stop. Without items the last weights are taken.
        config: The network.
        plan: The training.
        start: A run to go on with.
        tell: Called after each step with the step, its loss, and the validation if there was one.
        keep: Called after each validation with what is needed to go on.
        device: Where torch computes.

    Returns:
        The network and its last checkpoint.
    """
    torch.manual_seed(plan.schedule.seed)
    network = BAttentionNetwork(config)
    if isinstance(network.enter, nn.Linear) and config.inputs > config.width:
        network.enter.weight.data.copy_(principal_axes(learned.rows, config.width))
    network.to(device)
    knn = build_knn_graph(learned.rows, min(max(config.tests, plan.pool), len(learned.rows) - 1))
    sets = torch.from_numpy(symmetric_sets(nearest(knn, config.tests - 1), config.tests))
    pool: IntArray = knn.indices[:, : plan.pool]
    rows = torch.from_numpy(learned.rows).to(device)
    codes = np.unique(learned.labels, return_inverse=True)[1].astype(np.int64)
    groups = torch.from_numpy(codes)

    def loss_of(rng: np.random.Generator) -> Tensor:
        drawn = seeds_and_neighbours(pool, rng, seeds=plan.seeds, near=plan.near)
        more = groups_and_items(codes, rng, groups=plan.groups, items=plan.items)
        drawn = np.union1d(drawn, more)
        members, real = gather(rows, sets[drawn].to(device))
        left = rng.random(rows.shape[1]) >= plan.dropped
        members = members * torch.from_numpy((left / (1 - plan.dropped)).astype(np.float32)).to(
            device
        )
        refined = network(members, real)
        same = (groups[drawn][:, None] == groups[drawn][None]).to(device)
        cosine = refined @ refined.T
        if plan.loss == "contrastive":
            return supervised_contrastive(cosine, same)
        return hinge(cosine, same, negatives=plan.negatives)

    validate = _validation(network, watched) if len(watched.rows) > 2 else None
    last = fit(
        network, loss_of, plan.schedule, validate=validate, start=start, tell=tell, keep=keep
    )
    return network, last


def local_sets_of(rows: Float32, members: int, *, threads: int | None = None) -> IntArray:
    """(n, members) local sets of a collection, as training makes them."""
    knn = build_knn_graph(rows, max(1, min(members, len(rows)) - 1), threads=threads)
    return symmetric_sets(knn, members)


def principal_axes(rows: Float32, count: int) -> Tensor:
    """(count, d) right singular vectors of the rows, not centred: angles change least."""
    moment = rows.T.astype(np.float64) @ rows
    axes = np.linalg.eigh(moment)[1][:, ::-1][:, :count]
    return torch.from_numpy(np.ascontiguousarray(axes.T, np.float32))


def _validation(network: BAttentionNetwork, watched: LabelledRows) -> Callable[[], float]:
    sets = local_sets_of(watched.rows, network.config.tests)

    def score() -> float:
        refined = refine(network, watched.rows, sets)
        knn = build_knn_graph(refined, min(REFINED_NEIGHBOURS, len(refined) - 1))
        return average_precision(knn_to_edges(knn), watched.labels)

    return score
