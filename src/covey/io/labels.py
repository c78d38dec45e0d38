"""True labels, for evaluation: any of the usual files as integer codes."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from covey.io.columns import ID_NAMES, text_column
from covey.io.delimited import text_layout
from covey.io.files import file_size, listed, pick, reading, shown
from covey.io.groups import read_table
from covey.io.ids import check_unique, read_lines
from covey.types import InputError, Int64

_LABEL_NAMES = ("label", "labels", "cluster_id", "identity", "class", "target", "y")
_MISSING_WORDS = pa.array(["", "nan", "NaN", "NA", "N/A", "null", "NULL", "None"])


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Labels of the rows of a file.

    Attributes:
        codes: (n,) int64, index into `names`, -1 where the label is missing.
        names: (c,) the labels as written, sorted: int64, or object array of str.
        ids: (n,) object array of unique str where the file has a column of ids, or None: then a
            label belongs to the row of its own number.
    """

    codes: Int64
    names: NDArray[Any]
    ids: NDArray[np.object_] | None = None

    def of(self, ids: NDArray[np.object_]) -> Int64:
        """(len(ids),) codes of the items with these ids, -1 where the file does not have one.

        Raises:
            InputError: If the file has no column of ids.
        """
        if self.ids is None:
            raise InputError("the labels have no column of ids to look items up by")
        at = pc.index_in(pa.array(ids, pa.string()), value_set=pa.array(self.ids, pa.string()))
        found = pc.fill_null(at, -1).to_numpy().astype(np.int64)
        return np.where(found >= 0, self.codes[found], -1)


