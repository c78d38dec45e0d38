"""What the user knows for certain about pairs of items, from files that name items by id."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from covey.io.delimited import text_layout
from covey.io.embeddings import EmbeddingTable
from covey.io.files import file_size, listed, shown
from covey.io.groups import item_names, read_table
from covey.io.labels import LabelTable, read_labels
from covey.partition.constraints import resolve_constraints
from covey.types import Constraints, InputError, Int64

_COLUMNS = ("item_id_a", "item_id_b", "kind")
_KINDS = ("must", "cannot")


@dataclass(frozen=True, slots=True)
class ConstraintTable:
    """Constraints among the items of a table.

    Attributes:
        constraints: In positions among those items.
        notes: Sentences for the user: what named items that are not there.
    """

    constraints: Constraints
    notes: list[str]


def read_constraints(
    table: EmbeddingTable,
    *,
    pairs: str | Path | None = None,
    exclusive: str | Path | None = None,
) -> ConstraintTable:
    """Reads pairs that must or cannot share a cluster, and groups whose items all may not.

    Pairs that name an item which a mask or `skip_bad` left out are left out too; where nothing was
    left out, an unknown item is refused. Exclusive groups may name others, which is noted.

    Args:
        table: The items.
        pairs: CSV, TSV or Parquet with columns item_id_a, item_id_b and kind, which is "must" or
            "cannot"; in text files the header may be missing.
        exclusive: Labels in any form that `read_labels` knows: items of one label are pairwise
            cannot-link (the faces of one photo). Items without a label are free.

    Raises:
        InputError: If a file cannot be read, a row names an unknown item or kind, labels without
            ids are too few, or two items must and must not be together.
    """
    notes: list[str] = []
    must = cannot = np.empty((0, 2), np.int64)
    if pairs is not None:
        must, cannot = _pairs(Path(pairs), table, notes)
    together = None if exclusive is None else _exclusive(Path(exclusive), table, notes)
    constraints = Constraints(must, cannot, together)
    if pairs is not None:
        _refuse_contradiction(Path(pairs), constraints, _names(table))
    return ConstraintTable(constraints, notes)


def _refuse_contradiction(path: Path, known: Constraints, names: NDArray[np.object_]) -> None:
    """Names two items that are tied together, through others perhaps, and yet kept apart."""
    tied = resolve_constraints(Constraints(known.must_link), len(names)).group
    apart, reason = known.cannot_link, "another row"
    clash = np.flatnonzero(tied[apart[:, 0]] == tied[apart[:, 1]])
    if not len(clash) and known.exclusive is not None:
        item = np.flatnonzero(known.exclusive >= 0)
        item = item[np.lexsort((known.exclusive[item], tied[item]))]
        apart, reason = np.column_stack([item[:-1], item[1:]]), "their exclusive group"
        a, b = apart.T
        clash = np.flatnonzero((tied[a] == tied[b]) & (known.exclusive[a] == known.exclusive[b]))
    if len(clash):
        a, b = apart[clash[0]]
        raise InputError(
            f"{path}: must rows tie {shown(names[a])} and {shown(names[b])} together, and {reason} "
            "keeps them apart; remove one of the two"
        )


def _pairs(path: Path, table: EmbeddingTable, notes: list[str]) -> tuple[Int64, Int64]:
    lines = _with_header(path)
    known = pa.array(_names(table), pa.string())
    ends = [
        pc.fill_null(pc.index_in(lines[name].combine_chunks(), value_set=known), -1)
        .to_numpy()
        .astype(np.int64)
        for name in _COLUMNS[:2]
    ]
    kind = lines["kind"].to_numpy()
    wrong = np.flatnonzero(~np.isin(kind, _KINDS))
    if len(wrong):
        raise InputError(
            f"{path}: row {wrong[0]} has kind {shown(kind[wrong[0]])}; write must or cannot"
        )
    absent = (ends[0] < 0) | (ends[1] < 0)
    if absent.any():
        row = int(np.argmax(absent))
        name = _COLUMNS[0] if ends[0][row] < 0 else _COLUMNS[1]
        if table.rows is None:
            raise InputError(
                f"{path}: row {row} names {shown(lines[name][row].as_py())} in {name}, which is no "
                f"item of {table.path}; correct or remove the row"
            )
        notes.append(f"{int(absent.sum())} constraints name items that were left out")
    loops = np.flatnonzero((ends[0] == ends[1]) & ~absent)
    if len(loops):
        raise InputError(f"{path}: row {loops[0]} pairs an item with itself; remove it")
    both = np.column_stack(ends)
    return both[(kind == "must") & ~absent], both[(kind == "cannot") & ~absent]


def _with_header(path: Path) -> pa.Table:
    """The three columns as strings."""
    file_size(path)
    if path.suffix.lower() not in (".csv", ".tsv"):
        lines = read_table(path)
    else:
        layout = text_layout(path)
        first = [cell.lower() for cell in layout.first]
        header = set(_COLUMNS) <= set(first)
        if not header and len(first) != len(_COLUMNS):
            raise InputError(
                f"{path}: its first line has {len(first)} fields; give item_id_a, item_id_b and "
                "kind, which is must or cannot"
            )
        names = first if header else list(_COLUMNS)
        try:
            lines = pa_csv.read_csv(
                path,
                pa_csv.ReadOptions(column_names=names, skip_rows=layout.skip if header else 0),
                pa_csv.ParseOptions(delimiter=layout.delimiter),
                pa_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
            )
        except pa.ArrowException as error:
            why = shown(str(error).strip().split("\n")[0], 100)
            raise InputError(f"{path}: cannot be read as a table ({why}); correct it") from error
    missing = [name for name in _COLUMNS if name not in lines.column_names]
    if missing:
        raise InputError(f"{path}: has no column {listed(missing)}; it has {lines.column_names}")
    return lines.select(list(_COLUMNS)).cast(pa.schema([(name, pa.string()) for name in _COLUMNS]))


def _exclusive(path: Path, table: EmbeddingTable, notes: list[str]) -> Int64:
    labels = read_labels(path)
    if labels.ids is not None:
        groups = labels.of(_names(table))
        if not (groups >= 0).any():
            raise InputError(
                f"{path}: names none of the items of {table.path}: an item there is called "
                f"{shown(_names(table)[0])}, here {shown(labels.ids[0])}"
            )
        free = int((groups < 0).sum())
        if free:
            notes.append(f"{free} items have no exclusive group")
        notes += strangers_note(
            path, labels.strangers(_names(table)), f"items used of {table.path}"
        )
        return groups
    return by_row(path, labels, table)


def strangers_note(path: Path, strangers: list[str], of: str) -> list[str]:
    """Says which ids of a file of exclusive groups were of no use, if any.

    It is no fault: one file may serve several selections or batches. But a slip of the pen shows.

    Args:
        path: The file.
        strangers: See `LabelTable.strangers`.
        of: What they are not.
    """
    if not strangers:
        return []
    many = len(strangers) > 1
    return [
        f"{len(strangers)} id{'s' if many else ''} in {path} {'are' if many else 'is'} none of the "
        f"{of} and had no effect: {listed(strangers)}"
    ]


def by_row(path: Path, labels: LabelTable, table: EmbeddingTable) -> Int64:
    """(n,) codes of the items by their row numbers.

    Raises:
        InputError: If the file has another number of rows.
    """
    rows = np.arange(table.n) if table.rows is None else table.rows
    enough = len(labels.codes) > rows[-1]
    if not enough or (table.rows is None and len(labels.codes) != table.n):
        raise InputError(
            f"{path}: has {len(labels.codes)} entries for the rows of {table.path}, whose last "
            f"used row is {rows[-1]}; give one per row"
        )
    return labels.codes[rows]


def _names(table: EmbeddingTable) -> NDArray[np.object_]:
    return item_names(table.n, table.ids, table.rows).astype(str).astype(object)
