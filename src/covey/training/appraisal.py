"""Training of the appraiser, in torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

from covey.models.network import Network
from covey.training.examples import CutExamples
from covey.training.trainable import TrainableNetwork
from covey.types import UsageError

_JITTER = 0.05  # noise on the signs, in standard deviations
_SURE = 0.002  # targets are kept so far from 0 and 1


@dataclass(frozen=True, slots=True)
class AppraisalSchedule:
    """How long and how fast to train.

    Attributes:
        steps: Of the optimiser.
        batch: Clusterings for each step.
        width: Hidden units of either hidden layer.
        rate: Highest learning rate, of a one-cycle schedule.
        decay: Weight decay.
        seed: Of weights and draws.
    """

    steps: int = 2500
    batch: int = 512
    width: int = 32
    rate: float = 3e-3
    decay: float = 1.0
    seed: int = 0


def train_appraiser(
    examples: Sequence[CutExamples],
    schedule: AppraisalSchedule,
    *,
    tell: Callable[[int, float], None] = lambda step, loss: None,
) -> Network:
    """Fits log odds of precision and recall to signs, by binary cross-entropy.

    Args:
        examples: Views, each with the same recipes and cuts.
        schedule: How long and how fast.
        tell: Called after each step with the step and its loss.

    Returns:
        The network.

    Raises:
        UsageError: If there are no examples.
    """
    if not examples:
        raise UsageError("there is nothing to train on: no view was clustered")
    torch.manual_seed(schedule.seed)
    signs = np.concatenate([e.signs.reshape(-1, e.signs.shape[-1]) for e in examples])
    truth = np.concatenate([e.truth.reshape(-1, 2) for e in examples])
    network = TrainableNetwork(signs.shape[1], schedule.width, 2)
    network.fit_scale([signs])
    inputs = torch.from_numpy(signs.astype(np.float32))
    targets = torch.from_numpy(truth.astype(np.float32)).clamp(_SURE, 1 - _SURE)
    optimiser = torch.optim.AdamW(network.parameters(), schedule.rate, weight_decay=schedule.decay)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, schedule.rate, total_steps=schedule.steps + 1
    )
    for step in range(schedule.steps):
        drawn = torch.randint(len(inputs), (schedule.batch,))
        jitter = _JITTER * network.scale * torch.randn(schedule.batch, inputs.shape[1])
        odds = network(inputs[drawn] + jitter)
        loss = functional.binary_cross_entropy_with_logits(odds, targets[drawn])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        cycle.step()
        tell(step + 1, float(loss.detach()))
    return network.as_arrays()
