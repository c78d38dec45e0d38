"""Edges as Parquet: source and target, score, probability; written and read in pieces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from covey.io.atomic import atomic_file
from covey.io.files import file_size, listed, shown
from covey.io.groups import item_names
from covey.types import Edges, InputError, Int64, UsageError

_ROWS_PER_GROUP = 1 << 20


def write_edges(
    path: str | Path,
    edges: Edges,
    n: int,
    *,
    ids: NDArray[np.object_] | None = None,
    rows: Int64 | None = None,
) -> None:
    """Writes one line per edge to Parquet, atomically, a million edges at a time.

    Columns: `source_id`, `target_id` (strings where there are ids, otherwise row numbers),
    `score`, and `probability` if the edges are calibrated.

    Args:
        path: Where to, with suffix .parquet.
        edges: m edges between n items.
        n: Number of items.
        ids: (n,) their ids, as `EmbeddingTable.ids`.
        rows: (n,) their row numbers, as `EmbeddingTable.rows`; used where there are no ids.

    Raises:
        UsageError: If the suffix is another one, or the numbers of items differ.
    """
    if Path(path).suffix.lower() != ".parquet":
        raise UsageError(f"{path}: edges are written to .parquet; change the suffix")
    names = item_names(n, ids, rows)
    kind = pa.int64() if names.dtype.kind == "i" else pa.string()
    named = pa.array(names, kind)
    fields = [("source_id", kind), ("target_id", kind), ("score", pa.float32())]
    if edges.probability is not None:
        fields.append(("probability", pa.float32()))
    schema = pa.schema(fields)
    with atomic_file(path) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for start in range(0, edges.m, _ROWS_PER_GROUP):
            part = slice(start, start + _ROWS_PER_GROUP)
            values = [named.take(pa.array(end[part])) for end in (edges.source, edges.target)]
            values.append(pa.array(edges.score[part], pa.float32()))
            if edges.probability is not None:
                values.append(pa.array(edges.probability[part], pa.float32()))
            writer.write_table(pa.table(values, schema=schema))


def read_edges(
    path: str | Path,
    n: int,
    *,
    ids: NDArray[np.object_] | None = None,
    rows: Int64 | None = None,
) -> Edges:
    """Reads what `write_edges` wrote, the ends as positions among the same n items.

    Args:
        path: The Parquet file.
        n: Number of items.
        ids: (n,) their ids; None if the file names items by row number.
        rows: (n,) their row numbers, if the file has row numbers and they are not 0 to n - 1.

    Returns:
        The edges in the order of the file, each with source < target.

    Raises:
        InputError: If the file is damaged or lacks a column, or a row names an unknown item, joins
            an item with itself, or repeats a pair.
    """
    path = Path(path)
    file_size(path)
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        why = shown(str(error).strip().split("\n")[0], 80)
        raise InputError(
            f"{path}: is no Parquet file or damaged ({why}); copy or write it again"
        ) from error
    missing = [
        name for name in ("source_id", "target_id", "score") if name not in table.schema.names
    ]
    if missing:
        raise InputError(
            f"{path}: has no column {listed(missing)}; it has {listed(table.schema.names)}"
        )
    names = item_names(n, ids, rows)
    known = pa.array(names, pa.int64() if names.dtype.kind == "i" else pa.string())
    source = _positions(path, table, "source_id", known)
    target = _positions(path, table, "target_id", known)
    loops = np.flatnonzero(source == target)
    if len(loops):
        raise InputError(
            f"{path}: row {loops[0]} joins {shown(known[source[loops[0]]].as_py())} with itself; "
            "remove it"
        )
    source, target = np.minimum(source, target), np.maximum(source, target)
    keys = source * n + target
    order = np.argsort(keys, kind="stable")
    again = order[1:][keys[order][1:] == keys[order][:-1]]
    if len(again):
        row = int(again.min())
        first = int(np.argmax(keys == keys[row]))
        raise InputError(f"{path}: row {row} repeats the pair of row {first}; keep one of them")
    score = table["score"].cast(pa.float32()).to_numpy()
    probability = None
    if "probability" in table.schema.names:
        probability = table["probability"].cast(pa.float32()).to_numpy()
    return Edges(source, target, score, probability)


def _positions(path: Path, table: pa.Table, name: str, known: pa.Array) -> Int64:
    try:
        ends = table[name].cast(known.type)
    except pa.ArrowInvalid:
        raise InputError(
            f"{path}: column {name!r} holds {table[name].type}, but the items are named by "
            f"{known.type}; pass the ids that the edges were written with"
        ) from None
    at = pc.fill_null(pc.index_in(ends, value_set=known), -1).to_numpy().astype(np.int64)
    unknown = np.flatnonzero(at < 0)
    if len(unknown):
        row = int(unknown[0])
        raise InputError(
            f"{path}: row {row} names {shown(ends[row].as_py())} in {name}, which is no item here; "
            "pass the same items that the edges were written with"
        )
    return at
