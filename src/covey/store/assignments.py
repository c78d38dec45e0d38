"""Where items would go, as a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from covey.assigning import Assigned
from covey.io.embeddings import EmbeddingTable
from covey.io.groups import item_names, write_table
from covey.review.changes import NO_GROUP
from covey.store.review import Review

SUFFIXES = (".csv", ".tsv", ".parquet")


def write_assignments(path: Path, found: Assigned, table: EmbeddingTable, review: Review) -> None:
    """Writes item_id, group, name of the group, chance, and the id of the nearest item.

    Names, which anybody may have typed, do not run as formulas in text tables, see `guarded`.

    Raises:
        UsageError: If the suffix is none of `SUFFIXES`.
    """
    groups = review.state.groups
    names = item_names(table.n, table.ids, table.rows).astype(str)
    near = found.neighbours[:, 0] if found.neighbours.size else np.full(table.n, -1)
    columns = {
        "item_id": pa.array(names, pa.string()),
        "group": pa.array([None if g == NO_GROUP else g for g in found.group.tolist()], pa.int64()),
        "name": pa.array(
            [None if g == NO_GROUP else groups[g].name for g in found.group.tolist()], pa.string()
        ),
        "chance": pa.array(found.chance, pa.float32()),
        "nearest_id": pa.array(
            [None if item < 0 else review.items.id_of(item) for item in near.tolist()], pa.string()
        ),
    }
    write_table(path, pa.table(columns), guard=("name",))
