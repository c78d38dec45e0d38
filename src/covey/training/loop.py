"""The one training loop: schedule, clipping, averaged weights, early stopping, resuming."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

_MOMENTUM = 0.9

Part = Callable[[], Tensor]
"""Computes the loss of a part of a batch."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast to train.

    Attributes:
        steps: Of the optimiser, at most.
        rate: Highest learning rate.
        optimiser: AdamW, or stochastic gradient descent with momentum .9.
        warm_up: Share of the steps in which the rate rises to it, before it falls as a cosine.
        decay: Weight decay.
        clip: Largest norm of a gradient.
        every: Steps between validations.
        patience: Validations without a better one after which training ends.
        seed: Of weights and draws.
        until: Step at which training ends early, its rates those of the whole; none if None.
        fall: Share of the steps, at the end, in which the rate falls to 0 in a straight line, after
            staying at its highest; if None it falls as a cosine from the warm-up on.
        average: Decay of an average of the weights, less in the first steps; what is validated and
            kept is the average then. None is taken at 0.
        slow: Pattern in the names of parameters that learn at `slow_share` of the rate.
        slow_share: See there.
    """

    steps: int = 400
    rate: float = 2e-3
    optimiser: Literal["adamw", "sgd"] = "adamw"
    warm_up: float = 0.1
    decay: float = 1e-4
    clip: float = 1.0
    every: int = 50
    patience: int = 4
    seed: int = 0
    until: int | None = None
    fall: float | None = None
    average: float = 0.0
    slow: str | None = None
    slow_share: float = 1.0

    @property
    def end(self) -> int:
        """The last step that may be taken."""
        return self.steps if self.until is None else min(self.until, self.steps)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All that is needed to go on.

    Attributes:
        step: Steps done.
        network: Weights now.
        best: Weights at the best validation.
        score: That validation, -inf before the first.
        best_step: When it was.
        optimiser: State of the optimiser.
        average: Averaged weights now, where they are averaged.
    """

    step: int = 0
    network: dict[str, Tensor] | None = None
    best: dict[str, Tensor] | None = None
    score: float = -math.inf
    best_step: int = 0
    optimiser: dict[str, Any] | None = None
    average: dict[str, Tensor] | None = None

    def is_over(self, schedule: Schedule) -> bool:
        """Whether nothing is left to do: all steps, or enough of them without a better one."""
        worse = (self.step - self.best_step) // schedule.every
        return self.step >= schedule.end or worse >= schedule.patience


def fit(
    network: nn.Module,
    loss_of: Callable[[np.random.Generator], Tensor | Sequence[Part]],
    schedule: Schedule,
    *,
    validate: Callable[[], float] | None = None,
    start: Checkpoint | None = None,
    tell: Callable[[int, float, float | None], None] = lambda step, loss, score: None,
    keep: Callable[[Checkpoint], None] = lambda checkpoint: None,
) -> Checkpoint:
    """Trains a network in place and leaves it at its best validation.

    Args:
        network: Its parameters are trained.
        loss_of: Draws a batch and computes its loss, or gives parts of it whose losses sum to
            that, each to be computed by a thread of its own. The generator depends on seed and
            step alone, so that a resumed run takes the same steps.
        schedule: How long and how fast.
        validate: Gives a number that should be high; the last weights are kept without it.
        start: A run to go on with, of the same schedule.
        tell: Called after each step with the step, its loss, and the validation if there was one.
        keep: Called after each validation with what is needed to go on.

    Returns:
        The last checkpoint; its `score` and `best_step` tell of the weights that were kept.
    """
    state = start or Checkpoint()
    if state.network is not None:
        network.load_state_dict(state.network)
    optimiser = _optimiser(network, schedule)
    if state.optimiser is not None:
        optimiser.load_state_dict(state.optimiser)
    mean = None
    if schedule.average:
        mean = _Average(network, schedule.average, state.average)
    for step in range(state.step, schedule.end):
        if state.is_over(schedule):
            break
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate * group["share"] * rate_factor(step, schedule)
        network.train()
        optimiser.zero_grad(set_to_none=True)
        loss = _learned(loss_of(np.random.default_rng([schedule.seed, step])))
        norm = nn.utils.clip_grad_norm_(network.parameters(), schedule.clip)
        if torch.isfinite(norm):  # a step into nowhere would end the training for good
            optimiser.step()
            if mean is not None:
                mean.take(step)
        due = (step + 1) % schedule.every == 0 or step + 1 == schedule.end
        score = None
        if due:
            weights = deepcopy(network.state_dict())
            averaged = None if mean is None else deepcopy(mean.weights)
            if averaged is not None:
                network.load_state_dict(averaged)
            score = _validated(network, validate)
            if averaged is not None:
                network.load_state_dict(weights)
            better = validate is None or score > state.score
            best = (state.best, state.score, state.best_step)
            if better:
                best = (averaged or weights, score, step + 1)
            state = Checkpoint(step + 1, weights, *best, deepcopy(optimiser.state_dict()), averaged)
            keep(state)
        tell(step + 1, loss, score)
    if state.best is not None:
        network.load_state_dict(state.best)
    network.eval()
    return state


