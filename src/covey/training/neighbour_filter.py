"""Training of Ada-NETS' filter: how many candidates an item should keep, learned from labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from covey.labelled_rows import LabelledRows
from covey.models.ada_nets_config import SCORES, AdaNETSConfig
from covey.models.neighbour_filter import NeighbourFilter, filtered_lengths, scores_of
from covey.models.neighbour_quality import best_lengths, neighbour_quality
from covey.models.ordered_lists import OrderedLists, candidates, ordered_lists
from covey.training.ada_nets_plan import AdaNETSPlan
from covey.training.loop import Checkpoint, fit
from covey.training.watch import Watch
from covey.types import Float32, Int64


@dataclass(frozen=True, slots=True)
class FilterValidation:
    """How far the lengths of lists that are not learned from are off.

    Attributes:
        error: Mean of |k / k_off - 1|, of the lengths that the filter gives.
        of_mean: The same if all had the mean of the best lengths of what was learned from.
        of_constant: The same of the one length that makes it least there.
    """

    error: float
    of_mean: float
    of_constant: float

    def told(self) -> str:
        """In words, for progress."""
        return f"lengths off by {self.error:.0%}, one length for all by {self.of_constant:.0%}"


@dataclass(frozen=True, slots=True)
class RatedLists:
    """Lists of labelled items.

    Attributes:
        rows: (n, inputs) float32 of unit length.
        lists: Their candidates.
        best: (n,) int64 the best length of each list, k_off.
    """

    rows: Float32
    lists: OrderedLists
    best: Int64


def train_neighbour_filter(
    learned: LabelledRows,
    watched: LabelledRows | None,
    config: AdaNETSConfig,
    plan: AdaNETSPlan,
    watch: Watch[FilterValidation] | None = None,
    *,
    device: str = "cpu",
) -> tuple[NeighbourFilter, Checkpoint]:
    """Trains a filter; of its validations the one of least relative error is kept.

    Args:
        learned: What it learns from; candidates are looked for among these rows alone. Negative
            labels are of nobody.
        watched: Items of other groups, to see when it is best; without, the last weights are kept.
        config: The whole.
        plan: The training.
        watch: Progress, and how to go on.
        device: Where torch computes.

    Returns:
        The filter and its last checkpoint, whose score is minus the relative error.
    """
    watch = watch or Watch()
    schedule = plan.filter_schedule
    torch.manual_seed(schedule.seed)
    rated = rated_lists(learned, config)
    network = new_filter(rated, config).to(device)
    n = len(rated.rows)

    def loss_of(rng: np.random.Generator) -> Tensor:
        torch.manual_seed(int(rng.integers(2**62)))  # of dropout, so that a resumed run is the same
        return filter_loss(network, rated, rng.choice(n, min(plan.lists, n), replace=False))

    other = None if watched is None else rated_lists(watched, config)
    seen: list[FilterValidation] = []

    def validate() -> float:
        assert other is not None
        seen.append(validate_filter(network, other, rated))
        return -seen[-1].error

    def tell(step: int, loss: float, score: float | None) -> None:
        watch.tell(step, loss, None if score is None or other is None else seen[-1])

    last = fit(
        network,
        loss_of,
        schedule,
        validate=None if other is None else validate,
        start=watch.start,
        tell=tell,
        keep=watch.keep,
    )
    return network, last


def rated_lists(items: LabelledRows, config: AdaNETSConfig) -> RatedLists:
    """The candidates of labelled items among themselves, and how many of them are best."""
    lists = ordered_lists(items.rows, candidates(items.rows, config), config)
    quality = neighbour_quality(lists.items, items.labels, config.beta)
    return RatedLists(items.rows, lists, best_lengths(quality))


def new_filter(learned: RatedLists, config: AdaNETSConfig) -> NeighbourFilter:
    """A filter that has learned nothing yet: about the mean length, whatever the list."""
    network = NeighbourFilter(config)
    if not config.faithful:
        some = scores_of(learned.lists, slice(None)).reshape(-1, SCORES).astype(np.float64)
        network.mean.copy_(torch.from_numpy(some.mean(axis=0)))
        network.scale.copy_(torch.from_numpy(1 / np.maximum(some.std(axis=0), 1e-6)))
    torch.nn.init.constant_(network.out.bias, float(learned.best.mean()) / config.k)
    return network


def filter_loss(network: NeighbourFilter, rated: RatedLists, items: Int64) -> Tensor:
    """Huber loss of the relative error r / r_off - 1 of some lists."""
    wanted = rated.best[items] / network.config.k
    found = network(network.tokens_of(rated.rows, rated.lists, items))
    off = found / torch.from_numpy(wanted.astype(np.float32)).to(found.device) - 1
    return functional.huber_loss(off, torch.zeros_like(off))


def validate_filter(
    network: NeighbourFilter, watched: RatedLists, learned: RatedLists
) -> FilterValidation:
    """Looks at lists of groups that are not learned from."""
    found = filtered_lengths(network, watched.rows, watched.lists)
    mean = np.round(learned.best.mean())
    constant = best_constant(learned.best)
    return FilterValidation(*(relative_error(k, watched.best) for k in (found, mean, constant)))


def relative_error(lengths: Int64 | float, best: Int64) -> float:
    """Mean of |k / k_off - 1|."""
    return float(np.abs(lengths / best - 1).mean())


def best_constant(best: Int64) -> int:
    """The length of least relative error for all: the median, each weighted by 1 / k_off."""
    order = np.sort(best)
    weight = np.cumsum(1 / order)
    return int(order[np.searchsorted(weight, weight[-1] / 2)])
