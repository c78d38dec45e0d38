"""The answer in plain words: what was found, how far to trust it, what was written."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from covey.io.report.words import count, percent

if TYPE_CHECKING:
    from covey.clustering import ClusterResult
    from covey.io.embeddings import EmbeddingTable
    from covey.models.refiner import Refiner


def cluster_sentences(
    result: ClusterResult,
    table: EmbeddingTable,
    notes: list[str],
    written: list[str],
    *,
    refined: str = "",
) -> list[str]:
    """What a run of `covey cluster` says below its verdict, a line each.

    Args:
        result: What was found.
        table: In which embeddings.
        notes: What was odd.
        written: Files.
        refined: What a refiner did to the embeddings, see `refiner_words`.
    """
    clustering, report = result.clustering, result.report
    shared = clustering.n_clusters - clustering.n_singletons
    sizes = clustering.sizes
    lines = [
        f"{count(clustering.n, 'item')}: {count(shared, 'group')} of two or more (the largest has "
        f"{int(sizes.max(initial=0)):,}), {count(clustering.n_singletons, 'item')} alone."
    ]
    lines += expected_sentences(
        report.expected_precision, report.expected_recall, by_labels=report.by_labels
    )
    if refined:
        lines.append(f"{refined}.")
    page = next((path for path in written if path.endswith(".html")), None)
    where = f"{page} shows" if page else "--report FILE.html writes a page that shows"
    lines.append(f"{where} what to check first.")
    if table.skipped:
        lines.append(f"Skipped: {table.skipped_summary}.")
    lines += [f"Note: {note.rstrip('.')}." for note in notes]
    lines.append(f"Wrote {', '.join(written)}")
    return lines


def expected_sentences(precision: float, recall: float, *, by_labels: bool = False) -> list[str]:
    """What is foreseen of groups, in a sentence; none where nothing is.

    Args:
        precision, recall: BCubed, NaN for unknown.
        by_labels: Whether groups with labels foresaw it.
    """
    if math.isnan(precision) or math.isnan(recall):
        return []
    source = "by other groups with labels" if by_labels else "without labels"
    return [
        f"Expected, {source}: {percent(precision)} of what shares a group with an item belongs "
        f"with it; {percent(recall)} of what belongs with an item shares its group."
    ]


def refiner_words(refiner: Refiner, name: str) -> str:
    """What a refiner did to embeddings or their edges, as a sentence that may go on."""
    if refiner.edges == "network":
        return f"Edges were weighed by the network of {name}"
    if refiner.refines:
        return f"Embeddings were refined by {name}"
    if refiner.whitening is not None:
        return f"Embeddings were whitened by {name} and no more (its network is not used)"
    return f"{name} leaves embeddings as they are (its network is not used)"
