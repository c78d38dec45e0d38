"""Embeddings in: one function that reads any of the formats and says what is wrong with the rest.

Rows are numbered from 0, everywhere; lines of a text file, where they are named as well, from 1 as
editors count them. Every refusal is one line: the file, the row, the value, and the way out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from covey.io import arrays, columns, delimited
from covey.io.checks import Metric, bad_rows, native_floats
from covey.io.files import file_size, reading
from covey.io.ids import check_unique, read_ids, read_mask
from covey.types import InputError, Int64, UsageError

SUFFIXES = (
    ".npy",
    ".npz",
    ".parquet",
    ".pq",
    ".safetensors",
    ".csv",
    ".tsv",
    ".bin",
    ".fvecs",
    ".bvecs",
)
"""Formats that `read_embeddings` knows, by suffix."""

_SHOWN_ROWS = 5


@dataclass(frozen=True, slots=True)
class EmbeddingTable:
    """Embeddings that passed every check.

    Attributes:
        x: (n, d) float16, float32 or float64 in native byte order; a read-only memory map where
            the file allows it and all rows are used.
        ids: (n,) object array of unique str, or None: then an item is named by its row number.
        rows: (n,) int64 ascending row numbers in the file, or None if all rows are used.
        skipped: (row, reason) of the rows that `skip_bad` left out, ascending.
        path: The file.
        notes: Sentences for the user: what was converted or guessed.
    """

    x: NDArray[Any]
    ids: NDArray[np.object_] | None
    rows: Int64 | None
    skipped: list[tuple[int, str]]
    path: Path
    notes: list[str] = field(default_factory=list)

    @property
    def n(self) -> int:
        """Number of items."""
        return len(self.x)

    @property
    def skipped_facts(self) -> list[dict[str, int | str]]:
        """Row and reason of each row left out, for a summary in JSON."""
        return [{"row": row, "reason": reason} for row, reason in self.skipped]

    @property
    def skipped_summary(self) -> str:
        """One line on the rows left out: how many, and what was wrong with the first few."""
        if not self.skipped:
            return "no rows were left out"
        first = "; ".join(f"row {row} {reason}" for row, reason in self.skipped[:_SHOWN_ROWS])
        more = ", ..." if len(self.skipped) > _SHOWN_ROWS else ""
        verb = "row was" if len(self.skipped) == 1 else "rows were"
        return f"{len(self.skipped)} {verb} left out: {first}{more}"


def read_embeddings(
    path: str | Path,
    *,
    column: str | None = None,
    id_column: str | None = None,
    ids: str | Path | None = None,
    dim: int | None = None,
    skip_bad: bool = False,
    mask: str | Path | ArrayLike | None = None,
    metric: Metric = "cosine",
    fewest: int = 2,
    progress: Callable[[str, float], None] | None = None,
) -> EmbeddingTable:
    """Reads embeddings from a file and checks every row.

    Formats: .npy and safetensors (mapped), .npz, Parquet with a column of lists, CSV and TSV with
    or without a header, headerless float32 .bin with `dim`, .fvecs (mapped) and .bvecs. Nothing is
    copied whole unless it must be converted or rows are left out: a clean .npy of floats stays a
    memory map, and checking it leaves none of it resident.

    Args:
        path: The file.
        column: Array, tensor or column that holds the vectors, where there are several.
        id_column: Column (in .npz: array) that holds the ids. Without it a column named item_id
            or id is taken, and in CSV a first column that is no number.
        ids: Text file with one id per row of the file, instead of an `id_column`.
        dim: Values in a row: needed for .bin, checked for the others.
        skip_bad: Leave out rows that are ragged, hold NaN or infinity, or (cosine) are zero,
            instead of refusing the file.
        mask: Array or file with one entry per row of the file; rows where it is zero are not
            looked at.
        metric: Zero vectors are refused for "cosine" only.
        fewest: Rows that must be left; 1 will do for queries.
        progress: Called as `progress(stage, fraction)` with stages "reading" and "checking".

    Returns:
        The table. O(n d) time; memory of one block beside what the table itself holds.

    Raises:
        InputError: If the file cannot be used; see the module's docstring.
        UsageError: If the options contradict each other or the format.
        MemoryLimitError: If a format that cannot be mapped does not fit in memory.
    """
    path = Path(path)
    _check_options(path, column, id_column, ids, dim)
    if progress is not None:
        progress("reading", 0.0)
    raw = _read_raw(path, column, id_column, dim)
    if progress is not None:
        progress("reading", 1.0)
    if dim is not None and raw.x.shape[1] != dim:
        raise InputError(f"{path}: has {raw.x.shape[1]} values in a row, not {dim} as --dim says")
    names = raw.ids if ids is None else read_ids(ids, raw.n_rows, path)
    used = None if mask is None else read_mask(mask, raw.n_rows, path)

    with reading(path):
        x, notes = native_floats(raw.x)
    rows = np.arange(raw.n_rows) if raw.rows is None else raw.rows
    bad = bad_rows(x, metric, progress)
    skipped = sorted(raw.ragged + [(int(rows[at]), reason) for at, reason in bad])
    keep = np.ones(len(x), bool)
    keep[[at for at, _ in bad]] = False
    if used is not None:
        keep &= used[rows]
        skipped = [(row, reason) for row, reason in skipped if used[row]]
    skipped = _with_lines(raw, skipped)
    if skipped and not skip_bad:
        _refuse(path, skipped)

    if ids is not None and names is not None:
        names = names[rows]
    if not keep.all():
        with reading(path):
            x = np.asarray(x[keep])
        rows = rows[keep]
        names = None if names is None else names[keep]
    kept = None if len(rows) == raw.n_rows else rows
    if len(x) < fewest:
        left = "" if kept is None else f" of {raw.n_rows} after the mask and bad rows"
        use = "to form groups" if fewest == 2 else "to ask for"
        raise InputError(f"{path}: has {len(x)} rows{left}; at least {fewest} are needed {use}")
    if names is not None:
        check_unique(path if ids is None else Path(ids), names, kept)
    return EmbeddingTable(x, names, kept, skipped, path, raw.notes + notes)


def _check_options(
    path: Path,
    column: str | None,
    id_column: str | None,
    ids: str | Path | None,
    dim: int | None,
) -> None:
    suffix = path.suffix.lower()
    if ids is not None and id_column is not None:
        raise UsageError("ids come from a file (--ids) or a column (--id-column), not from both")
    if dim is not None and dim < 1:
        raise UsageError(f"--dim must be at least 1, not {dim}")
    if column is not None and suffix not in (".npz", ".parquet", ".pq", ".safetensors"):
        raise UsageError(f"{path}: --column has no meaning for {suffix or 'this file'}; leave it")
    if id_column is not None and suffix not in (".npz", ".parquet", ".pq", ".csv", ".tsv"):
        raise UsageError(
            f"{path}: --id-column has no meaning for {suffix or 'this file'}; give --ids FILE with "
            "one id per line"
        )


def _read_raw(
    path: Path, column: str | None, id_column: str | None, dim: int | None
) -> arrays.RawTable:
    size = file_size(path)
    with reading(path):
        match path.suffix.lower():
            case ".npy":
                return arrays.read_npy(path, size)
            case ".npz":
                return arrays.read_npz(path, column, id_column)
            case ".parquet" | ".pq":
                return columns.read_parquet(path, column, id_column)
            case ".safetensors":
                return arrays.read_safetensors(path, size, column)
            case ".csv" | ".tsv":
                return delimited.read_delimited(path, id_column)
            case ".bin":
                return arrays.read_bin(path, size, dim)
            case ".fvecs" | ".bvecs":
                return arrays.read_vecs(path, size)
            case suffix:
                raise InputError(
                    f"{path}: {suffix or 'a file without a suffix'} is no format of embeddings "
                    f"here; give one of {', '.join(SUFFIXES)} (numpy.save writes .npy)"
                )


def _with_lines(raw: arrays.RawTable, skipped: list[tuple[int, str]]) -> list[tuple[int, str]]:
    if raw.lines is None or not skipped:
        return skipped
    lines = raw.lines([row for row, _ in skipped])
    return [(row, f"(line {lines[row]}) {reason}") for row, reason in skipped]


def _refuse(path: Path, skipped: list[tuple[int, str]]) -> None:
    row, reason = skipped[0]
    more = f" ({len(skipped)} such rows)" if len(skipped) > 1 else ""
    raise InputError(
        f"{path}: row {row} {reason}{more}; mend it, or rerun with --skip-bad to leave such rows "
        "out"
    )
