"""`covey train b-attention`, `ada-nets` and `linkage`: one command for each kind of network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from covey.cli import options
from covey.cli.train_refiner import Scores, Training, train_and_write
from covey.models.ada_nets_config import AdaNETSConfig, Length, Space
from covey.models.b_attention_config import BAttentionConfig
from covey.models.linkage_gcn_config import LinkageGCNConfig

if TYPE_CHECKING:
    from covey.models.kinds import NetworkConfig
    from covey.training.networks import Plan


@options.flat
def b_attention(
    emb: options.Embeddings,
    *,
    given: Training,
    tests: Annotated[
        Literal["both", "multiple", "single", "none"],
        typer.Option(
            help="What weighs an item's neighbours: inner products (single), their similarities to "
            "all the others (multiple), or both; by none they weigh the same."
        ),
    ] = "both",
    flavour: Annotated[
        Literal["gcn", "transformer"],
        typer.Option(help="Layers: of a graph convolution, or of a Transformer."),
    ] = "gcn",
    scores: Scores = "auto",
) -> None:
    """Learn from labels of some groups, for others: attention by many statistical tests.

    One labelled group in three is held out to choose and to calibrate; then it learns from all. Use
    the model by covey cluster, search and reid with --model, on embeddings of the same kind. At
    least nine groups with two different items are needed, some hundreds are sensible.
    """

    def made_of(inputs: int) -> tuple[NetworkConfig, Plan]:
        from covey.training.b_attention import BAttentionPlan
        from covey.training.loop import Schedule

        network = BAttentionConfig(
            inputs,
            single=tests in ("both", "single"),
            multiple=tests in ("both", "multiple"),
            flavour=flavour,
        )
        return network, BAttentionPlan(schedule=Schedule(steps=given.steps, seed=given.seed))

    train_and_write(emb, given, made_of, scores)


@options.flat
def ada_nets(
    emb: options.Embeddings,
    *,
    given: Training,
    space: Annotated[
        Space,
        typer.Option(
            help="What the structure space, in which items are near that share reciprocal "
            "neighbours, is for: the filter reads it (read), neighbours are put in its order as "
            "published (structure), or it is left out (knn)."
        ),
    ] = "read",
    length: Annotated[
        Length,
        typer.Option(
            help="How many of the first are kept: as a trained filter says (adaptive), the same "
            "number for all (fixed: the best on the labels), all of them; or by no labels, to the "
            "largest gap, or where lists are most stable."
        ),
    ] = "adaptive",
    k: Annotated[
        int | None, typer.Option("--k", min=2, help="Candidates of an item, itself counted.")
    ] = None,
    eta: Annotated[
        float | None, typer.Option(min=0, max=1, help="Share of the cosine in that space.")
    ] = None,
    beta: Annotated[
        float | None,
        typer.Option(
            min=0.01, help="What the filter aims at is F-beta; below 1 precision counts more."
        ),
    ] = None,
    scores: Scores = "auto",
) -> None:
    """Learn from labels of some groups, for others: as many neighbours as suit each item.

    One labelled group in three is held out to choose and to calibrate; then it learns from all. Use
    the model by covey cluster with --model, on embeddings of the same kind. At least nine groups
    with two different items are needed, some hundreds are sensible.
    """

    def made_of(inputs: int) -> tuple[NetworkConfig, Plan]:
        from dataclasses import replace

        from covey.training.ada_nets_plan import AdaNETSPlan

        network = AdaNETSConfig(inputs, space=space, length=length)
        told = {"k": k, "eta": eta, "beta": beta}
        told = {name: value for name, value in told.items() if value is not None}
        network = replace(network, **told)  # type: ignore[arg-type]
        plan = AdaNETSPlan()
        schedule = replace(plan.schedule, steps=given.steps, seed=given.seed)
        before = replace(plan.filter_schedule, seed=given.seed)
        return network, replace(plan, schedule=schedule, filter_schedule=before)

    train_and_write(emb, given, made_of, scores)


@options.flat
def linkage(
    emb: options.Embeddings,
    *,
    given: Training,
    sampling: Annotated[
        Literal["riws", "resample", "none"],
        typer.Option(
            help="How neighbours are drawn to learn from: the rarer kind of link as often as the "
            "other (riws), repeated as often (resample), or the nearest as they are (none)."
        ),
    ] = "riws",
    pool: Annotated[
        float,
        typer.Option(min=1, help="Neighbours that riws draws from, times those that it draws."),
    ] = 2.0,
    loss: Annotated[
        Literal["ce", "ohem", "ohem-3-1", "class-balanced", "focal", "density"],
        typer.Option(help="Cross-entropy, or one that weighs links to make up for imbalance."),
    ] = "ce",
) -> None:
    """Learn from labels of some groups, for others: a graph network that weighs edges.

    One labelled group in three is held out to choose and to calibrate; then it learns from all. Use
    the model by covey cluster with --model, on embeddings of the same kind. At least nine groups
    with two different items are needed, some hundreds are sensible.
    """

    def made_of(inputs: int) -> tuple[NetworkConfig, Plan]:
        from covey.training.linkage_gcn import LinkagePlan
        from covey.training.loop import Schedule

        schedule = Schedule(steps=given.steps, seed=given.seed)
        plan = LinkagePlan(schedule=schedule, sampling=sampling, pool=pool, loss=loss)
        return LinkageGCNConfig(inputs), plan

    train_and_write(emb, given, made_of)
