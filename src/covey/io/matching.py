"""Groups and true labels of the same items brought together, by id or by row."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from covey.io.files import listed, shown
from covey.io.groups import GroupTable, read_groups
from covey.io.ids import read_mask
from covey.io.labels import LabelTable, read_labels
from covey.types import InputError, Int64

_IN_FOLDER = ("groups.csv", "groups.parquet")
_NAMED = 20


@dataclass(frozen=True, slots=True)
class Matched:
    """The items that have both a group and a place in the labels.

    Attributes:
        labels_true: (n,) int64, negative where the label is missing or a negative number.
        labels_pred: (n,) int64, -1 for noise.
        unmatched_groups, unmatched_labels: The first 20 items that only one of the files names.
        notes: Sentences for the user.
    """

    labels_true: Int64
    labels_pred: Int64
    unmatched_groups: list[str] = field(default_factory=list)
    unmatched_labels: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def n_unlabelled(self) -> int:
        """Items whose label is missing or a negative number."""
        return int(np.count_nonzero(self.labels_true < 0))


def match_labels(
    groups: str | Path,
    labels: str | Path,
    *,
    column: str | None = None,
    mask: str | Path | None = None,
) -> Matched:
    """Reads groups and labels and matches their items.

    By id where both files have ids. Otherwise by row: item ids of the groups that are row numbers
    (as after `covey cluster --mask`) point into the labels, else both files must have equally many
    rows.

    Args:
        groups: Table as `write_groups` writes it, a folder that holds one as groups.csv or
            groups.parquet, or a .npy of labels.
        labels: Anything that `read_labels` reads.
        column: The column of labels.
        mask: One entry per row of the labels; rows where it is zero are left out. A .npy of
            groups may then have one entry per row that is left.

    Returns:
        The matched items, in the order of the groups.

    Raises:
        InputError: If a file cannot be read, nothing matches, or rows do not correspond.
    """
    groups, labels = Path(groups), Path(labels)
    truth = read_labels(labels, column)
    used = None if mask is None else read_mask(mask, len(truth.codes), labels)
    if groups.is_dir():
        groups = _in_folder(groups)
    if groups.suffix.lower() == ".npy":
        return _by_position(groups, labels, truth, used)
    table = read_groups(groups)
    if truth.ids is not None:
        matched = _by_id(table, truth, truth.ids, used)
        if matched is not None:
            return matched
        if table.rows is None:
            raise InputError(
                f"{labels}: names none of the items of {groups}: an item there is called "
                f"{shown(table.ids[0])}, here {shown(truth.ids[0])}; give labels for the same items"
            )
    matched = _by_row(groups, labels, table, truth, used)
    if truth.ids is not None:
        matched.notes.append(f"no item id of {groups} is in {labels}; ids were taken as rows of it")
    return matched


def _in_folder(folder: Path) -> Path:
    for name in _IN_FOLDER:
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"{folder}: holds no {' or '.join(_IN_FOLDER)}; name the file with the groups")


def _by_position(
    groups: Path, labels: Path, truth: LabelTable, used: NDArray[np.bool_] | None
) -> Matched:
    found = read_labels(groups)
    codes = truth.codes
    groups_found = np.maximum(found.codes, -1)  # noise, however it is written
    if used is not None and len(found.codes) == int(used.sum()):
        codes = codes[used]
    elif len(found.codes) != len(codes):
        raise InputError(
            f"{groups}: has {len(found.codes)} rows where {labels} has {len(codes)}; give labels "
            "of the same rows, or the --mask that was used"
        )
    elif used is not None:
        return Matched(codes[used], groups_found[used])
    return Matched(codes, groups_found)


def _by_id(
    table: GroupTable, truth: LabelTable, ids: NDArray[np.object_], used: NDArray[np.bool_] | None
) -> Matched | None:
    """Matches by id; None if nothing matches."""
    known, named = pa.array(ids, pa.string()), pa.array(table.ids, pa.string())
    at = pc.fill_null(pc.index_in(named, value_set=known), -1).to_numpy().astype(np.int64)
    found = at >= 0
    if not found.any():
        return None
    only_groups = table.ids[~found]
    kept = found if used is None else found & used[at]
    expected = np.ones(len(ids), bool) if used is None else used.copy()
    expected[at[found]] = False
    only_labels = ids[expected]
    notes = [
        f"{len(names)} items are in the {here} only and were not scored: {listed(names)}"
        for here, names in (("groups", only_groups), ("labels", only_labels))
        if len(names)
    ]
    return Matched(
        truth.codes[at[kept]],
        table.labels[kept],
        only_groups[:_NAMED].tolist(),
        only_labels[:_NAMED].tolist(),
        notes,
    )


def _by_row(
    groups: Path,
    labels: Path,
    table: GroupTable,
    truth: LabelTable,
    used: NDArray[np.bool_] | None,
) -> Matched:
    rows = table.rows
    if rows is None:
        if len(table.labels) != len(truth.codes):
            raise InputError(
                f"{labels}: has no ids and {len(truth.codes)} rows where {groups} has "
                f"{len(table.labels)}; give labels with a column item_id"
            )
        rows = np.arange(len(table.labels))
    outside = np.flatnonzero(rows >= len(truth.codes))
    if len(outside):
        raise InputError(
            f"{groups}: item {rows[outside[0]]} points past the {len(truth.codes)} rows of "
            f"{labels}; give the labels of all rows of the embeddings"
        )
    kept = np.ones(len(rows), bool) if used is None else used[rows]
    expected = np.ones(len(truth.codes), bool) if used is None else used.copy()
    expected[rows] = False
    left = np.flatnonzero(expected)
    notes = [f"{len(left)} rows of {labels} have no group and were not scored"] if len(left) else []
    return Matched(
        truth.codes[rows[kept]],
        table.labels[kept],
        unmatched_labels=[str(row) for row in left[:_NAMED]],
        notes=notes,
    )
