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
from covey.io.delimited import names_numbers, text_layout
from covey.io.files import file_size, pick, reading, shown
from covey.io.groups import read_table
from covey.io.ids import check_unique, read_lines
from covey.label_codes import MISSING, as_labels, label_codes
from covey.types import InputError, Int64

_LABEL_NAMES = ("label", "labels", "cluster_id", "identity", "class", "target", "y")


@dataclass(frozen=True, slots=True)
class LabelTable:
    """Labels of the rows of a file.

    Attributes:
        codes: (n,) int64, index into `names`; `label_codes.MISSING` where the label is missing,
            `NOBODY` where it is a negative number. Both are negative.
        names: (c,) the labels as written, sorted: int64, or object array of str.
        ids: (n,) object array of unique str where the file has a column of ids, or None: then a
            label belongs to the row of its own number.
    """

    codes: Int64
    names: NDArray[Any]
    ids: NDArray[np.object_] | None = None

    def of(self, ids: NDArray[np.object_]) -> Int64:
        """(len(ids),) codes of the items with these ids, `MISSING` where the file has none.

        Raises:
            InputError: If the file has no column of ids.
        """
        if self.ids is None:
            raise InputError("the labels have no column of ids to look items up by")
        at = pc.index_in(pa.array(ids, pa.string()), value_set=pa.array(self.ids, pa.string()))
        found = pc.fill_null(at, -1).to_numpy().astype(np.int64)
        return np.where(found >= 0, self.codes[found], MISSING)

    def strangers(self, ids: NDArray[np.object_]) -> list[str]:
        """Ids of the file that are none of these, in its order; none where it has no ids."""
        if self.ids is None:
            return []
        known = pc.is_in(pa.array(self.ids, pa.string()), value_set=pa.array(ids, pa.string()))
        return [str(each) for each in self.ids[~known.to_numpy(zero_copy_only=False)]]


def read_labels(
    path: str | Path, column: str | None = None, *, option: str = "--column"
) -> LabelTable:
    """Reads one label per row from .npy, .npz, .csv, .tsv, .parquet, .txt or .meta.

    Labels are integers or strings. Missing are: empty text, NaN, null, "NA" and the like. A
    negative number stands for an item of nobody, see `label_codes`. A text file has one label per
    line (.meta is learn-to-cluster's name for that). In a table the column is `column`, or one
    named label, cluster_id, identity or class, or the only one beside the ids (a column named id or
    item_id; the first one where a text table of two columns has no header).

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
            return LabelTable(*label_codes(_from_numpy(path, column, option), path))
        if suffix in (".txt", ".meta"):
            return LabelTable(*label_codes(pa.array(read_lines(path), pa.string()), path))
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
    return as_labels(loaded, path)


def _text_table(path: Path, column: str | None) -> pa.Table:
    layout = text_layout(path)
    first = [cell.lower() for cell in layout.first]
    header = (
        column in layout.first
        or bool({*_LABEL_NAMES, *ID_NAMES} & set(first))
        or names_numbers(path, layout)
    )
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
    return LabelTable(*label_codes(values, path), ids)
