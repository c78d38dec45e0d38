"""`covey knn`: the nearest neighbours alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from covey import __version__
from covey.cli import options
from covey.cli.terminal import Terminal


@options.flat
def knn(
    emb: options.Embeddings,
    out: Annotated[Path, typer.Option("-o", "--out", help="Neighbours as .npz or .parquet.")],
    k: Annotated[int, typer.Option(min=1, help="Neighbours per item.")] = 80,
    index: Annotated[
        Literal["auto", "exact", "ivf", "hnsw"],
        typer.Option(help="How they are looked for; auto is exact while that is affordable."),
    ] = "auto",
    recall: Annotated[
        float, typer.Option(help="Share of the true neighbours that ivf and hnsw must find.")
    ] = 0.97,
    *,
    rows: options.Rows,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    memory_limit: options.MemoryLimit = None,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Find the nearest neighbours of each row of EMB."""
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey.cli.interrupt import interruptible
    from covey.cli.machine import peak_memory_mb
    from covey.cli.outputs import check_file, check_not_read
    from covey.io.embeddings import read_embeddings
    from covey.io.neighbours import SUFFIXES, write_neighbours
    from covey.knn import build_knn_graph_with_info

    check_file(out, SUFFIXES)
    check_not_read([out], [emb, rows.mask, rows.ids])
    with terminal.progress() as tell:
        table = read_embeddings(emb, **vars(rows), progress=tell)
        graph, info = interruptible(
            partial(
                build_knn_graph_with_info,
                table.x,
                k,
                metric=rows.metric,
                index=index,
                recall=recall,
                threads=threads,
                memory_limit=memory_limit,
                seed=seed,
                progress=partial(tell, "neighbours"),
            )
        )
        write_neighbours(out, graph, ids=table.ids, rows=table.rows)
    facts = {
        "version": __version__,
        "input": str(emb),
        "n_items": graph.n,
        "k": graph.k,
        "index": info.index,
        "recall": info.recall,
        "skipped": table.skipped_facts,
        "notes": table.notes,
        "outputs": [str(out)],
        "seconds": round(terminal.seconds, 3),
        "peak_memory_mb": peak_memory_mb(),
    }
    sentences = [
        f"{graph.k} neighbours of each of {graph.n:,} items ({info.index}, recall "
        f"{info.recall:.3f}, {info.seconds:.1f} s)."
    ]
    if table.skipped:
        sentences.append(f"Skipped: {table.skipped_summary}.")
    terminal.answer([*sentences, f"Wrote {out}"], facts)
