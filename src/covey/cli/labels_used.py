"""What a training made of the labels that it was given, in figures and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from covey.io.report.words import count

if TYPE_CHECKING:
    from covey.datasets.view_draws import LabelledSet
    from covey.io.embeddings import EmbeddingTable


def labels_used(source: LabelledSet, table: EmbeddingTable) -> dict[str, int]:
    """Figures for `--json`.

    Args:
        source: The items that were learned from, see `covey.io.labelled_items`.
        table: The embeddings that they are part of.
    """
    named = source.labels[source.labels >= 0]
    return {
        "n_items": len(source.x),
        "n_groups": len(np.unique(named)),
        "n_nobody": len(source.x) - len(named),
        "n_left_out": table.n - len(source.x),
    }


def known_items(used: dict[str, int]) -> str:
    """`90 items in 9 groups`, `120 items in 9 groups, 30 of them of nobody`."""
    told = f"{count(used['n_items'], 'item')} in {count(used['n_groups'], 'group')}"
    return told + (f", {used['n_nobody']:,} of them of nobody" if used["n_nobody"] else "")


def label_notes(used: dict[str, int]) -> list[str]:
    """What the user should know of labels that name no group, a sentence each."""
    notes = []
    if used["n_left_out"]:
        notes.append(f"Left out: {count(used['n_left_out'], 'row')} without a label.")
    if used["n_nobody"]:
        notes.append(
            "Note: an item with a negative label counts as belonging with nothing else, and that "
            "is learned; where it is not known what an item belongs with, leave its label empty."
        )
    return notes
