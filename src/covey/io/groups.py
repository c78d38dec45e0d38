"""The answer as a table, item_id, cluster_id, strength, and the same table back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from covey.io.atomic import atomic_file
from covey.io.columns import text_column
from covey.io.files import file_size, listed, reading, shown
from covey.io.ids import check_unique
from covey.io.spreadsheet_text import guarded
from covey.types import Clustering, Float32, InputError, Int64, UsageError

_COLUMNS = ("item_id", "cluster_id", "strength")
_OF_PROJECTS = "group"
"""What the column of clusters is called by `covey export`, where it may be empty."""


@dataclass(frozen=True, slots=True)
class GroupTable:
    """Groups as a file holds them.

    Attributes:
        ids: (n,) object array of unique str.
        labels: (n,) int64 cluster ids as written, -1 for noise and for items in no group.
        strength: (n,) float32 in [0, 1]; 1 where the file does not know.
    """

    ids: NDArray[np.object_]
    labels: Int64
    strength: Float32

    @property
    def rows(self) -> Int64 | None:
        """(n,) int64 row numbers, if every id is one; otherwise None."""
        try:
            rows = self.ids.astype(np.int64)
        except (ValueError, OverflowError):
            return None
        return rows if (rows.astype(str) == self.ids).all() and rows.min(initial=0) >= 0 else None


def item_names(
    n: int, ids: NDArray[np.object_] | None, rows: Int64 | None
) -> NDArray[np.object_] | Int64:
    """What n items are called in a file: their ids, else their row numbers, else 0 to n - 1.

    Raises:
        UsageError: If there are not n of them.
    """
    names = ids if ids is not None else rows if rows is not None else np.arange(n)
    if len(names) != n:
        raise UsageError(f"{len(names)} ids or rows were given for {n} items; give one per item")
    return names


def write_groups(
    path: str | Path,
    clustering: Clustering,
    *,
    ids: NDArray[np.object_] | None = None,
    rows: Int64 | None = None,
) -> None:
    """Writes one line per item, in the order of the items, to .csv, .tsv or .parquet, atomically.

    Args:
        path: Where to; its suffix decides the format.
        clustering: n items.
        ids: (n,) their ids, as `EmbeddingTable.ids`.
        rows: (n,) their row numbers, as `EmbeddingTable.rows`; used where there are no ids.

    Raises:
        UsageError: If the suffix is another one, or the numbers of items differ.
    """
    names = item_names(clustering.n, ids, rows)
    kind = pa.int64() if names.dtype.kind == "i" else pa.string()
    values = [pa.array(names, kind), pa.array(clustering.labels), pa.array(clustering.strength)]
    write_table(path, pa.table(dict(zip(_COLUMNS, values, strict=True))))


def write_table(path: str | Path, table: pa.Table, *, guard: Sequence[str] = ()) -> None:
    """Writes any Arrow table to .csv, .tsv or .parquet, atomically.

    Args:
        path: Where to.
        table: Anything.
        guard: Columns of text that in .csv and .tsv must not run as formulas, see `guarded`.

    Raises:
        UsageError: If the suffix is another one.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in (".csv", ".tsv", ".parquet"):
        raise UsageError(f"{path}: a table is written to .csv, .tsv or .parquet; change the suffix")
    with atomic_file(path) as temporary:
        if suffix == ".parquet":
            pq.write_table(table, temporary)
            return
        for name in guard:
            place = table.schema.get_field_index(name)
            table = table.set_column(place, name, guarded(table[name]))
        options = pa_csv.WriteOptions(
            delimiter="," if suffix == ".csv" else "\t",
            quoting_style="needed",
            quoting_header="none",
        )
        pa_csv.write_csv(table, temporary, options)


def read_groups(path: str | Path) -> GroupTable:
    """Reads what `write_groups` or `covey export` wrote, or a table of that shape from elsewhere.

    A table with a column `group` in the place of `cluster_id` is one of a project: items in no
    group have nothing there, and those that no run has seen have no strength.

    Raises:
        InputError: If a column is missing, a value cannot be read (the row is named), or an id
            occurs twice.
    """
    path = Path(path)
    table = read_table(path, {"item_id": pa.string()})
    named = [name for name in (_COLUMNS[1], _OF_PROJECTS) if name in table.column_names]
    missing = [_COLUMNS[0]] * (_COLUMNS[0] not in table.column_names)
    missing += [f"{_COLUMNS[1]} or {_OF_PROJECTS}"] * (not named)
    if missing:
        raise InputError(
            f"{path}: has no column {listed(missing)}; it has {listed(table.column_names)}"
        )
    ids = text_column(path, table["item_id"], "item_id")
    of_project = named[0] == _OF_PROJECTS
    labels = _numbers(path, table, named[0], pa.int64(), -1 if of_project else None)
    strength = np.ones(len(ids), np.float32)
    if "strength" in table.column_names:
        strength = _numbers(path, table, "strength", pa.float32(), 1.0 if of_project else None)
        wrong = np.flatnonzero(~((strength >= 0) & (strength <= 1)))
        if len(wrong):
            raise InputError(
                f"{path}: row {wrong[0]} has strength {strength[wrong[0]]}, outside 0 to 1"
            )
    check_unique(path, ids, None)
    return GroupTable(ids, labels, strength)


def read_table(path: Path, types: dict[str, pa.DataType] | None = None) -> pa.Table:
    """Reads a .csv or .tsv with a header, or a Parquet file, as an Arrow table.

    Args:
        path: The file.
        types: Types of columns of a text file that are not to be guessed.

    Raises:
        InputError: If the file cannot be read or is of another kind.
    """
    suffix = path.suffix.lower()
    file_size(path)
    try:
        if suffix in (".parquet", ".pq"):
            return pq.read_table(path)
        if suffix in (".csv", ".tsv"):
            return pa_csv.read_csv(
                path,
                parse_options=pa_csv.ParseOptions(
                    delimiter="," if suffix == ".csv" else "\t", newlines_in_values=True
                ),
                convert_options=pa_csv.ConvertOptions(column_types=types or {}),
            )
    except MemoryError:
        with reading(path):
            raise
    except (pa.ArrowException, OSError) as error:
        why = shown(str(error).strip().split("\n")[0], 100)
        raise InputError(f"{path}: cannot be read as a table ({why}); write it again") from error
    raise InputError(
        f"{path}: {suffix or 'a file without a suffix'} is no table; give .csv, .tsv or .parquet"
    )


def _numbers(
    path: Path, table: pa.Table, name: str, kind: pa.DataType, empty: float | None
) -> NDArray[Any]:
    """A column as numbers, `empty` where it has nothing; None if that must not be."""
    column = table[name]
    if column.null_count and empty is None:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise InputError(f"{path}: row {row} has no {name}; fill it in or remove the row")
    try:
        numbers = column.cast(kind)
        return (numbers if empty is None else numbers.fill_null(empty)).to_numpy()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        why = shown(str(error).split("\n")[0], 80)
        raise InputError(
            f"{path}: column {name!r} must hold {kind} numbers ({why}); correct it"
        ) from None
