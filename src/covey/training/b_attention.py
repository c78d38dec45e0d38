"""Training of B-Attention on labelled items, part of whose groups is held out to watch it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from covey.graph import nearest, symmetric_sets
from covey.knn import build_knn_graph
from covey.labelled_rows import LabelledRows
from covey.models.b_attention import BAttentionNetwork, refine
from covey.models.b_attention_config import BAttentionConfig
from covey.training.loop import Checkpoint, Schedule, fit, reduced_precision
from covey.training.pair_batches import PairPlan
from covey.training.watch import Validation, Watch, validate_rows
from covey.types import Float32, IntArray


@dataclass(frozen=True, slots=True)
class BAttentionPlan(PairPlan):
    """How B-Attention is trained."""

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

    def loss_of(rng: np.random.Generator) -> Tensor:
        drawn = plan.draw(pool, codes, rng)
        used, places = np.unique(sets[drawn], return_inverse=True)
        places = places.reshape(len(drawn), -1) - int(used[0] < 0)
        kept = torch.from_numpy(plan.kept_dimensions(rows.shape[1], rng)).to(device)
        some = rows[torch.from_numpy(used[used >= 0])] * kept
        with reduced_precision(device):
            refined = network(network.enter(some), torch.from_numpy(places).to(device))
        return plan.loss_of(refined.float(), codes[drawn])

    seen: list[Validation] = []

    def validate() -> float:
        assert watched is not None
        seen.append(validate_rows(refine(network, watched.rows, watched_sets), watched.labels))
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
