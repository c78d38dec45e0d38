"""CSV and TSV files of numbers, with or without a header and a column of ids."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from covey.io.arrays import RawTable
from covey.io.columns import ID_NAMES
from covey.io.files import listed, shown
from covey.types import Float32, InputError

_BLOCK_BYTES = 1 << 24
_PROBED_ROWS = 1000
_NUMBERED_COLUMNS = 8
"""So many columns that a first line of 0, 1, 2, ... can no longer be taken for an item."""

_MISSING = frozenset(pa_csv.ConvertOptions().null_values)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a delimited text file is laid out.

    Attributes:
        delimiter: The character between two values.
        first: Cells of the first line that is not blank.
        second: Cells of the next one; empty where there is none.
        header: Whether `first` names the columns.
        skip: Lines before the first row of data.
    """

    delimiter: str
    first: list[str]
    second: list[str]
    header: bool
    skip: int


def read_delimited(path: Path, id_column: str | None) -> RawTable:
    """Reads a text file of numbers as float32.

    A header is recognised by names instead of numbers, or by columns numbered from 0. The ids are
    the column `id_column` (a name, or a 0-based number where there is no header); otherwise a
    column named id or item_id; otherwise a first column that is no number, that has no name
    (pandas writes its index so) or that counts the rows.

    pyarrow reads a clean file; only when it refuses is the file read again row by row, to say
    which row is bad and why.

    Raises:
        InputError: If the file is not text, has no rows, or lacks `id_column`.
    """
    layout = numeric_layout(path)
    id_index = _id_index(path, layout, id_column)
    width = len(layout.first)
    if width - (id_index is not None) < 1:
        raise InputError(f"{path}: has only a column of ids and no values; check its delimiter")

    def lines(rows: list[int]) -> dict[int, int]:
        wanted = set(rows)
        return {row: line for row, line, _ in _records(path, layout) if row in wanted}

    try:
        x, ids = _read_fast(path, layout, width, id_index)
        ragged: list[tuple[int, str]] = []
        rows = None
        n = len(x)
    except pa.ArrowException:
        x, ids, rows, ragged = _read_slowly(path, layout, id_index)
        n = len(x) + len(ragged)
    notes = []
    if ids is None and x.shape[1] > 1 and n > 2 and not ragged and _counts_rows(x[:, 0]):
        notes.append("the first column counts the rows and was read as ids")
        ids = np.arange(int(x[0, 0]), int(x[0, 0]) + n).astype(str).astype(object)
        x = np.ascontiguousarray(x[:, 1:])
    return RawTable(x, n, rows, ids, ragged, notes, lines)


def numeric_layout(path: Path) -> Layout:
    """The layout of a file of numbers, judged by its first two lines.

    Raises:
        InputError: If there is no line, or it is not UTF-8 text.
    """
    layout = text_layout(path)
    cells = layout.first
    words = sum(not _is_number(cell) for cell in cells[1:])
    tail = cells[1:] if not _is_number(cells[0]) or not cells[0] else cells
    numbered = tail == [str(i) for i in range(len(tail))]
    numbered &= len(tail) >= (_NUMBERED_COLUMNS if tail is cells else 1)
    alone = len(cells) == 1 and not _is_number(cells[0])
    header = 2 * words > len(cells) - 1 or numbered or alone
    if header and not layout.second:
        raise InputError(f"{path}: has a header and no rows; write it again")
    return Layout(layout.delimiter, cells, layout.second, header, layout.skip if header else 0)