def _learned(loss: Tensor | Sequence[Part]) -> float:
    """Adds gradients, and gives the loss."""
    if isinstance(loss, Tensor):
        loss.backward()
        return float(loss.detach())
    threads = torch.get_num_threads()
    if threads == 1 or len(loss) == 1:
        return sum(_learned(part()) for part in loss)

    def alone(part: Part) -> float:
        torch.set_num_threads(1)
        return _learned(part())

    with ThreadPoolExecutor(min(threads, len(loss))) as pool:
        total = sum(pool.map(alone, loss))
    torch.set_num_threads(threads)  # which is of all threads to come
    return total


def reduced_precision(device: str) -> torch.autocast:
    """Lets matrix products run in bfloat16 where the processor has instructions for them."""
    supported = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    fast = device != "cpu" or supported()
    return torch.autocast(torch.device(device).type, torch.bfloat16, enabled=fast)


def rate_factor(step: int, schedule: Schedule) -> float:
    """Share of the highest rate at a step, counted from 0."""
    rising = max(1, round(schedule.warm_up * schedule.steps))
    if step < rising:
        return (step + 1) / rising
    if schedule.fall is not None:
        falling = max(1, round(schedule.fall * schedule.steps))
        return min(1.0, (schedule.steps - step) / falling)
    done = (step - rising) / max(1, schedule.steps - rising)
    return 0.5 * (1 + math.cos(math.pi * done))


class _Average:
    """A running average of everything that a network holds in floats."""

    def __init__(
        self, network: nn.Module, decay: float, start: dict[str, Tensor] | None = None
    ) -> None:
        self.now, self.decay = network.state_dict(), decay  # the very tensors that are trained
        self.weights = deepcopy(self.now if start is None else start)

    @torch.no_grad()
    def take(self, step: int) -> None:
        """Takes the weights after a step, counted from 0."""
        decay = min(self.decay, (1 + step) / (10 + step))
        floats = [name for name, mean in self.weights.items() if mean.is_floating_point()]
        means, now = ([each[name] for name in floats] for each in (self.weights, self.now))
        torch._foreach_lerp_(means, now, 1 - decay)
        for name in self.weights.keys() - set(floats):
            self.weights[name].copy_(self.now[name])


def _optimiser(network: nn.Module, schedule: Schedule) -> torch.optim.Optimizer:
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        slow = schedule.slow is not None and re.search(schedule.slow, name)
        groups.setdefault(schedule.slow_share if slow else 1.0, []).append(parameter)
    parameters = [{"params": group, "share": share} for share, group in groups.items()]
    if schedule.optimiser == "sgd":
        return torch.optim.SGD(parameters, schedule.rate, _MOMENTUM, weight_decay=schedule.decay)
    return torch.optim.AdamW(parameters, schedule.rate, weight_decay=schedule.decay, fused=True)


def _validated(network: nn.Module, validate: Callable[[], float] | None) -> float:
    if validate is None:
        return math.nan
    network.eval()
    with torch.no_grad():
        return validate()