def read_labels(
    path: str | Path, column: str | None = None, *, option: str = "--column"
) -> LabelTable:
    """Reads one label per row from .npy, .npz, .csv, .tsv, .parquet, .txt or .meta.

    Labels are integers or strings. Missing are: empty text, NaN, null, "NA" and the like, and
    negative integers. A text file has one label per line (.meta is learn-to-cluster's name for
    that). In a table the column is `column`, or one named label, cluster_id, identity or class, or
    the only one beside the ids (a column named id or item_id; the first one where a text table of
    two columns has no header).

    Args:
        path: The file.
        column: The column or array, where there are several.
        option: How the user may name it, for messages.

    Raises:
        InputError: If the file cannot be read, the column is not plain, or values are neither
            integers nor strings.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    file_size(path)
    with reading(path):
        if suffix in (".npy", ".npz"):
            return _encoded(path, _from_numpy(path, column, option))
        if suffix in (".txt", ".meta"):
            return _encoded(path, _typed(pa.array(read_lines(path), pa.string())))
        if suffix in (".csv", ".tsv"):
            return _from_columns(path, _text_table(path, column), column, option)
        if suffix in (".parquet", ".pq"):
            return _from_columns(path, read_table(path), column, option)
    raise InputError(
        f"{path}: labels cannot be read from {suffix or 'a file without a suffix'}; give .npy, "
        ".npz, .csv, .tsv, .parquet or .txt"
    )


def _from_numpy(path: Path, column: str | None, option: str) -> pa.Array:
    try:
        loaded = np.load(path, allow_pickle=False)
        if not isinstance(loaded, np.ndarray):
            with loaded as archive:
                names = archive.files
                known = [name for name in _LABEL_NAMES if name in names]
                loaded = archive[
                    pick(path, column, names, known[:1] or names, "array", option=option)
                ]
    except InputError:
        raise
    except (ValueError, EOFError, OSError, zipfile.BadZipFile) as error:
        if "Object arrays" in str(error):  # pickled, as numpy saves text from pandas
            raise InputError(
                f"{path}: holds Python objects, which covey does not unpickle; save labels as text "
                "by numpy.save(path, labels.astype(str))"
            ) from None
        why = shown(str(error).strip().split("\n")[0], 80)
        raise InputError(f"{path}: is damaged or no numpy file ({why}); write it again") from error
    if loaded.ndim == 2 and loaded.shape[1] == 1:
        loaded = loaded[:, 0]
    if loaded.ndim != 1:
        raise InputError(
            f"{path}: has shape {loaded.shape}; labels must be one per row, shape (n,)"
        )
    if loaded.dtype.kind not in "iufUb":
        raise InputError(f"{path}: holds {loaded.dtype.name}; labels must be integers or strings")
    loaded = loaded.astype(loaded.dtype.newbyteorder("="))
    if loaded.dtype.kind == "f":
        return pa.array(loaded.astype(np.float64), from_pandas=True)
    return pa.array(loaded)


def _text_table(path: Path, column: str | None) -> pa.Table:
    layout = text_layout(path)
    first = [cell.lower() for cell in layout.first]
    header = column in layout.first or bool({*_LABEL_NAMES, *ID_NAMES} & set(first))
    names = layout.first if header else [str(i) for i in range(len(layout.first))]
    if not header and len(names) == 2:
        names = [ID_NAMES[0], _LABEL_NAMES[0]]
    try:
        table = pa_csv.read_csv(
            path,
            pa_csv.ReadOptions(column_names=names, skip_rows=layout.skip if header else 0),
            pa_csv.ParseOptions(delimiter=layout.delimiter),
            pa_csv.ConvertOptions(
                column_types={name: pa.string() for name in names}, strings_can_be_null=False
            ),
        )
    except pa.ArrowException as error:
        why = shown(str(error).strip().split("\n")[0], 100)
        raise InputError(f"{path}: cannot be read as a table ({why}); correct it") from error
    return table


def _from_columns(path: Path, table: pa.Table, column: str | None, option: str) -> LabelTable:
    names = table.column_names
    id_name = next((name for name in names if name.lower() in ID_NAMES and name != column), None)
    others = [name for name in names if name != id_name]
    known = [name for name in others if name.lower() in _LABEL_NAMES]
    name = pick(path, column, names, known[:1] or others, "column", option=option)
    values = table[name].combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    ids = None
    if id_name is not None:
        ids = text_column(path, table[id_name], id_name)
        check_unique(path, ids, None)
    return _encoded(path, _typed(values), ids)


def _typed(values: pa.Array) -> pa.Array:
    """Text as integers where all of it can be; missing words as nulls."""
    if not (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        return values
    values = values.cast(pa.string())
    missing = pc.is_in(pc.utf8_trim_whitespace(values), value_set=_MISSING_WORDS)
    values = pc.if_else(missing, pa.scalar(None, pa.string()), values)
    try:
        return pc.utf8_trim_whitespace(values).cast(pa.int64())
    except pa.ArrowInvalid:
        return values


def _whole(path: Path, values: pa.Array) -> pa.Array:
    """Booleans and floats as integers, NaN as null.

    Raises:
        InputError: If one is no whole number: names the row and the value.
    """
    if pa.types.is_floating(values.type):
        values = values.cast(pa.float64())
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, pa.float64()), values)
    try:
        return values.cast(pa.int64())
    except pa.ArrowInvalid:
        numbers = values.to_numpy(zero_copy_only=False)
        odd = ~np.isnan(numbers) & ~((numbers == np.rint(numbers)) & (np.abs(numbers) < 2**53))
        row = int(np.argmax(odd))
        raise InputError(
            f"{path}: row {row} holds {numbers[row]:g}; labels must be whole numbers or strings"
        ) from None


def _encoded(path: Path, values: pa.Array, ids: NDArray[np.object_] | None = None) -> LabelTable:
    if len(values) == 0:
        raise InputError(f"{path}: has no labels; write it again")
    kind = values.type
    if pa.types.is_boolean(kind) or pa.types.is_floating(kind):
        values = _whole(path, values)
    elif not (
        pa.types.is_integer(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    ):
        raise InputError(f"{path}: holds {listed([kind])}; labels must be integers or strings")
    if pa.types.is_signed_integer(values.type):
        values = pc.if_else(pc.less(values, 0), pa.scalar(None, values.type), values)
    coded = values.dictionary_encode()
    order = pc.array_sort_indices(coded.dictionary).to_numpy()
    place = np.empty(len(order) + 1, np.int64)
    place[order] = np.arange(len(order))
    place[-1] = -1
    codes = place[pc.fill_null(coded.indices, -1).to_numpy().astype(np.int64)]
    names = coded.dictionary.take(pa.array(order)).to_numpy(zero_copy_only=False)
    return LabelTable(codes, names, ids)
