"""`covey train`: models from labelled collections."""

from __future__ import annotations

import shlex
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from covey import __version__
from covey.cli import options
from covey.cli.model_option import DEFAULT
from covey.cli.terminal import Terminal
from covey.types import UsageError

if TYPE_CHECKING:
    from covey.hub import UniversalModel

train = typer.Typer(
    help="Train models. Needs PyTorch: pip install 'covey[learn]'.",
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@train.command()
@options.flat
def universal(
    emb: Annotated[
        Path | None,
        typer.Argument(metavar="[EMB]", help="Embeddings to fine-tune on; not with --sets."),
    ] = None,
    *,
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="MODEL", help="Folder for the model.")
    ],
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Labels of EMB's items: .npy, .npz, .csv, .tsv, .parquet, .txt. Items whose label "
            "is missing are left out; those with a negative number belong to nobody.",
        ),
    ] = None,
    label_column: Annotated[
        str | None, typer.Option(help="Column or array of --labels with the labels.")
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            "--from", metavar="MODEL", help="Model to fine-tune; the shipped one is 'default'."
        ),
    ] = None,
    layout: options.Layout,
    mask: options.Mask = None,
    skip_bad: options.SkipBad = False,
    sets: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Labelled sets (.npz) to train a new model on."),
    ] = None,
    work: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Where examples are kept, so that an interrupted run goes on; MODEL.work if not "
            "given.",
        ),
    ] = None,
    edge_views: Annotated[
        int | None,
        typer.Option(min=1, help="Views of the sets that train the scorer; 1,400 if not given."),
    ] = None,
    cut_views: Annotated[
        int | None,
        typer.Option(min=1, help="Views that train the appraiser; 480 if not given."),
    ] = None,
    leave_out: Annotated[
        str | None,
        typer.Option(metavar="FAMILY", help="Learn nothing from sets of this family."),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            min=1, help="Steps of the optimiser for a scorer; 400 with EMB, 1,500 with --sets."
        ),
    ] = None,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the model in MODEL.")] = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Train the universal scorer and its appraiser.

    With EMB and --labels it fine-tunes a model on a collection that is partly labelled, in minutes.
    With --sets it makes a model from a folder of labelled sets, in an hour or two.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey.extras import require

    torch = require("torch", "learn")
    from covey.cli.labels_used import known_items, label_notes, labels_used
    from covey.cli.machine import peak_memory_mb
    from covey.io.model_card import universal_card, validation_sentence, without_folders
    from covey.io.model_folder import check_model_folder, work_folder, write_model
    from covey.io.report.words import count
    from covey.resources import available_threads
    from covey.threads import bounded_threads

    fine_tuning: dict[str, Any] = {
        "--labels": labels,
        "--label-column": label_column,
        "--from": start,
        "--mask": mask,
        "--skip-bad": skip_bad or None,
        **{f"--{name.replace('_', '-')}": value for name, value in vars(layout).items()},
    }
    making = {
        "--work": work,
        "--edge-views": edge_views,
        "--cut-views": cut_views,
        "--leave-out": leave_out,
    }
    _check_use(emb, labels, sets, fine_tuning, making)
    notes: list[str] = []
    check_model_folder(out, force=force)
    threads = threads or available_threads()
    torch.set_num_threads(1)  # networks so small that a second thread would mostly wait
    with terminal.progress() as tell, bounded_threads(threads):
        if emb is not None and labels is not None:
            from covey.hub import default_model, load_universal
            from covey.io.embeddings import read_embeddings
            from covey.io.labelled_items import labelled_items
            from covey.refinement import refine_model

            first = default_model() if start in (None, DEFAULT) else load_universal(str(start))
            table = read_embeddings(
                emb, **vars(layout), mask=mask, skip_bad=skip_bad, progress=tell
            )
            source = labelled_items(table, labels, column=label_column, mask=mask)
            model = refine_model(first, source, steps=steps or 400, seed=seed, tell=tell)
            used = labels_used(source, table)
            facts = {**used, "from": start or DEFAULT}
            done = f"Fine-tuned on {known_items(used)}."
            if model.scorer is first.scorer:
                done = (
                    f"Nothing gained from {known_items(used)}: the scorer is the one from before."
                )
            notes = label_notes(used)
        else:
            from covey.datasets.view_draws import DRAWS
            from covey.io.examples_folder import claim_examples
            from covey.workshop import Plan, make_model

            assert sets is not None
            plan = Plan(edge_views or 1400, cut_views or 480, steps=steps or 1500, seed=seed)
            kept = work or work_folder(out)
            with claim_examples(kept, out, sets, asdict(plan) | {"draws": DRAWS}):
                model = make_model(sets, plan, kept, leave_out=leave_out, jobs=threads, tell=tell)
            facts = {"sets": model.about["sets"], "work": str(kept)}
            done = (
                f"Trained on {plan.edge_views + plan.cut_views:,} views of "
                f"{count(len(model.about['sets']), 'set')} and synthetic ones. {kept} keeps what "
                "was drawn; remove it if no other run shall use it."
            )
        card = universal_card(
            model.about, shlex.join(["covey", *(without_folders(word) for word in sys.argv[1:])])
        )
        write_model(out, model, card, force=force)
    facts = {
        "version": __version__,
        **facts,
        "about": model.about,
        "outputs": [str(out)],
        "seconds": round(terminal.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    sentences = [
        done,
        *notes,
        *filter(None, [validation_sentence(model.about)]),
        *warnings(model),
        f"Wrote {out}; use it by covey cluster EMB --model {shlex.quote(str(out))}",
    ]
    terminal.answer(sentences, facts)


def warnings(model: UniversalModel) -> list[str]:
    """What the figures of a model speak against, or why there are none."""
    found = model.about.get("validation") or {}
    precision, before = found.get("average precision"), found.get("before")
    if precision is None and "groups" in found:
        return [
            "No figures: of the neighbours of held-out items all belong with them, or none, so "
            "that there is nothing to rank; the scorer that it started from was kept."
        ]
    if precision is None:
        return [
            "No figures: too little to hold some out, so it may be worse than what it started "
            "from; compare both before you use it."
        ]
    if max(precision, before or 0) <= found["of the cosine"]:
        return ["Note: it ranks no better than the plain cosine; do not use it."]
    return []


def _check_use(
    emb: Path | None,
    labels: Path | None,
    sets: Path | None,
    fine_tuning: dict[str, Any],
    making: dict[str, Any],
) -> None:
    """Refuses calls that are neither of the two uses, or both."""
    if (emb is None) == (sets is None):
        raise UsageError("give either EMB with --labels, to fine-tune, or --sets, to train anew")
    use, foreign = ("with EMB", making) if sets is None else ("with --sets", fine_tuning)
    for name, value in foreign.items():
        if value is not None:
            raise UsageError(f"{name} means nothing {use}; leave it out")
    if sets is None and labels is None:
        raise UsageError("EMB needs --labels FILE: what is to be learned from it")
