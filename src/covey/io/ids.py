"""Names of items, and masks that say which items to use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray

from covey.io.files import file_size, reading, shown
from covey.types import InputError, Int64


def read_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 text file without their ends; a last empty one is left out.

    Raises:
        InputError: If the file cannot be read or is not UTF-8.
    """
    file_size(path)
    with reading(path):
        data = path.read_bytes()
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}: line {line} is not UTF-8 text; save it as UTF-8") from None
    lines = text.removesuffix("\n").split("\n")
    return [line.removesuffix("\r") for line in lines] if "\r" in text else lines


def read_ids(path: str | Path, n_rows: int, source: Path) -> NDArray[np.object_]:
    """Reads one id per line, for the `n_rows` rows of `source`.

    Raises:
        InputError: If the number of lines is not `n_rows`, or a line is empty.
    """
    path = Path(path)
    lines = read_lines(path)
    if len(lines) != n_rows:
        raise InputError(
            f"{path}: has {len(lines)} lines where {source} has {n_rows} rows; give one id per row"
        )
    ids = np.array(lines, object)
    empty = np.flatnonzero(ids == "")
    if len(empty):
        raise InputError(f"{path}: line {empty[0] + 1} (row {empty[0]}) is empty; give it an id")
    return ids


def check_unique(path: Path, ids: NDArray[np.object_], rows: Int64 | None) -> None:
    """Refuses ids that occur twice.

    Args:
        path: The file to name in the message.
        ids: (n,) object array of str.
        rows: (n,) file row of each, or None where they are 0 to n - 1.

    Raises:
        InputError: If two are equal: names the id and both rows.
    """
    codes = pa.array(ids, pa.string()).dictionary_encode().indices.to_numpy()
    again = np.flatnonzero(codes[1:] <= np.maximum.accumulate(codes)[:-1]) + 1
    if len(again):
        second = int(again[0])
        first = int(np.argmax(codes == codes[second]))
        at = (first, second) if rows is None else (int(rows[first]), int(rows[second]))
        raise InputError(
            f"{path}: the id {shown(ids[second])} stands at row {at[0]} and again at row {at[1]}; "
            "make ids unique, or leave them out to use row numbers"
        )


def read_mask(mask: str | Path | ArrayLike, n_rows: int, source: Path) -> NDArray[np.bool_]:
    """Which of the `n_rows` rows of `source` to use: those whose entry is not zero.

    Args:
        mask: An array, or a .npy, .npz, .txt or .csv file, with one entry per row.
        n_rows: Rows in the file that it is for.
        source: That file, for the message.

    Raises:
        InputError: If the length is not `n_rows`, or an entry is no number.
    """
    name = str(mask) if isinstance(mask, (str, Path)) else "the mask"
    entries = _mask_entries(Path(mask)) if isinstance(mask, (str, Path)) else np.asarray(mask)
    if entries.dtype.kind not in "biuf":
        raise InputError(
            f"{name}: holds {entries.dtype.name}; give a number per row, zero to leave it out"
        )
    if entries.ndim == 2 and 1 in entries.shape:
        entries = entries.ravel()
    if entries.shape != (n_rows,):
        count = len(entries) if entries.ndim == 1 else f"shape {entries.shape} of"
        raise InputError(
            f"{name}: has {count} entries where {source} has {n_rows} rows; give one per row"
        )
    odd = np.flatnonzero(np.isnan(entries))
    if len(odd):
        raise InputError(f"{name}: row {odd[0]} is NaN; write 0 to leave a row out, 1 to use it")
    return entries != 0


def _mask_entries(path: Path) -> NDArray[Any]:
    file_size(path)
    suffix = path.suffix.lower()
    if suffix in (".npy", ".npz"):
        try:
            loaded = np.load(path, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            with loaded:
                if len(loaded.files) != 1:
                    raise InputError(f"{path}: a mask must be the only array of the archive")
                return loaded[loaded.files[0]]
        except InputError:
            raise
        except (ValueError, EOFError, OSError, KeyError) as error:
            raise InputError(f"{path}: is damaged or no {suffix} file; write it again") from error
    if suffix not in (".txt", ".csv"):
        raise InputError(
            f"{path}: a mask cannot be read from {suffix or 'a file without a suffix'}; give .npy, "
            ".npz, .txt or .csv"
        )
    lines = read_lines(path)
    words = {"true": "1", "false": "0"}
    lines = [words.get(line.strip().lower(), line) for line in lines]
    if suffix == ".csv" and not _is_number(lines[0]):
        lines = lines[1:]
    try:
        return np.array(lines, np.float64)
    except ValueError:
        row = next(row for row, line in enumerate(lines) if not _is_number(line))
        raise InputError(
            f"{path}: row {row} is {shown(lines[row])}; write 0 to leave a row out, 1 to use it"
        ) from None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
