"""`covey train b-attention`, `ada-nets` and `linkage`: one command for each kind of network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from covey.cli import options
from covey.cli.train_refiner import Scores, Training, train_and_write
from covey.models.ada_nets_config import Length, Space
from covey.models.b_attention_config import Flavour, Tests
from covey.models.linkage_gcn_config import LinkLoss, Sampling

if TYPE_CHECKING:
    from covey.models.kinds import NetworkConfig
    from covey.training.networks import Plan


@options.flat
def b_attention(
    emb: options.Embeddings,
    *,
    given: Training,
    tests: Annotated[
        Tests,
        typer.Option(
            help="What weighs an item's neighbours: inner products (single), their similarities to "
            "all the others (multiple), or both; by none they weigh the same."
        ),
    ] = "both",
    flavour: Annotated[
        Flavour,
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
        from covey.training.variants import b_attention

        return b_attention(inputs, tests=tests, flavour=flavour, steps=given.steps, seed=given.seed)

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
        int | None,
        typer.Option("--k", min=2, help="Candidates of an item, itself counted.  [default: 40]"),
    ] = None,
    eta: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of the cosine in that space.  [default: 0.3]"),
    ] = None,
    beta: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            help="What the filter aims at is F-beta; below 1 precision counts more.  "
            "[default: 0.5]",
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
        from covey.training.variants import ada_nets

        return ada_nets(
            inputs,
            space=space,
            length=length,
            k=k,
            eta=eta,
            beta=beta,
            steps=given.steps,
            seed=given.seed,
        )

    train_and_write(emb, given, made_of, scores)


@options.flat
def linkage(
    emb: options.Embeddings,
    *,
    given: Training,
    sampling: Annotated[
        Sampling,
        typer.Option(
            help="How neighbours are drawn to learn from: the rarer kind of link as often as the "
            "other (riws), repeated as often (resample), or the nearest as they are (none)."
        ),
    ] = "riws",
    pool: Annotated[
        float | None,
        typer.Option(
            min=1, help="Neighbours that are drawn from, times those that are drawn.  [default: 2]"
        ),
    ] = None,
    loss: Annotated[
        LinkLoss,
        typer.Option(help="Cross-entropy, or one that weighs links to make up for imbalance."),
    ] = "ce",
    scores: Scores = "auto",
) -> None:
    """Learn from labels of some groups, for others: a graph network that weighs edges.

    One labelled group in three is held out to choose and to calibrate; then it learns from all. Use
    the model by covey cluster with --model, on embeddings of the same kind. At least nine groups
    with two different items are needed, some hundreds are sensible.
    """

    def made_of(inputs: int) -> tuple[NetworkConfig, Plan]:
        from covey.training.variants import linkage

        return linkage(
            inputs, sampling=sampling, pool=pool, loss=loss, steps=given.steps, seed=given.seed
        )

    train_and_write(emb, given, made_of, scores)
