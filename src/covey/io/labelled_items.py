"""Labels of items, matched with their rows: to fine-tune a model on, or to score a search by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.datasets.view_draws import LabelledSet
from covey.io.embeddings import EmbeddingTable
from covey.io.files import shown
from covey.io.groups import item_names
from covey.io.ids import read_mask
from covey.io.labels import LabelTable, read_labels
from covey.label_codes import MISSING
from covey.types import InputError, Int64


def labelled_items(
    table: EmbeddingTable,
    labels: Path,
    *,
    column: str | None = None,
    mask: Path | None = None,
) -> LabelledSet:
    """The rows of a table that labels say something of: those whose label is not missing.

    Labels that have ids belong to the items of these ids, where an item without an id is named by
    its row number; others belong to the rows of the file.

    Args:
        table: Embeddings, read with the mask.
        labels: Anything that `read_labels` reads.
        column: The column of labels.
        mask: That of the table, which tells how many rows its file has.

    Returns:
        The items; labels are codes from 0, and `label_codes.NOBODY` for items whose label is a
        negative number: these belong with no other.

    Raises:
        InputError: If labels and rows do not correspond, or no item is of any group.
    """
    codes, _ = item_codes(table, labels, column=column, mask=mask)
    known = codes != MISSING
    x = table.x if known.all() else table.x[np.flatnonzero(known)]
    return LabelledSet(table.path.name, table.path.stem, x, codes[known])


def item_codes(
    table: EmbeddingTable,
    labels: Path,
    *,
    column: str | None = None,
    mask: Path | None = None,
    option: str = "--label-column",
) -> tuple[Int64, NDArray[Any]]:
    """The label of each row of a table, matched as in `labelled_items`.

    Args:
        table: Embeddings, read with the mask.
        labels: Anything that `read_labels` reads.
        column: The column of labels.
        mask: That of the table, which tells how many rows its file has.
        option: How the user may name the column, for messages.

    Returns:
        (n,) int64 codes as of `label_codes`, `MISSING` where there is no label, and the labels that
        they stand for.

    Raises:
        InputError: If labels and rows do not correspond, or no item is of any group.
    """
    truth = read_labels(labels, column, option=option)
    told = ""
    if truth.ids is not None:
        names = item_names(table.n, table.ids, table.rows).astype(str).astype(object)
        codes = truth.of(names)
        told = f"; the first id there is {shown(truth.ids[0])}, that of an item {shown(names[0])}"
        if table.ids is None:
            told += f"; give the ids of {table.path} by --ids or --id-column"
    else:
        if mask is not None:
            read_mask(mask, len(truth.codes), labels)
        elif len(truth.codes) != table.n + len(table.skipped):
            raise InputError(
                f"{labels}: has {len(truth.codes)} labels where {table.path} has "
                f"{table.n + len(table.skipped)} rows; give one label per row, or ids with them"
                + _header_hint(truth, table.n + len(table.skipped), option)
            )
        codes = truth.codes if table.rows is None else truth.codes[table.rows]
    if not (codes >= 0).any():
        raise InputError(
            f"{labels}: has no label for any item that is used of {table.path} (missing and "
            f"negative ones do not count){told}"
        )
    return codes, truth.names


def _header_hint(truth: LabelTable, rows: int, option: str) -> str:
    """What one label too many may be: a header under a name that is not known."""
    if len(truth.codes) != rows + 1 or truth.codes[0] < 0:
        return ""
    first = shown(truth.names[truth.codes[0]])
    return f" (if the first line, {first}, is a header, name it by {option})"
