"""`covey train b-attention`: an embedder from labels of some identities, for others."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from covey import __version__
from covey.cli import options
from covey.cli.terminal import Terminal

if TYPE_CHECKING:
    from covey.models.refiner import Refiner
    from covey.training.watch import Validation


@options.flat
def b_attention(
    emb: options.Embeddings,
    *,
    labels: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Labels of EMB's items: .npy, .npz, .csv, .tsv, .parquet, .txt. Items whose label "
            "is missing or negative are left out.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="MODEL", help="Folder for the model.")
    ],
    label_column: Annotated[
        str | None, typer.Option(help="Column or array of --labels with the labels.")
    ] = None,
    layout: options.Layout,
    mask: options.Mask = None,
    skip_bad: options.SkipBad = False,
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
    steps: Annotated[
        int, typer.Option(min=1, help="Steps of the optimiser at most; it may stop earlier.")
    ] = 400,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where checkpoints are kept until the model is written, so that an interrupted "
            "run goes on; MODEL.work if not given.",
        ),
    ] = None,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the model in MODEL.")] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Learn from labels of some groups, for others.

    One labelled group in three is held out to choose and to calibrate; then it learns from all. Use
    the model by covey cluster, search and reid with --model, on embeddings of the same kind. At
    least nine groups with two different items are needed, some hundreds are sensible.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey.extras import require

    torch = require("torch", "learn")
    from covey.cli.interrupt import interruptible
    from covey.cli.machine import peak_memory_mb
    from covey.io.checkpoints import checksum, claim_training
    from covey.io.embeddings import read_embeddings
    from covey.io.labelled_items import labelled_items
    from covey.io.model_card import refiner_card, without_folders
    from covey.io.model_folder import check_model_folder, work_folder, write_model
    from covey.io.report.words import count
    from covey.models.b_attention_config import BAttentionConfig
    from covey.resources import available_threads
    from covey.threads import bounded_threads
    from covey.training.b_attention import BAttentionPlan
    from covey.training.loop import Schedule
    from covey.training.refiner import PHASES, Follow, train_refiner

    check_model_folder(out, force=force)
    threads = threads or available_threads()
    torch.set_num_threads(threads)
    with terminal.progress() as tell, bounded_threads(threads):
        table = read_embeddings(emb, **vars(layout), mask=mask, skip_bad=skip_bad, progress=tell)
        source = labelled_items(table, labels, column=label_column, mask=mask)
        network = BAttentionConfig(
            source.x.shape[1],
            single=tests in ("both", "single"),
            multiple=tests in ("both", "multiple"),
            flavour=flavour,
        )
        plan = BAttentionPlan(schedule=Schedule(steps=steps, seed=seed))
        facts: dict[str, Any] = {
            "data": checksum(source.x, source.labels),
            "network": asdict(network),
            "plan": asdict(plan),
        }
        with claim_training(work or work_folder(out), out, facts) as kept:
            stopped = Event()

            def told(phase: str, step: int, loss: float, validation: Validation | None) -> None:
                tell(f"training, {phase}", step / steps)
                if validation is not None and not stopped.is_set():
                    terminal.remark(
                        f"covey: step {step} of {steps}: loss {loss:.3f}; held-out groups: average "
                        f"precision {validation.average_precision:.3f}, F {validation.f:.3f}"
                    )

            def trained() -> Refiner:
                with bounded_threads(threads):  # numba counts by thread, and this is another one
                    return train_refiner(
                        source.x,
                        source.labels,
                        name=emb.name,
                        network=network,
                        plan=plan,
                        follow=Follow(told, kept.keep, kept.start),
                    )

            try:
                model = interruptible(trained)
            except KeyboardInterrupt:
                stopped.set()
                kept.close()
                if kept.begun:
                    terminal.remark(f"covey: the same command goes on from {kept.folder}")
                raise
            tell(f"training, {PHASES[1]}", 1.0)
            command = shlex.join(["covey", *map(without_folders, sys.argv[1:])])
            write_model(out, model, refiner_card(model, command), force=force)
            kept.remove()
    groups = len(set(source.labels.tolist()))
    facts = {
        "version": __version__,
        "n_items": len(source.x),
        "n_groups": groups,
        "about": model.about,
        "outputs": [str(out)],
        "seconds": round(terminal.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    terminal.answer(
        [
            f"Trained on {count(len(source.x), 'item')} in {count(groups, 'group')}.",
            *sentences(model),
            f"Wrote {out}; use it by covey cluster EMB --model {shlex.quote(str(out))}, or with "
            "covey search and reid",
        ],
        facts,
    )


def sentences(model: Refiner) -> list[str]:
    """What was gained on the groups that were held out."""
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
    if model.own == 1 and model.whitening is None:
        lines.append(
            "The network did not make them clearly better, so they stay as they are: the model "
            "knows where to cut and what to expect. Compare with covey cluster without it."
        )
    elif model.own == 1:
        lines.append(
            "The network did not make them clearly better, so embeddings are whitened and no more."
        )
    return lines
