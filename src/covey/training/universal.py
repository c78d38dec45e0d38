"""Training of the universal scorer, in torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import Tensor
from torch.nn import functional

from covey.models.network import Network
from covey.training.examples import EdgeExamples
from covey.training.trainable import TrainableNetwork
from covey.types import UsageError

_HELD_OUT = 12  # one view in so many validates
_NEWTON = 12  # steps to the level of a view
_VALIDATED = 500  # steps between validations


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        steps: Of the optimiser.
        views: Drawn for each step, with equal chance whatever their size.
        items: Drawn of each view.
        width: Hidden units of either hidden layer.
        rate: Highest learning rate, of a one-cycle schedule.
        decay: Weight decay.
        seed: Of weights and draws.
    """

    steps: int = 1500
    views: int = 16
    items: int = 24
    width: int = 32
    rate: float = 3e-3
    decay: float = 0.02
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Validation:
    """Means over the views that were held out.

    Attributes:
        loss: Binary cross-entropy at the best level of each view, nats an edge.
        precision: Average precision of edges.
        cosine: That of the plain similarity on the same edges.
    """

    loss: float
    precision: float
    cosine: float


def train_scorer(
    examples: Sequence[EdgeExamples],
    schedule: Schedule,
    *,
    start: Network | None = None,
    tell: Callable[[int, float, Validation | None], None] = lambda step, loss, validation: None,
) -> Network:
    """Fits a network to the examples: binary cross-entropy at the best level of each view.

    Args:
        examples: Views; one in 12 is held out for validation where there are as many.
        schedule: How long and how fast.
        start: Weights to go on from, scales included; random ones if None.
        tell: Called after each step with the step, its loss, and the validation if there was one:
            every 500 steps and after the last.

    Returns:
        The network.

    Raises:
        UsageError: If there are no examples.
    """
    used, held = split_examples(examples)
    if not used:
        raise UsageError("there is nothing to train on: no view has a pair of neighbours")
    torch.manual_seed(schedule.seed)
    if start is not None:
        network = TrainableNetwork.of(start)
    else:
        network = TrainableNetwork(used[0].features.shape[2], schedule.width, 1)
        network.fit_scale([e.features[:, ::11] for e in used])
    optimiser = torch.optim.AdamW(network.parameters(), schedule.rate, weight_decay=schedule.decay)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, schedule.rate, total_steps=schedule.steps + 1
    )
    for step in range(schedule.steps):
        features, together = _draw(used, schedule, np.random.default_rng([schedule.seed, step]))
        odds = network(features)[..., 0]
        level = level_of_views(odds, together)
        loss = functional.binary_cross_entropy_with_logits(odds + level, together)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        cycle.step()
        due = (step + 1) % _VALIDATED == 0 or step + 1 == schedule.steps
        found = validate(network.as_arrays(), held) if due and held else None
        tell(step + 1, float(loss.detach()), found)
    return network.as_arrays()


def level_of_views(odds: Tensor, together: Tensor) -> Tensor:
    """(v, 1, 1) what to add to the log odds of each view so that their mean probability is right.

    How many edges are right is a matter of what the user calls a group: intents or topics, persons
    or families. What an edge looks like cannot tell, so the network is not asked: its loss is that
    at the best level of each view. There the loss does not change with the level, so that its
    gradient is that of the network alone.

    Args:
        odds, together: (v, b, k) log odds and truth.
    """
    with torch.no_grad():
        share = together.mean((1, 2), keepdim=True).clamp(0.002, 0.998)
        level = torch.zeros_like(share)
        for _ in range(_NEWTON):
            p = torch.sigmoid(odds + level)
            slope = (p * (1 - p)).mean((1, 2), keepdim=True).clamp(min=0.01)
            level += ((share - p.mean((1, 2), keepdim=True)) / slope).clamp(-2, 2)
        return level


def split_examples(
    examples: Sequence[EdgeExamples],
) -> tuple[list[EdgeExamples], list[EdgeExamples]]:
    """Views to train on, and those held out for validation."""
    marks = [number % _HELD_OUT == _HELD_OUT // 2 for number in range(len(examples))]
    used = [e for e, held in zip(examples, marks, strict=True) if not held]
    return used, [e for e, held in zip(examples, marks, strict=True) if held]


def validate(network: Network, held: Sequence[EdgeExamples]) -> Validation:
    """Measures a network on views that it was not trained on."""
    found = []
    for e in held:
        if e.together.all() or not e.together.any():
            continue
        odds = torch.from_numpy(network(e.features.astype(np.float32))[..., 0])[None]
        together = torch.from_numpy(e.together.astype(np.float32))[None]
        odds = odds + level_of_views(odds, together)
        loss = functional.binary_cross_entropy_with_logits(odds, together)
        scores = odds.numpy().ravel(), e.features[..., 0].astype(np.float32).ravel()
        precisions = [average_precision_score(e.together.ravel(), score) for score in scores]
        found.append((float(loss), *precisions))
    means = np.mean(found, axis=0) if found else np.full(3, np.nan)
    return Validation(*(float(mean) for mean in means))


def _draw(
    examples: Sequence[EdgeExamples], schedule: Schedule, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """(v, b, k, f) features and (v, b, k) truth of a few items of a few views.

    Lists are cut to those of the shortest view drawn.
    """
    drawn = [examples[i] for i in rng.integers(len(examples), size=schedule.views)]
    k = min(e.together.shape[1] for e in drawn)
    parts = []
    for e in drawn:
        items = rng.integers(len(e.together), size=schedule.items)
        parts.append((e.features[items, :k], e.together[items, :k]))
    features, together = (np.stack(column) for column in zip(*parts, strict=True))
    return torch.from_numpy(features.astype(np.float32)), torch.from_numpy(
        together.astype(np.float32)
    )


def faster(schedule: Schedule, steps: int) -> Schedule:
    """The schedule of a fine-tuning: fewer steps at a third of the rate."""
    return replace(schedule, steps=steps, rate=schedule.rate / 3)
