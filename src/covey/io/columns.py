"""Parquet files with one column of vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from covey.io.arrays import RawTable
from covey.io.files import listed, pick, shown
from covey.types import InputError, Int64

ID_NAMES = ("item_id", "id", "ids")
"""Column names that are taken for ids where the user names none."""

_BATCH_ROWS = 16_384


def read_parquet(path: Path, column: str | None, id_column: str | None) -> RawTable:
    """Reads a column of fixed-size lists, or of lists of one length, batch by batch.

    Parquet is always decoded, so the smallest peak is the matrix and one decoded batch; that is
    what this takes. The length of a row is the most common one in the first batch.

    Raises:
        InputError: If the file is damaged, the choice of column is not plain, the values are not
            numbers, or an id is missing.
    """
    try:
        with pq.ParquetFile(path, memory_map=True) as file:
            return _read_open(path, file, column, id_column)
    except InputError:
        raise
    except (pa.ArrowException, OSError) as error:
        why = shown(str(error).strip().split("\n")[0], 80)
        raise InputError(
            f"{path}: is no Parquet file or damaged ({why}); copy or write it again"
        ) from error


def text_column(path: Path, column: pa.ChunkedArray, name: str) -> NDArray[np.object_]:
    """A column of ids as (n,) object array of str.

    Raises:
        InputError: If a value is missing or has no text form.
    """
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy())[0])
        raise InputError(f"{path}: row {row} has no id in column {name!r}; fill it in")
    try:
        text = column.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise InputError(
            f"{path}: column {name!r} of type {column.type} cannot serve as ids; name another one"
        ) from None
    return text.to_numpy(zero_copy_only=False)


def _read_open(
    path: Path, file: pq.ParquetFile, column: str | None, id_column: str | None
) -> RawTable:
    schema = file.schema_arrow
    lists = [field.name for field in schema if _is_list(field.type)]
    name = pick(path, column, schema.names, lists, "column of lists")
    _check_values(path, name, schema.field(name).type)
    notes = []
    if id_column is None:
        id_column = next((known for known in ID_NAMES if known in schema.names), None)
        if id_column is not None:
            notes.append(f"ids were taken from column {id_column!r}")
    elif id_column not in schema.names:
        raise InputError(
            f"{path}: has no column {shown(id_column)} for ids; it has {listed(schema.names)}"
        )
    n = file.metadata.num_rows
    x: NDArray[Any] | None = None
    kept: list[Int64] = []
    ragged: list[tuple[int, str]] = []
    seen = filled = 0
    for batch in file.iter_batches(batch_size=_BATCH_ROWS, columns=[name]):
        values = batch.column(0)
        if isinstance(values, pa.ExtensionArray):
            values = values.storage
        lengths = pc.fill_null(pc.list_value_length(values), -1).to_numpy(zero_copy_only=False)
        if x is None:
            d = _common_length(path, name, lengths)
            x = np.empty((n, d), values.type.value_type.to_pandas_dtype())
        good = lengths == d
        if not good.all():
            ragged += [
                (seen + int(row), _ragged(int(lengths[row]), d)) for row in np.flatnonzero(~good)
            ]
            values = values.filter(pa.array(good))
        flat = values.flatten().to_numpy(zero_copy_only=False)
        if np.isdtype(x.dtype, "integral") and flat.dtype.kind == "f":
            x = x.astype(np.float64)  # missing numbers among integers arrive as NaN
        x[filled : filled + len(values)] = flat.reshape(-1, d)
        kept.append(seen + np.flatnonzero(good))
        seen, filled = seen + len(good), filled + len(values)
    if x is None:
        raise InputError(f"{path}: has no rows; write it again")
    rows = np.concatenate(kept) if ragged else None
    ids = None
    if id_column is not None:
        ids = text_column(path, file.read([id_column]).column(0), id_column)
        ids = ids if rows is None else ids[rows]
    return RawTable(x[:filled], n, rows, ids, ragged, notes)


def _is_list(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    types = pa.types
    return types.is_fixed_size_list(kind) or types.is_list(kind) or types.is_large_list(kind)


def _check_values(path: Path, name: str, kind: pa.DataType) -> None:
    if isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    if not _is_list(kind):
        raise InputError(
            f"{path}: column {name!r} holds {kind}, not a list of numbers per row; name another "
            "one with --column"
        )
    if not (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
        raise InputError(
            f"{path}: column {name!r} holds lists of {kind.value_type}, not of numbers; save it as "
            "lists of float32"
        )


def _common_length(path: Path, name: str, lengths: NDArray[Any]) -> int:
    found, counts = np.unique(lengths[lengths >= 0], return_counts=True)
    d = int(found[np.argmax(counts)]) if len(found) else 0
    if d == 0:
        raise InputError(f"{path}: the rows of column {name!r} have no values; write it again")
    return d


def _ragged(length: int, expected: int) -> str:
    if length < 0:
        return "is missing (null)"
    return f"has {length} values where {expected} are expected"
