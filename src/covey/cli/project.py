"""`covey init`, `covey add` and `covey run`: a project that remembers."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from covey import __version__
from covey.cli import options
from covey.cli.terminal import Terminal

ProjectFolder = Annotated[
    Path, typer.Argument(metavar="PROJECT", help="Folder that covey init made.")
]


@options.flat
def init(
    project: Annotated[
        Path, typer.Argument(metavar="PROJECT", help="Folder to make; its parent is there.")
    ],
    name: Annotated[str, typer.Option(help="For people; that of the folder if not given.")] = "",
    metric: options.Metric = "cosine",
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Make an empty project: a folder for items that come in parts, their groups and reviews."""
    terminal = Terminal(json=json, quiet=quiet)
    from covey.store.project import create_project

    made = create_project(project, name=name, metric=metric)
    facts = {"version": __version__, "project": str(project), "name": made.name, "metric": metric}
    terminal.answer(
        [f"Made {project}. Add items with covey add {project} EMB, then covey run {project}."],
        facts,
    )


@options.flat
def add(
    project: ProjectFolder,
    emb: options.Embeddings,
    *,
    rows: options.Selected,
    images: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="Pictures: a folder with a file per item id, a .npy of images (which are copied), "
            "or a column of EMB with paths.",
        ),
    ] = None,
    texts: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Texts, one line per row.")
    ] = None,
    exclusive: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV: item_id,group. Items of one group are never together: faces of one photo. "
            "Names of groups count over all that is added.",
        ),
    ] = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Add the rows of EMB to a project. Items without ids are numbered on.

    What is there already, all of it, is not added again."""
    terminal = Terminal(json=json, quiet=quiet)
    from covey.io.embeddings import read_embeddings
    from covey.store.adding import added_before, batch_of
    from covey.store.project import open_project
    from covey.store.review import Review

    with (
        open_project(project).working("covey add"),
        Review(project) as review,
        terminal.progress() as tell,
    ):
        metric = review.project.metric
        table = read_embeddings(emb, **vars(rows), metric=metric, fewest=1, progress=tell)
        batch, notes = batch_of(
            table, review.items, images=images, texts=texts, exclusive=exclusive
        )
        count, number = 0, None
        if not added_before(review.items, batch, named=table.ids is not None):
            tell("writing", 0.0)
            count, number = len(batch.ids), review.add(batch).about["batch"]
            tell("writing", 1.0)
        total = review.items.n
    facts = {
        "version": __version__,
        "project": str(project),
        "input": str(emb),
        "added": count,
        "items": total,
        "batch": number,
        "skipped": table.skipped_facts,
        "notes": [*table.notes, *(notes if count else [])],
        "seconds": round(terminal.seconds, 3),
    }
    sentences = [f"Added {count:,} items to {project}, which has {total:,} now."]
    if not count:
        sentences = [f"Nothing to do: all {table.n:,} items of {emb} are in {project} already."]
    if table.skipped:
        sentences.append(f"Skipped: {table.skipped_summary}.")
    sentences += [f"Note: {note}." for note in facts["notes"]]
    terminal.answer([*sentences, f"Next: covey run {project}"], facts)


@options.flat
def run(
    project: ProjectFolder,
    full: Annotated[
        bool | None,
        typer.Option(
            "--full/--grow",
            help="Group all items anew; or let those that came since the last run join its groups "
            "or found new ones, by the rule of that run. If not given it grows as long as the "
            "collection is less than a quarter larger than what the rule was decided on.",
            show_default=False,
        ),
    ] = None,
    prefer: Annotated[
        Literal["precision", "balanced", "recall"],
        typer.Option(help="Of a full run: purer groups, or fewer groups torn apart."),
    ] = "balanced",
    k: options.Neighbours = None,
    method: Annotated[str, typer.Option(help="Of a full run, as covey cluster has it.")] = "auto",
    partition: Annotated[str, typer.Option(help="Of a full run.")] = "auto",
    *,
    report: Annotated[
        bool,
        typer.Option(
            "--report/--no-report", help="Write the page of a full run into PROJECT/reports."
        ),
    ] = True,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    memory_limit: options.MemoryLimit = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Group the items of a project. Named, confirmed and corrected groups stay as they are.

    At the end it says how far to trust the groups, and where the page is that shows what to check.
    """
    terminal = Terminal(json=json, quiet=quiet)
    import shlex
    import sys

    from covey.cli.interrupt import interruptible
    from covey.cli.machine import check_memory, peak_memory_mb
    from covey.cli.project_words import run_sentences, run_verdict
    from covey.store.project import open_project
    from covey.store.review import Review
    from covey.store.run_report import write_run_report
    from covey.store.running import RunOptions, run_project

    wanted = RunOptions(
        k=k,
        method=method,
        partition=partition,
        prefer=prefer,
        seed=seed,
        threads=threads,
        memory_limit=memory_limit,
    )
    with (
        open_project(project).working("covey run"),
        Review(project) as review,
        terminal.progress() as tell,
    ):
        if review.items.n > 1:
            check_memory(review.items.matrix(), k, memory_limit)
        outcome = interruptible(partial(run_project, review, wanted, full=full, progress=tell))
        number = outcome.run.number
        told: dict[str, Any] = (
            outcome.run.facts["report"] if outcome.touched else {"notes": outcome.notes}
        )
        page = review.project.report(told.get("decided_by", number))
        if report and outcome.result is not None:
            command = shlex.join(["covey", *sys.argv[1:]])
            tell("writing the report", 0.0)
            write_run_report(review, number, outcome.result, command)
            tell("writing the report", 1.0)
        state, items = review.state, review.items.n
        groups = sum(1 for each in state.groups.values() if each.members)
        alone = int((state.group_of < 0).sum())
    counts = outcome.placement.counts()
    facts: dict[str, Any] = {
        "version": __version__,
        "project": str(project),
        "run": number,
        "trust": told.get("trust"),
        "verdict": told.get("verdict"),
        "kind": outcome.run.facts["kind"] if outcome.touched else "none",
        "items": items,
        "new_items": outcome.new_items,
        "touched": outcome.touched,
        "groups": groups,
        "in_no_group": alone,
        "became": counts,
        "report": told,
        "page": str(page) if page.exists() else None,
        "outputs": [str(page)] if report and outcome.result is not None else [],
        "seconds": round(terminal.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    terminal.answer(run_sentences(facts), facts, verdict=run_verdict(told))


@options.flat
def assign(
    project: ProjectFolder,
    emb: options.Embeddings,
    out: Annotated[Path, typer.Option("-o", "--out", help="Groups as .csv, .tsv or .parquet.")],
    *,
    rows: options.Selected,
    threads: options.Threads = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Tell which groups of a project the rows of EMB would join. Nothing is added."""
    terminal = Terminal(json=json, quiet=quiet)
    from covey.assigning import assign as assign_items
    from covey.cli.interrupt import interruptible
    from covey.cli.outputs import check_file, check_not_read
    from covey.io.embeddings import read_embeddings
    from covey.store.assignments import SUFFIXES, write_assignments
    from covey.store.review import Review
    from covey.types import UsageError

    check_file(out, SUFFIXES)
    check_not_read([out], [emb, rows.mask, rows.ids])
    with Review(project) as review, terminal.progress() as tell:
        last = review.last_run()
        if last is None:
            raise UsageError(f"{project}: has no groups yet; make them with covey run {project}")
        metric = review.project.metric
        table = read_embeddings(emb, **vars(rows), metric=metric, fewest=1, progress=tell)
        tell("neighbours", 0.0)
        found = interruptible(
            partial(
                assign_items,
                table.x,
                review.items.matrix()[: last.n],
                last.knn(),
                review.state.group_of[: last.n],
                last.rule(),
                threads=threads,
            )
        )
        tell("neighbours", 1.0)
        write_assignments(out, found, table, review)
    joined = int((found.group >= 0).sum())
    facts = {
        "version": __version__,
        "project": str(project),
        "input": str(emb),
        "items": table.n,
        "assigned": joined,
        "skipped": table.skipped_facts,
        "outputs": [str(out)],
        "seconds": round(terminal.seconds, 3),
    }
    sentences = [f"{joined:,} of {table.n:,} items would join a group; nothing was added."]
    terminal.answer([*sentences, f"Wrote {out}"], facts)
