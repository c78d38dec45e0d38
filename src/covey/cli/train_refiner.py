"""Trainings on labels of some groups, for others: what is the same whatever the network."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from covey import __version__
from covey.cli import options
from covey.cli.terminal import Terminal, stage_name

if TYPE_CHECKING:
    from covey.models.kinds import NetworkConfig
    from covey.models.refiner import Refiner
    from covey.training.networks import Plan

Scores = Annotated[
    Literal["auto", "cosine"],
    typer.Option(
        help="What may weigh edges where the network does not: their cosine, or (auto) also a "
        "scorer that is learned from the groups that are held out, where it makes better groups."
    ),
]


@dataclass(frozen=True, kw_only=True)
class Training(options.Selected):
    """What is learned from, how long, and where the model goes."""

    labels: options.Labels
    out: Annotated[Path, typer.Option("-o", "--out", metavar="MODEL", help="Folder for the model.")]
    label_column: options.LabelColumn = None
    steps: Annotated[
        int, typer.Option(min=1, help="Steps of the optimiser at most; it may stop earlier.")
    ] = 400
    work: options.Work = None
    seed: options.Seed = 0
    threads: options.Threads = None
    force: Annotated[bool, typer.Option("--force", help="Replace the model in MODEL.")] = False
    json: options.Json = False
    quiet: options.Quiet = False
    debug: options.Debug = False


def train_and_write(
    emb: Path,
    given: Training,
    made_of: Callable[[int], tuple[NetworkConfig, Plan]],
    scores: Literal["auto", "cosine"],
) -> None:
    """Trains a model and writes it, with progress, and so that an interrupted run goes on.

    Args:
        emb: The embeddings.
        given: What the command was told.
        made_of: Gives network and plan for embeddings of so many dimensions.
        scores: As `train_refiner` takes it.
    """
    terminal = Terminal(json=given.json, quiet=given.quiet)  # its clock runs while libraries load
    from covey.extras import require

    torch = require("torch", "learn")
    from covey.cli.interrupt import resumable
    from covey.cli.labels_used import known_items, label_notes, labels_used
    from covey.cli.machine import peak_memory_mb
    from covey.io.checkpoints import checksum, claim_training
    from covey.io.embeddings import read_embeddings
    from covey.io.labelled_items import labelled_items
    from covey.io.model_card import without_folders
    from covey.io.model_folder import check_model_folder, work_folder, write_model
    from covey.io.refiner_card import finds, refiner_card
    from covey.models.kinds import kind_of
    from covey.resources import available_threads
    from covey.threads import bounded_threads
    from covey.training.refiner import Follow, train_refiner

    out = given.out
    check_model_folder(out, force=given.force)
    threads = given.threads or available_threads()
    torch.set_num_threads(threads)
    layout = {name: getattr(given, name) for name in ("ids", "id_column", "column", "dim")}
    with terminal.progress() as tell, bounded_threads(threads):
        table = read_embeddings(
            emb, **layout, mask=given.mask, skip_bad=given.skip_bad, progress=tell
        )
        source = labelled_items(table, given.labels, column=given.label_column, mask=given.mask)
        network, plan = made_of(source.x.shape[1])
        facts: dict[str, Any] = {
            "kind": kind_of(network).name,
            "data": checksum(source.x, source.labels),
            "network": asdict(network),
            "plan": asdict(plan),
            "scores": scores,
        }
        with claim_training(given.work or work_folder(out), out, facts) as kept:
            stopped = Event()
            ends: dict[str, int] = {}

            def begun(phase: str, done: int, last: int) -> None:
                ends[phase] = last
                if done and not stopped.is_set():
                    name = stage_name(f"training, {phase}")
                    how = f"goes on from step {done} of {last}"
                    terminal.remark(f"covey: {name} {how if done < last else 'was over before'}")

            def told(phase: str, step: int, loss: float, validation: Any) -> None:
                last = ends[phase]
                tell(f"training, {phase}", step / last)
                if not stopped.is_set() and (
                    validation is not None or step % plan.schedule.every == 0 or step == last
                ):
                    terminal.remark(step_sentence(phase, step, last, loss, validation))

            def trained() -> Refiner:
                with bounded_threads(threads):  # numba counts by thread, and this is another one
                    return train_refiner(
                        source.x,
                        source.labels,
                        name=emb.name,
                        network=network,
                        plan=plan,
                        scores=scores,
                        follow=Follow(told, kept.keep, tell, kept.start, begun),
                    )

            model = resumable(trained, kept, stopped, terminal)
            for phase in ends:
                tell(f"training, {phase}", 1.0)
            command = shlex.join(["covey", *map(without_folders, sys.argv[1:])])
            write_model(out, model, refiner_card(model, command), force=given.force)
            kept.remove()
    used = labels_used(source, table)
    facts = {
        "version": __version__,
        **used,
        "about": model.about,
        "outputs": [str(out)],
        "seconds": round(terminal.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    terminal.answer(
        [
            f"Trained on {known_items(used)}.",
            *label_notes(used),
            *sentences(model),
            f"Wrote {out}; use it by covey cluster EMB --model {shlex.quote(str(out))}"
            + (", or with covey search and reid" if finds(model) else ""),
        ],
        facts,
    )


def step_sentence(phase: str, step: int, last: int, loss: float, validation: Any) -> str:
    """How a training comes on; without validation it is the one on all groups."""
    part = phase.removeprefix("held out").removeprefix(", ")
    told = f"covey: step {step} of {last}{f', {part}' if part else ''}: loss {loss:.3f}"
    if validation is None:
        return told
    return f"{told}; held-out groups: {validation.told()}"


def sentences(model: Refiner) -> list[str]:
    """What was gained on the groups that were held out, and whether the network is used."""
    from covey.io.refiner_card import edges_sentence, network_sentence, unlabelled_sentence

    found = model.about["validation"]
    lines = [
        f"Of what {what}, {model.about[name]}."
        for name, what in (("drawn", "is labelled"), ("judged", "was held out"))
        if name in model.about
    ]
    lines.append(
        f"On held-out groups, at the best cut: BCubed F {found['BCubed F']:.3f}, of the embeddings "
        f"as they are {found['BCubed F of the cosine']:.3f}."
    )
    lines += [network_sentence(model), edges_sentence(model)]
    if told := unlabelled_sentence(model):
        lines.append(told)
    return lines
