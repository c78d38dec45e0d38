"""`covey cluster`: the main job."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from covey import __version__
from covey.cli import options
from covey.cli.terminal import Terminal

if TYPE_CHECKING:
    from covey.clustering import ClusterResult
    from covey.io.embeddings import EmbeddingTable
    from covey.io.report.verdict import Verdict


@options.flat
def cluster(
    emb: options.Embeddings,
    out: Annotated[
        Path,
        typer.Option(
            "-o",
            "--out",
            help="Groups as .csv, .tsv or .parquet; or a folder for groups, edges, summary and "
            "report. A file is replaced; in a folder nothing is touched that Covey did not write.",
        ),
    ],
    prefer: Annotated[
        Literal["precision", "balanced", "recall"],
        typer.Option(help="The dial: purer groups, or fewer groups torn apart."),
    ] = "balanced",
    *,
    rows: options.Rows,
    k: options.Neighbours = None,
    method: Annotated[
        str,
        typer.Option(
            help="How neighbours are scored: auto lets the trained universal scorer compete with "
            "untrained ones; universal, untrained, or a scorer by name."
        ),
    ] = "auto",
    partition: Annotated[str, typer.Option(help="How edges become groups.")] = "auto",
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="MODEL",
            help="Folder that covey train wrote: a universal model, or one by b-attention, which "
            "refines the embeddings first. The shipped one is 'default'.",
        ),
    ] = None,
    constraints: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="CSV: item_id_a,item_id_b,kind; kind is must or cannot."),
    ] = None,
    exclusive: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CSV: item_id,group. Items of one group are never together: faces of one photo.",
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write the report here, too.")
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="Pictures for the report: a folder with a file per item id, a .npy of images, or "
            "a column of EMB with paths.",
        ),
    ] = None,
    texts: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Texts for the report, one line per row."),
    ] = None,
    edges: Annotated[
        Path | None, typer.Option(metavar="FILE.parquet", help="Write the edges here, too.")
    ] = None,
    links: Annotated[
        Path | None,
        typer.Option(
            metavar="BASE",
            help="Make a folder of links per group; item ids are paths relative to BASE.",
        ),
    ] = None,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    memory_limit: options.MemoryLimit = None,
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Group the rows of EMB.

    It needs no labels, no number of groups and no threshold. At the end it says what it found, how
    far to trust that, and what it wrote.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey import clustering
    from covey.cli.interrupt import interruptible
    from covey.cli.machine import check_memory
    from covey.cli.model_option import check_fit, trained_model
    from covey.cli.outputs import ReportContent, plan_outputs
    from covey.cli.words import cluster_sentences, refiner_words
    from covey.io.constraints import read_constraints
    from covey.io.embeddings import read_embeddings
    from covey.io.groups import item_names
    from covey.io.illustrations import read_images, read_texts
    from covey.io.links import find_files
    from covey.io.report.groups import group
    from covey.io.report.verdict import judge
    from covey.models.refiner import Refiner

    plan = plan_outputs(
        out,
        report=report,
        edges=edges,
        links=links,
        force=force,
        inputs=[emb, rows.mask, rows.ids, constraints, exclusive, texts],
    )
    trained = trained_model(model)
    with terminal.progress() as tell:
        table = read_embeddings(emb, **vars(rows), progress=tell)
        if isinstance(trained, Refiner):
            check_fit(trained, model, table, rows.metric)
        known = read_constraints(table, pairs=constraints, exclusive=exclusive)
        content = ReportContent(
            title=f"What belongs together in {emb.name}",
            images=None if images is None else read_images(images, table),
            texts=None if texts is None else read_texts(texts, table),
            command=shlex.join(["covey", *sys.argv[1:]]),
        )
        if links is not None:
            find_files(item_names(table.n, table.ids, table.rows).astype(str), links)
        refiner = trained if isinstance(trained, Refiner) else None
        check_memory(table.x, k, memory_limit, refiner)
        result = interruptible(
            partial(
                clustering.cluster,
                table.x,
                k=k,
                method=method,
                partition=partition,
                prefer=prefer,
                model=trained,
                metric=rows.metric,
                constraints=known.constraints or None,
                seed=seed,
                threads=threads,
                memory_limit=memory_limit,
                progress=tell,
            )
        )
        tell("writing", 0.0)
        notes = table.notes + known.notes + result.report.notes
        verdict = judge(result.report, group(result))
        facts = summary(result, table, verdict, notes, terminal.seconds)
        facts["model"] = None if model is None else str(model)
        facts["outputs"] = plan.paths()
        plan.write(result, table, facts, content)
        tell("writing", 1.0)
    facts |= figures(terminal.seconds)
    refined = refiner_words(trained, str(model)) if isinstance(trained, Refiner) else ""
    sentences = cluster_sentences(result, table, notes, plan.paths(), refined=refined)
    terminal.answer(sentences, facts, verdict=verdict.heading)


def summary(
    result: ClusterResult,
    table: EmbeddingTable,
    verdict: Verdict,
    notes: list[str],
    seconds: float,
) -> dict[str, Any]:
    """The facts of a run, for `--json` and summary.json."""
    clustering, report = result.clustering, result.report
    return {
        "version": __version__,
        "input": str(table.path),
        "n_items": clustering.n,
        "dim": table.x.shape[1],
        "trust": verdict.level,
        "verdict": verdict.heading,
        "n_clusters": clustering.n_clusters,
        "n_singletons": clustering.n_singletons,
        "largest": int(clustering.sizes.max(initial=0)),
        "expected_precision": report.expected_precision,
        "expected_recall": report.expected_recall,
        "agreement": report.agreement,
        "cut": report.cut,
        "method": report.method,
        "partition": report.partition,
        "prefer": report.prefer,
        "k": report.k,
        "n_edges": result.edges.m,
        "skipped": table.skipped_facts,
        "notes": notes,
        "stages": report.seconds,
        **figures(seconds),
    }


def figures(seconds: float) -> dict[str, float]:
    """What the run took so far: wall seconds with reading, and the peak of resident memory."""
    from covey.cli.machine import peak_memory_mb

    return {"seconds": round(seconds, 3), "peak_memory_mb": peak_memory_mb()}
