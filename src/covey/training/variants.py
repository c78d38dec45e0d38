"""What users choose of each kind of network, as its config and plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from covey.models.ada_nets_config import AdaNETSConfig, Length, Space
from covey.models.b_attention_config import BAttentionConfig, Flavour, Tests
from covey.models.linkage_gcn_config import LinkageGCNConfig, LinkLoss, Sampling
from covey.training.ada_nets_plan import AdaNETSPlan
from covey.training.b_attention import BAttentionPlan
from covey.training.linkage_gcn import LinkagePlan
from covey.training.loop import Schedule


def b_attention(
    inputs: int,
    *,
    tests: Tests = "both",
    flavour: Flavour = "gcn",
    steps: int | None = None,
    seed: int = 0,
) -> tuple[BAttentionConfig, BAttentionPlan]:
    """B-Attention for embeddings of so many dimensions; what is None is as by default."""
    single, multiple = tests in ("both", "single"), tests in ("both", "multiple")
    network = BAttentionConfig(inputs, single=single, multiple=multiple, flavour=flavour)
    plan = BAttentionPlan()
    return network, replace(plan, schedule=_schedule(plan.schedule, steps, seed))


def ada_nets(
    inputs: int,
    *,
    space: Space = "read",
    length: Length = "adaptive",
    k: int | None = None,
    eta: float | None = None,
    beta: float | None = None,
    steps: int | None = None,
    seed: int = 0,
) -> tuple[AdaNETSConfig, AdaNETSPlan]:
    """Ada-NETS for embeddings of so many dimensions; what is None is as by default."""
    told: dict[str, Any] = {"k": k, "eta": eta, "beta": beta}
    told = {name: value for name, value in told.items() if value is not None}
    plan = AdaNETSPlan()
    before = plan.filter_schedule
    return AdaNETSConfig(inputs, space=space, length=length, **told), replace(
        plan,
        schedule=_schedule(plan.schedule, steps, seed),
        filter_schedule=_schedule(before, min(before.steps, steps or before.steps), seed),
    )


def linkage(
    inputs: int,
    *,
    sampling: Sampling = "riws",
    pool: float | None = None,
    loss: LinkLoss = "ce",
    steps: int | None = None,
    seed: int = 0,
) -> tuple[LinkageGCNConfig, LinkagePlan]:
    """A linkage GCN for embeddings of so many dimensions; what is None is as by default."""
    plan = LinkagePlan(sampling=sampling, loss=loss)
    if pool is not None:
        plan = replace(plan, pool=pool)
    return LinkageGCNConfig(inputs), replace(plan, schedule=_schedule(plan.schedule, steps, seed))


def _schedule(schedule: Schedule, steps: int | None, seed: int) -> Schedule:
    return replace(schedule, steps=steps or schedule.steps, seed=seed)
