"""Files of a user as a batch of items."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from covey.io.constraints import by_row, strangers_note
from covey.io.embeddings import EmbeddingTable
from covey.io.files import shown
from covey.io.illustrations import FilesByName, read_images, read_texts
from covey.io.labels import read_labels
from covey.store.items import Batch, Items
from covey.types import InputError


def batch_of(
    table: EmbeddingTable,
    before: Items,
    *,
    images: str | Path | None = None,
    texts: str | Path | None = None,
    exclusive: str | Path | None = None,
) -> tuple[Batch, list[str]]:
    """A batch from embeddings and what goes with them.

    Args:
        table: Embeddings that passed every check.
        before: Items that there are; those of a table without ids are numbered on from them.
        images, texts: As `read_images` and `read_texts` take them.
        exclusive: Labels in any form that `read_labels` knows: items of one label exclude each
            other, also those of other batches with the same label. Ids that are neither here nor
            among those before are noted; those before keep what they were added with.

    Returns:
        The batch, and notes for the user.

    Raises:
        InputError: If a file cannot be used.
    """
    notes: list[str] = []
    if table.ids is None:
        ids = (before.n + np.arange(table.n)).astype(str).astype(object)
        notes.append(f"items have no ids: they are called {ids[0]} to {ids[-1]}")
    else:
        ids = table.ids
    pictures = None if images is None else read_images(images, table)
    if isinstance(pictures, FilesByName):
        notes += _without_file(pictures)
    known = None if exclusive is None else _exclusive(Path(exclusive), table, ids, before, notes)
    words = None if texts is None else [str(each) for each in read_texts(texts, table)]
    return Batch(ids, table.x, pictures, words, known, str(table.path)), notes


def added_before(items: Items, batch: Batch, *, named: bool) -> bool:
    """Whether a batch adds nothing: all of it is there, row by row, with all that goes with it.

    Args:
        items: All that there are.
        batch: What is to be added.
        named: Whether its items have ids of their own. Those that were numbered on are compared
            with each batch of as many items that were numbered on, too.
    """
    if named:
        found = pc.index_in(pa.array(batch.ids, pa.string()), value_set=items.ids.combine_chunks())
        return not found.null_count and items.same(found.to_numpy().astype(np.int64), batch)
    n = len(batch.ids)
    return any(
        items.ids.slice(start, n).to_pylist() == [str(start + row) for row in range(n)]
        and items.same(start + np.arange(n), batch)
        for start in items.batches_of(n)
    )


def _without_file(pictures: FilesByName) -> list[str]:
    """A note where some items have no file; their paths are kept, since it may come later."""
    paths = pictures[:]
    missing = [each for each in paths if not os.path.isfile(each)]
    if not missing:
        return []
    wanted = next((f", the first should be {shown(each, 200)}" for each in missing if each), "")
    return [
        f"{len(missing):,} of {len(paths):,} items have no picture{wanted}: their ids stand "
        "instead, until it is there"
    ]


def _exclusive(
    path: Path, table: EmbeddingTable, ids: np.ndarray, before: Items, notes: list[str]
) -> np.ndarray:
    labels = read_labels(path)
    codes = by_row(path, labels, table) if labels.ids is None else labels.of(ids)
    free = int((codes < 0).sum())
    if free == len(codes):
        raise InputError(
            f"{path}: names none of the items of {table.path}: an item there is called "
            f"{shown(ids[0])}"
        )
    if free:
        notes.append(f"{free} items have no exclusive group")
    known = np.concatenate([ids, before.ids.to_numpy().astype(object)])
    notes += strangers_note(path, labels.strangers(known), "items of this batch or those before")
    names = np.array([*map(str, labels.names), None], object)
    return np.asarray(names[codes.clip(-1)], object)
