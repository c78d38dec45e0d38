"""Training of B-Attention on labelled items, part of whose groups is held out to watch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from covey.graph import knn_to_edges, nearest, symmetric_sets
from covey.knn import build_knn_graph
from covey.metrics.edges import average_precision
from covey.models.b_attention import BAttentionNetwork, refine
from covey.models.b_attention_config import BAttentionConfig
from covey.models.refiner import REFINED_NEIGHBOURS
from covey.training.cuts import cuts_tried, f_of
from covey.training.loop import Checkpoint, Schedule, fit
from covey.training.losses import Negatives, hinge, supervised_contrastive
from covey.training.samplers import groups_and_items, seeds_and_neighbours
from covey.types import Float32, Int64, IntArray

_DENSITIES = np.geomspace(12.0, 1.0, 6)  # edges an item at the cuts of a validation


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
        temperature: Of the contrastive loss.
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
    temperature: float = 0.1

    @classmethod
    def published(cls, **changes: Any) -> BAttentionPlan:
        """The authors' batches, loss and optimiser.

        One seed with up to 128 of its 256 nearest, the hinge, gradient descent with momentum. Their
        schedule has 100,000 steps.
        """
        theirs = {
            "schedule": Schedule(rate=0.008, decay=1e-5, optimiser="sgd"),
            "loss": "hinge",
            "negatives": "hardest",
            "seeds": 1,
            "near": 128,
            "pool": 256,
            "groups": 0,
            "dropped": 0.0,
        }
        return cls(**{**theirs, **changes})


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


@dataclass(frozen=True, slots=True)
class Validation:
    """How refined items of groups that are not learned from come out.

    Attributes:
        average_precision: Of the edges to their neighbours; says when to stop.
        f: BCubed F of the map equation's groups at the best of a few cuts.
    """

    average_precision: float
    f: float


@dataclass(frozen=True, slots=True)
class Watch:
    """Who follows a training.

    Attributes:
        tell: Called after each step with the step, its loss, and the validation if there was one.
        keep: Called after each validation with what is needed to go on.
        start: What an earlier run kept, to go on with.
    """

    tell: Callable[[int, float, Validation | None], None] = lambda step, loss, validation: None
    keep: Callable[[Checkpoint], None] = lambda checkpoint: None
    start: Checkpoint | None = None


def train_b_attention(
    learned: LabelledRows,
    watched: LabelledRows | None,
    config: BAttentionConfig,
    plan: BAttentionPlan,
    watch: Watch | None = None,
    *,
    device: str = "cpu",
) -> tuple[BAttentionNetwork, Checkpoint]:
    """Trains a network; of its validations the best is kept.

    Args:
        learned: What it learns from; neighbours are looked for among these rows alone, as they
            will be in another collection.
        watched: Items of other groups, to see when it is best; without, the last weights are kept.
        config: The network.
        plan: The training.
        watch: Progress, and how to go on.
        device: Where torch computes.

    Returns:
        The network and its last checkpoint.
    """
    watch = watch or Watch()
    torch.manual_seed(plan.schedule.seed)
    network = BAttentionNetwork(config)
    if isinstance(network.enter, nn.Linear) and config.inputs > config.width:
        network.enter.weight.data.copy_(principal_axes(learned.rows, config.width))
    network.to(device)
    knn = build_knn_graph(learned.rows, min(max(config.tests, plan.pool), len(learned.rows) - 1))
    sets = symmetric_sets(nearest(knn, config.tests - 1), config.tests)
    pool: IntArray = knn.indices[:, : plan.pool]
    rows = torch.tensor(learned.rows, device=device)
    codes = np.unique(learned.labels, return_inverse=True)[1].astype(np.int64)
    groups = torch.from_numpy(codes)

    def loss_of(rng: np.random.Generator) -> Tensor:
        drawn = seeds_and_neighbours(pool, rng, seeds=plan.seeds, near=plan.near)
        more = groups_and_items(codes, rng, groups=plan.groups, items=plan.items)
        drawn = np.union1d(drawn, more)
        used, places = np.unique(sets[drawn], return_inverse=True)
        places = places.reshape(len(drawn), -1) - int(used[0] < 0)
        left = (rng.random(rows.shape[1]) >= plan.dropped) / (1 - plan.dropped)
        some = rows[torch.from_numpy(used[used >= 0])] * torch.from_numpy(
            left.astype(np.float32)
        ).to(device)
        with reduced_precision(device):
            refined = network(network.enter(some), torch.from_numpy(places).to(device))
        refined = refined.float()
        same = (groups[drawn][:, None] == groups[drawn][None]).to(device)
        cosine = refined @ refined.T
        if plan.loss == "contrastive":
            return supervised_contrastive(cosine, same, temperature=plan.temperature)
        return hinge(cosine, same, negatives=plan.negatives)

    seen: list[Validation] = []

    def validate() -> float:
        assert watched is not None
        seen.append(_validation(refine(network, watched.rows, watched_sets), watched.labels))
        return seen[-1].average_precision

    def tell(step: int, loss: float, score: float | None) -> None:
        watch.tell(step, loss, None if score is None or watched is None else seen[-1])

    if watched is not None:
        watched_sets = local_sets_of(watched.rows, config.tests)
    last = fit(
        network,
        loss_of,
        plan.schedule,
        validate=None if watched is None else validate,
        start=watch.start,
        tell=tell,
        keep=watch.keep,
    )
    return network, last


def reduced_precision(device: str) -> torch.autocast:
    """Lets matrix products run in bfloat16 where the processor has instructions for them."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    fast = device != "cpu" or supported()
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=fast)


def local_sets_of(rows: Float32, members: int, *, threads: int | None = None) -> IntArray:
    """(n, members) local sets of a collection, as training makes them."""
    knn = build_knn_graph(rows, max(1, min(members, len(rows)) - 1), threads=threads)
    return symmetric_sets(knn, members)


def principal_axes(rows: Float32, count: int) -> Tensor:
    """(count, d) right singular vectors of the rows, not centred: angles change least."""
    moment = np.zeros((rows.shape[1], rows.shape[1]))
    for start in range(0, len(rows), 8192):
        part = rows[start : start + 8192].astype(np.float64)
        moment += part.T @ part
    axes = np.linalg.eigh(moment)[1][:, ::-1][:, :count]
    return torch.from_numpy(np.ascontiguousarray(axes.T, np.float32))


def _validation(refined: Float32, labels: Int64) -> Validation:
    edges = knn_to_edges(build_knn_graph(refined, min(REFINED_NEIGHBOURS, len(refined) - 1)))
    f = cuts_tried(edges, labels, _DENSITIES, rounds=1)[1:]
    return Validation(average_precision(edges, labels), float(f_of(*f).max()))
