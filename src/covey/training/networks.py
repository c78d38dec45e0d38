"""Each kind of network trained and applied alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from covey.labelled_rows import LabelledRows
from covey.models.ada_nets import AdaNETSNetwork, refine_rows
from covey.models.ada_nets_config import AdaNETSConfig
from covey.models.b_attention import BAttentionNetwork, refine
from covey.models.b_attention_config import BAttentionConfig
from covey.models.kinds import NetworkConfig
from covey.models.linkage_gcn import LinkageGCN
from covey.models.linkage_gcn_config import LinkageGCNConfig
from covey.training.ada_nets import train_ada_nets
from covey.training.ada_nets_plan import AdaNETSPlan
from covey.training.b_attention import BAttentionPlan, local_sets_of, train_b_attention
from covey.training.linkage_gcn import LinkagePlan, train_linkage_gcn
from covey.training.loop import Schedule
from covey.training.neighbour_filter import train_neighbour_filter
from covey.training.watch import Watch
from covey.types import Float32, UsageError

Plan = BAttentionPlan | AdaNETSPlan | LinkagePlan
"""How a network is trained; `schedule` is that of the network itself."""

Network = BAttentionNetwork | AdaNETSNetwork | LinkageGCN

Watching = Callable[[str, Schedule], Watch[Any]]
"""Who follows a training that begins, by the part that is trained: "" is the network itself."""

FILTER = "lists"
"""The part of Ada-NETS that is trained before: what filters lists."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A network after its training.

    Attributes:
        network: At its best validation, or at the end where there was none.
        again: The plan that takes as many steps, on other items.
        steps: Steps to there, of the network itself.
    """

    network: Network
    again: Plan
    steps: int

    def tensors(self) -> dict[str, Float32]:
        """The weights as arrays, by name."""
        state = nn.Module.state_dict(self.network)
        return {key: each.cpu().numpy().copy() for key, each in state.items()}


def train_network(
    learned: LabelledRows,
    watched: LabelledRows | None,
    config: NetworkConfig,
    plan: Plan,
    watching: Watching,
    *,
    device: str = "cpu",
) -> Trained:
    """Trains a network of any kind.

    Args:
        learned: What it learns from.
        watched: Items of other groups, to see when it is best; without, the last weights are kept.
        config: The network.
        plan: The training, of the same kind.
        watching: Progress, and how to go on.
        device: Where torch computes.

    Raises:
        UsageError: If the plan is of another kind.
    """
    network: Network
    again: Plan = plan
    if isinstance(config, BAttentionConfig) and isinstance(plan, BAttentionPlan):
        watch = watching("", plan.schedule)
        network, last = train_b_attention(learned, watched, config, plan, watch, device=device)
    elif isinstance(config, LinkageGCNConfig) and isinstance(plan, LinkagePlan):
        watch = watching("", plan.schedule)
        network, last = train_linkage_gcn(learned, watched, config, plan, watch, device=device)
    elif isinstance(config, AdaNETSConfig) and isinstance(plan, AdaNETSPlan):
        sieve = None
        if config.length == "adaptive":
            watch = watching(FILTER, plan.filter_schedule)
            sieve, last = train_neighbour_filter(
                learned, watched, config, plan, watch, device=device
            )
            again = replace(plan, filter_schedule=_until(plan.filter_schedule, last.best_step))
        watch = watching("", plan.schedule)
        network, last = train_ada_nets(
            learned, watched, config, plan, watch, neighbour_filter=sieve, device=device
        )
    else:
        kinds = type(config).__name__, type(plan).__name__
        raise UsageError(f"network and plan are of different kinds: {kinds[0]} and {kinds[1]}")
    again = replace(again, schedule=_until(plan.schedule, last.best_step))
    return Trained(network, again, last.best_step)


def refined(network: BAttentionNetwork | AdaNETSNetwork, rows: Float32) -> Float32:
    """(n, outputs) float32 of unit length, as a refiner gives them in another collection."""
    if isinstance(network, BAttentionNetwork):
        return refine(network, rows, local_sets_of(rows, network.config.tests))
    return refine_rows(network, rows)


def _until(schedule: Schedule, step: int) -> Schedule:
    return replace(schedule, until=step)
