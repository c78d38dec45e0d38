"""`covey reid`: how well a search finds persons, or anything with identities, again."""

from __future__ import annotations

import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from covey import __version__
from covey.cli import options
from covey.cli.search import Gallery, Queries, QueryIds, QueryMask, Rerank, read_queries
from covey.cli.terminal import Terminal

if TYPE_CHECKING:
    from covey.io.embeddings import EmbeddingTable
    from covey.io.report.contact_sheet import ContactSheet
    from covey.metrics.retrieval import RetrievalScores
    from covey.models.refiner import Refiner

_TABLES = (".csv", ".tsv", ".parquet")


@options.flat
def reid(
    emb: Gallery,
    labels: Annotated[
        Path,
        typer.Option(
            metavar="FILE",
            help="Identities of EMB's items: .npy, .npz, .csv, .tsv, .parquet, .txt. Items whose "
            "identity is missing or negative are left out of every ranking.",
        ),
    ],
    cameras: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Cameras of EMB's items, in the same formats."),
    ] = None,
    label_column: Annotated[
        str | None, typer.Option(help="Column or array of --labels with the identities.")
    ] = None,
    camera_column: Annotated[
        str | None, typer.Option(help="Column or array of --cameras with the cameras.")
    ] = None,
    queries: Queries = None,
    query_labels: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Identities of --queries.")
    ] = None,
    query_cameras: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Cameras of --queries.")
    ] = None,
    query_ids: QueryIds = None,
    query_mask: QueryMask = None,
    protocol: Annotated[
        Literal["standard", "list-1023"],
        typer.Option(
            help="standard: whole rankings, without what the query's own camera saw of it; "
            "list-1023: the first 1,023 results, cameras not looked at."
        ),
    ] = "standard",
    model: options.Refiner = None,
    rerank: Rerank = "none",
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="Each query's figures, as .csv, .tsv or .parquet."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write a page of example queries and results."),
    ] = None,
    examples: Annotated[
        int, typer.Option(min=1, max=50, help="Worst, middling and best queries on the page.")
    ] = 6,
    images: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="Pictures for the page: a folder with a file per item id, a .npy of images, or a "
            "column of EMB with paths.",
        ),
    ] = None,
    query_images: Annotated[
        str | None, typer.Option(metavar="SOURCE", help="Pictures of --queries.")
    ] = None,
    *,
    rows: options.Selected,
    threads: options.Threads = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Score the search for the same identity in EMB, from other cameras.

    Each row is looked up among the others, or the rows of --queries in EMB.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey.cli.interrupt import interruptible
    from covey.cli.machine import peak_memory_mb
    from covey.cli.model_option import check_fit, trained_refiner
    from covey.cli.outputs import check_file, check_not_read
    from covey.io.embeddings import read_embeddings
    from covey.io.identities import IdentityFiles, read_identities
    from covey.io.illustrations import read_images
    from covey.io.query_scores import write_query_scores
    from covey.io.report.queries import Side, write_query_page
    from covey.metrics.retrieval import PROTOCOLS
    from covey.retrieval.collection import Collection
    from covey.retrieval.examples import pick_queries, show_queries
    from covey.retrieval.refined import refine_collection
    from covey.retrieval.reid import Ranker, score_retrieval
    from covey.retrieval.rerank import prepare_reranking

    _check_pairs(queries, query_labels, query_cameras, query_images, cameras, html, images)
    if out is not None:
        check_file(out, _TABLES)
    if html is not None:
        check_file(html, (".html", ".htm"))
    written = [path for path in (out, html) if path is not None]
    read = [emb, labels, cameras, queries, query_labels, query_cameras, query_ids, query_mask]
    check_not_read(written, [*read, rows.mask, rows.ids])
    refiner = trained_refiner(model)
    with terminal.progress() as tell:
        table = read_embeddings(emb, **vars(rows), progress=tell)
        if refiner is not None:
            check_fit(refiner, model, table)
        asked = read_queries(queries, table, rows, query_ids, query_mask)
        sources = [IdentityFiles(table, labels, cameras, rows.mask)]
        if asked is not None and query_labels is not None:
            sources.append(IdentityFiles(asked, query_labels, query_cameras, query_mask))
        named = read_identities(sources, label_column=label_column, camera_column=camera_column)
        source = asked or table
        pictures = None if images is None else read_images(images, table)
        asked_pictures = (
            None if asked is None or query_images is None else read_images(query_images, asked)
        )
        rule = PROTOCOLS[protocol]

        def work() -> tuple[Ranker, RetrievalScores]:
            searched = Collection.of(table.x, None if asked is None else asked.x)
            if refiner is not None:
                tick = partial(tell, "refining")
                searched = refine_collection(searched, refiner, threads=threads, tick=tick)
            tell("searching", 0.0)
            reranking = None
            if rerank != "none":
                reranking = prepare_reranking(rerank, searched, threads=threads)
            ranker = Ranker(searched, reranking)
            return ranker, score_retrieval(
                ranker,
                named[0].items,
                queries=named[-1].items,
                protocol=rule,
                threads=threads,
                progress=partial(tell, "searching"),
            )

        ranker, scores = interruptible(work)
        if out is not None:
            write_query_scores(out, scores.per_query, ids=source.ids, rows=source.rows)
        if html is not None:
            shown = {
                name: show_queries(ranker, which, named[0].items, named[-1].items, rule)
                for name, which in pick_queries(
                    scores.per_query, named[-1].items.labels, examples
                ).items()
            }
            gallery_side = Side(_sheet(table, pictures), named[0].told)
            write_query_page(
                html,
                scores,
                shown,
                queries=gallery_side
                if asked is None
                else Side(_sheet(asked, asked_pictures), named[-1].told),
                gallery=gallery_side,
                title=f"Who is found again in {emb.name}",
                ranking=f"Results in the order of {_order(refiner, model, rerank)}",
                command=shlex.join(["covey", *sys.argv[1:]]),
            )
    notes = table.notes + ([] if asked is None else asked.notes)
    if protocol == "standard" and cameras is None:
        notes.append("without --cameras every item of the query's identity counts")
    facts: dict[str, Any] = {
        "version": __version__,
        "input": str(emb),
        "queries": None if queries is None else str(queries),
        "n_items": table.n,
        "model": None if model is None else str(model),
        "rerank": rerank,
        **scores.as_dict(),
        "skipped": table.skipped_facts,
        "skipped_queries": [] if asked is None else asked.skipped_facts,
        "notes": notes,
        "outputs": [str(path) for path in written],
        "seconds": round(terminal.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    terminal.answer(
        _sentences(scores, _order(refiner, model, rerank), table.n, notes, written), facts
    )


def _sheet(table: EmbeddingTable, pictures: Any) -> ContactSheet:
    from covey.io.groups import item_names
    from covey.io.report.contact_sheet import ContactSheet

    return ContactSheet(item_names(table.n, table.ids, table.rows).astype(str), pictures, None)


def _check_pairs(
    queries: Path | None,
    query_labels: Path | None,
    query_cameras: Path | None,
    query_images: str | None,
    cameras: Path | None,
    html: Path | None,
    images: str | None,
) -> None:
    """Refuses options that want others.

    Raises:
        UsageError: If one is missing.
    """
    from covey.types import UsageError

    told = {
        "--query-labels": query_labels,
        "--query-cameras": query_cameras,
        "--query-images": query_images,
    }
    if queries is None:
        for option, value in told.items():
            if value is not None:
                raise UsageError(f"{option} wants --queries, which it tells about")
    elif query_labels is None:
        raise UsageError("--queries wants --query-labels: who is looked for")
    elif (cameras is None) != (query_cameras is None):
        raise UsageError("--cameras and --query-cameras want each other: give both or neither")
    if html is None and (images is not None or query_images is not None):
        raise UsageError("--images and --query-images are for the page; give --html FILE.html, too")


def _order(refiner: Refiner | None, model: Path | None, rerank: str) -> str:
    """What decides on the order of results."""
    order = "the cosine" if rerank == "none" else rerank
    if refiner is None or model is None:
        return order
    if refiner.refines:
        return f"{order} of embeddings refined by {model.name}"
    if refiner.whitening is not None:
        return f"{order} of embeddings whitened by {model.name}"
    return f"{order} of the embeddings, which {model.name} leaves as they are"


def _sentences(
    scores: RetrievalScores, order: str, n: int, notes: list[str], written: list[Path]
) -> list[str]:
    """The measures as a small table in plain text."""
    lines = [
        f"{scores.queries:,} queries among {n:,} items, {scores.protocol} protocol, by {order}.",
        "",
        "  ".join(f"{name:>7}" for name in ("mAP", "mINP", *(f"CMC@{r}" for r in scores.cmc))),
        "  ".join(f"{x:>7.4f}" for x in (scores.mean_ap, scores.mean_inp, *scores.cmc.values())),
    ]
    if scores.skipped:
        lines += ["", f"{scores.skipped:,} queries have nothing to find and do not count."]
    lines += [f"Note: {note}." for note in notes]
    return lines + ([f"Wrote {', '.join(map(str, written))}"] if written else [])