def text_layout(path: Path) -> Layout:
    """The delimiter and the first two lines of any delimited file; `header` is left True.

    Raises:
        InputError: If there is no line, or it is not UTF-8 text.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            sample = next((line for line in stream if line.strip()), "")
            stream.seek(0)
            delimiter = "\t" if path.suffix.lower() == ".tsv" else _delimiter(sample)
            reader = csv.reader(stream, delimiter=delimiter)
            lines = ((cells, reader.line_num) for cells in reader if cells)
            first, skip = next(lines, ([], 0))
            second, _ = next(lines, ([], 0))
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path}: is not UTF-8 text (byte {error.start} of a block); save it as UTF-8"
        ) from None
    except csv.Error as error:
        raise InputError(f"{path}: is not delimited text: {error}; write it again") from None
    if not first:
        raise InputError(f"{path}: has no lines; write it again")
    return Layout(delimiter, [cell.strip() for cell in first], second, True, skip)


def names_numbers(path: Path, layout: Layout) -> bool:
    """Whether a cell of the first line is no number, and all below it, of the next 1,000, are some.

    Args:
        path: The file.
        layout: As `text_layout` gives it.

    Raises:
        InputError: If it is no delimited UTF-8 text.
    """
    rows = [cells for _, _, cells in islice(_records(path, layout), _PROBED_ROWS)]
    for place, name in enumerate(layout.first):
        below = [cells[place] for cells in rows if place < len(cells) and cells[place].strip()]
        if below and not _is_number(name) and all(map(_is_number, below)):
            return True
    return False


def _delimiter(line: str) -> str:
    """The likeliest one of a line; a comma may also be the decimal point within other ones."""
    best = max(";\t|", key=line.count)
    return best if 0 < line.count(best) >= line.count(",") - 1 else ","


def _id_index(path: Path, layout: Layout, id_column: str | None) -> int | None:
    names = layout.first
    if id_column is not None:
        if layout.header and id_column in names:
            return names.index(id_column)
        if id_column.isdecimal() and int(id_column) < len(names) and not layout.header:
            return int(id_column)
        known = listed(names) if layout.header else f"numbers 0 to {len(names) - 1}"
        raise InputError(f"{path}: has no column {shown(id_column)} for ids; it has {known}")
    if not layout.header:
        return None if _is_number(names[0]) else 0
    named = [i for i, name in enumerate(names) if name.lower() in ID_NAMES]
    if named:
        return named[0]
    nameless = not names[0] and len(names) > 1
    return 0 if nameless or not _is_number(layout.second[0]) else None


def _read_fast(
    path: Path, layout: Layout, width: int, id_index: int | None
) -> tuple[Float32, NDArray[np.object_] | None]:
    names = [str(i) for i in range(width)]
    types = {name: pa.float32() for name in names}
    if id_index is not None:
        types[str(id_index)] = pa.string()
    reader = pa_csv.open_csv(
        path,
        pa_csv.ReadOptions(block_size=_BLOCK_BYTES, column_names=names, skip_rows=layout.skip),
        pa_csv.ParseOptions(delimiter=layout.delimiter),
        pa_csv.ConvertOptions(column_types=types, strings_can_be_null=False),
    )
    blocks, ids = [], []
    values = [i for i in range(width) if i != id_index]
    for batch in reader:
        block = np.empty((len(batch), len(values)), np.float32)
        for to, i in enumerate(values):
            block[:, to] = batch.column(i).to_numpy(zero_copy_only=False)
        blocks.append(block)
        if id_index is not None:
            ids.append(batch.column(id_index).to_numpy(zero_copy_only=False))
    x = np.concatenate(blocks) if blocks else np.empty((0, len(values)), np.float32)
    return x, (np.concatenate(ids) if ids else None)


def _read_slowly(
    path: Path, layout: Layout, id_index: int | None
) -> tuple[Float32, NDArray[np.object_] | None, NDArray[np.int64], list[tuple[int, str]]]:
    width = len(layout.first)
    if not layout.header:
        probe = islice(_records(path, layout), _PROBED_ROWS)
        width = Counter(len(cells) for _, _, cells in probe).most_common(1)[0][0]
    good, ids, rows, ragged = [], [], [], []
    for row, _, cells in _records(path, layout):
        if len(cells) != width:
            ragged.append((row, f"has {len(cells)} values where {width} are expected"))
            continue
        name = "" if id_index is None else cells.pop(id_index)
        try:
            numbers = [_number(cell) for cell in cells]
        except ValueError:
            wrong = next(i for i, cell in enumerate(cells) if not _is_number(cell))
            hint = (
                " (name the column of ids with --id-column)"
                if wrong == 0 and id_index is None
                else ""
            )
            ragged.append((row, f"holds {shown(cells[wrong])} at value {wrong}, no number{hint}"))
            continue
        with np.errstate(over="ignore"):  # becomes inf, which the checks refuse
            good.append(np.array(numbers, np.float32))
        ids.append(name)
        rows.append(row)
    x = np.stack(good) if good else np.empty((0, width - (id_index is not None)), np.float32)
    return (
        x,
        None if id_index is None else np.array(ids, object),
        np.array(rows, np.int64),
        ragged,
    )


def _records(path: Path, layout: Layout) -> Iterator[tuple[int, int, list[str]]]:
    """Row number from 0, line number from 1 and cells of each row of data; blank lines left out."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            for _ in range(layout.skip):
                stream.readline()
            reader = csv.reader(stream, delimiter=layout.delimiter)
            for row, cells in enumerate(cells for cells in reader if cells):
                yield row, layout.skip + reader.line_num, cells
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8 text; save it as UTF-8") from None
    except csv.Error as error:
        raise InputError(f"{path}: is not delimited text: {error}; write it again") from None


def _number(cell: str) -> float:
    cell = cell.strip()
    return float("nan") if cell in _MISSING else float(cell)


def _is_number(cell: str) -> bool:
    try:
        _number(cell)
    except ValueError:
        return False
    return True


def _counts_rows(column: Float32) -> bool:
    start = column[0]
    return bool(start in (0, 1) and (column == np.arange(start, start + len(column))).all())
