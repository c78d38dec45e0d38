"""Training of the linkage GCN on labelled items, part of whose groups is held out to watch it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from covey.graph import knn_to_edges, nearest
from covey.knn import build_knn_graph
from covey.labelled_rows import LabelledRows
from covey.models.linkage_gcn import LinkageGCN, PivotTensors, graphs_of, score_links
from covey.models.linkage_gcn_config import LinkageGCNConfig, LinkLoss, Sampling
from covey.training.b_attention import principal_axes
from covey.training.link_curve import CurvePoint, LinkFit, judge_links
from covey.training.link_losses import link_loss
from covey.training.loop import Checkpoint, Schedule, fit
from covey.training.riws import density, draw_first_hops
from covey.training.watch import Validation, Watch, validate_edges

_SHOWN = 1000  # centres of what is learned from whose links a curve shows


@dataclass(frozen=True, slots=True)
class LinkagePlan:
    """How a linkage GCN is trained.

    Attributes:
        schedule: How long and how fast.
        sampling: How first hops are drawn: "riws", or one of its rivals.
        pool: Neighbours that they are drawn from, as a multiple of the config's `near` (r); "none"
            takes the nearest.
        loss: "ce", or one of its rivals.
        centres: Random centres of a batch, each with its whole sub-graph.
    """

    schedule: Schedule = field(default_factory=Schedule)
    sampling: Sampling = "riws"
    pool: float = 2.0
    loss: LinkLoss = "ce"
    centres: int = 32

    @classmethod
    def published(cls, **changes: Any) -> LinkagePlan:
        """The authors' batches and optimiser: gradient descent with momentum, 16 centres.

        Their schedule is four passes over all items, a tenth as fast after each; here the rate
        falls as a cosine over `steps`, of which n / 4 are as many. (By our notes the pool of the
        paper is unknown, at most 2.5, and the scripts that they published leave RIWS off.)
        """
        theirs = {"schedule": Schedule(rate=0.01, decay=1e-4, optimiser="sgd"), "centres": 16}
        return cls(**{**theirs, **changes})


def train_linkage_gcn(
    learned: LabelledRows,
    watched: LabelledRows | None,
    config: LinkageGCNConfig,
    plan: LinkagePlan,
    watch: Watch | None = None,
    *,
    record: Callable[[CurvePoint], None] | None = None,
    device: str = "cpu",
) -> tuple[LinkageGCN, Checkpoint]:
    """Trains a network; of its validations the best is kept.

    Args:
        learned: What it learns from, negative labels for items that belong with nobody; neighbours
            are looked for among these rows alone, as they will be in another collection.
        watched: Items of other groups, to see when it is best; without, the last weights are kept.
        config: The network and its sub-graphs.
        plan: The training.
        watch: Progress, and how to go on.
        record: Called at each validation with what a curve shows; of learned and watched items both
            the links to their nearest, no matter what is drawn to learn from. It changes nothing.
        device: Where torch computes.

    Returns:
        The network and its last checkpoint.
    """
    watch = watch or Watch()
    torch.manual_seed(plan.schedule.seed)
    network = LinkageGCN(config)
    if network.axes is not None:
        network.axes.copy_(principal_axes(learned.rows, config.entered))
    network.to(device)
    n = len(learned.rows)
    wanted = config.near if plan.sampling == "none" else max(1, int(plan.pool * config.near))
    knn = build_knn_graph(learned.rows, min(max(wanted, config.near), n - 1))
    pool, dense = knn.indices[:, :wanted], torch.from_numpy(density(knn.similarities, config.near))
    entered = network.enter(learned.rows)

    def loss_of(rng: np.random.Generator) -> Tensor:
        centres = rng.choice(n, min(plan.centres, n), replace=False)
        same = learned.together(centres, pool[centres])
        first = draw_first_hops(plan.sampling, pool[centres], same, config.near, rng)
        graphs = graphs_of(config, knn.indices, centres, first)
        odds = network(entered, PivotTensors(graphs, device))
        there = first >= 0
        same = learned.together(centres, first)[there]
        return link_loss(
            plan.loss,
            odds[torch.from_numpy(there).to(device)],
            torch.from_numpy(same).to(device),
            dense[first[there]].to(device),
        )

    shown = np.random.default_rng(plan.schedule.seed).permutation(n)[:_SHOWN]
    other = None if watched is None else _Watched(watched, config.near)

    def tell(step: int, loss: float, score: float | None) -> None:
        due = score is not None
        watch.tell(step, loss, other.validation if due and other is not None else None)
        if due and record is not None:
            links = nearest(knn, config.near)
            scores = score_links(network, learned.rows, links, centres=shown)
            fitted = judge_links(scores, learned.together(shown, links.indices[shown]))
            record(CurvePoint(step, fitted, None if other is None else other.fitted))

    last = fit(
        network,
        loss_of,
        plan.schedule,
        validate=None if other is None else lambda: other.validate(network),
        start=watch.start,
        tell=tell,
        keep=watch.keep,
    )
    return network, last


class _Watched:
    """Items of groups that are not learned from, and how their links came out last."""

    validation: Validation
    fitted: LinkFit

    def __init__(self, items: LabelledRows, near: int) -> None:
        self.items = items
        self.knn = build_knn_graph(items.rows, min(near, len(items.rows) - 1))
        everyone = np.arange(len(items.rows))
        self.same = items.together(everyone, self.knn.indices)

    def validate(self, network: LinkageGCN) -> float:
        """Average precision of their edges, both directions of a link averaged."""
        scores = score_links(network, self.items.rows, self.knn)
        self.fitted = judge_links(scores, self.same)
        self.validation = validate_edges(knn_to_edges(self.knn, score=scores), self.items.labels)
        return self.validation.average_precision
