"""`covey search`: what in a gallery is like a query."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from covey import __version__
from covey.cli import options
from covey.cli.terminal import Terminal

if TYPE_CHECKING:
    from covey.io.embeddings import EmbeddingTable

Gallery = Annotated[
    Path,
    typer.Argument(
        metavar="EMB",
        help="What is searched: .npy, .npz, .parquet, .safetensors, .csv, .tsv, .bin, .fvecs, "
        ".bvecs.",
    ),
]
Rerank = Annotated[
    Literal["none", "k-reciprocal", "query-expansion", "diffusion", "profiles"],
    typer.Option(help="Put the first results in a better order, by their neighbours."),
]
Queries = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Embeddings to look up in EMB; if not given, each row of EMB among the others.",
    ),
]
QueryIds = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Ids of --queries, one per line, per row.")
]
QueryMask = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="One number per row of --queries: 0 leaves the row out."),
]


@options.flat
def search(
    emb: Gallery,
    out: Annotated[Path, typer.Option("-o", "--out", help="Results as .npz or .parquet.")],
    k: Annotated[int, typer.Option("-k", "--k", min=1, help="Results per query.")] = 10,
    queries: Queries = None,
    query_ids: QueryIds = None,
    query_mask: QueryMask = None,
    model: options.Refiner = None,
    rerank: Rerank = "none",
    index: Annotated[
        Literal["auto", "exact", "ivf", "hnsw"],
        typer.Option(help="How they are looked for; auto is exact while that is affordable."),
    ] = "auto",
    recall: Annotated[
        float, typer.Option(help="Share of the true results that ivf and hnsw must find.")
    ] = 0.97,
    *,
    rows: options.Selected,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    memory_limit: options.MemoryLimit = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Find what in EMB is most like each query, by the cosine."""
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey.cli.interrupt import interruptible
    from covey.cli.machine import peak_memory_mb
    from covey.cli.model_option import check_fit, trained_refiner
    from covey.cli.outputs import check_file, check_not_read
    from covey.cli.words import refiner_words
    from covey.graph import nearest
    from covey.io.embeddings import read_embeddings
    from covey.io.groups import item_names
    from covey.io.neighbours import SUFFIXES, write_neighbours
    from covey.retrieval import search as searching
    from covey.retrieval.collection import Collection
    from covey.retrieval.refined import refine_collection
    from covey.retrieval.rerank import DEPTH, order_anew

    check_file(out, SUFFIXES)
    check_not_read([out], [emb, queries, rows.mask, rows.ids, query_ids, query_mask])
    refiner = trained_refiner(model)
    with terminal.progress() as tell:
        table = read_embeddings(emb, **vars(rows), progress=tell)
        if refiner is not None:
            check_fit(refiner, model, table)
        asked = read_queries(queries, table, rows, query_ids, query_mask)
        collection = Collection.of(table.x, None if asked is None else asked.x)
        if refiner is not None:
            collection = interruptible(
                partial(
                    refine_collection,
                    collection,
                    refiner,
                    threads=threads,
                    memory_limit=memory_limit,
                    seed=seed,
                    tick=partial(tell, "refining"),
                )
            )
        found, info = interruptible(
            partial(
                searching.search,
                collection,
                k if rerank == "none" else max(k, DEPTH),
                index=index,
                recall=recall,
                threads=threads,
                memory_limit=memory_limit,
                seed=seed,
                progress=partial(tell, "neighbours"),
            )
        )
        if rerank != "none":
            found = interruptible(
                partial(
                    order_anew,
                    rerank,
                    collection,
                    found,
                    threads=threads,
                    progress=partial(tell, "ordering"),
                )
            )
        found = nearest(found, k)
        source = asked or table
        among = None if asked is None else item_names(table.n, table.ids, table.rows)
        write_neighbours(out, found, ids=source.ids, rows=source.rows, gallery=among)
    facts = {
        "version": __version__,
        "input": str(emb),
        "queries": None if queries is None else str(queries),
        "n_items": table.n,
        "n_queries": found.n,
        "k": found.k,
        "model": None if model is None else str(model),
        "rerank": rerank,
        "index": info.index,
        "recall": info.recall,
        "skipped": table.skipped_facts,
        "skipped_queries": [] if asked is None else asked.skipped_facts,
        "notes": table.notes + ([] if asked is None else asked.notes),
        "outputs": [str(out)],
        "seconds": round(terminal.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    sentences = [
        f"{found.k} results for each of {found.n:,} queries among {table.n:,} items ({info.index}, "
        f"recall {info.recall:.3f}, {info.seconds:.1f} s)."
    ]
    if refiner is not None:
        changed = refiner.refines or refiner.whitening is not None
        told = "; similarities are theirs." if changed else ": results are those without it."
        sentences.append(refiner_words(refiner, str(model)) + told)
    if rerank != "none":
        sentences.append(f"Put in order by {rerank}.")
    sentences += [
        f"Skipped: {each.skipped_summary}." for each in (table, asked) if each and each.skipped
    ]
    terminal.answer([*sentences, f"Wrote {out}"], facts)


def read_queries(
    path: Path | None,
    gallery: EmbeddingTable,
    rows: options.Selected,
    ids: Path | None,
    mask: Path | None,
) -> EmbeddingTable | None:
    """The rows to look up, read as EMB is; None where those are EMB's own.

    Raises:
        InputError: If they have other dimensions than EMB: names both files.
        UsageError: If there are options for queries but no queries.
    """
    from covey.io.embeddings import read_embeddings
    from covey.types import InputError, UsageError

    if path is None:
        if ids is not None or mask is not None:
            raise UsageError("--query-ids and --query-mask want --queries, which they tell about")
        return None
    fits = {".npz", ".parquet", ".pq", ".safetensors"}
    found = read_embeddings(
        path,
        column=rows.column if path.suffix.lower() in fits else None,
        id_column=rows.id_column if path.suffix.lower() in fits - {".safetensors"} else None,
        ids=ids,
        dim=rows.dim,
        skip_bad=rows.skip_bad,
        mask=mask,
        fewest=1,
    )
    if found.x.shape[1] != gallery.x.shape[1]:
        raise InputError(
            f"{path}: queries have {found.x.shape[1]} values in a row and the gallery, "
            f"{gallery.path}, {gallery.x.shape[1]}; embed both by the same model"
        )
    return found
