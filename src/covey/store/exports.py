"""Groups of a project for other programs: tables, JSON, tags, annotations.

.csv .parquet  item_id, item, group, name, confirmed, hidden, strength; no group is an empty field
.json          the project, its groups with their items, and the items in none
fiftyone       a line of JSON an item: its picture, the name of its group as tag, and all of the row
coco           images, categories and annotations; without boxes and sizes, which are not known

Folders of links are made by `store.export_links`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from covey import __version__
from covey.io.atomic import atomic_file
from covey.io.groups import write_table
from covey.review.changes import NO_GROUP
from covey.store.review import Review
from covey.types import Float32, Int64, UsageError

FORMATS = {
    "csv": ".csv",
    "parquet": ".parquet",
    "json": ".json",
    "fiftyone": ".jsonl",
    "coco": ".json",
}
"""What a project can be written as, and the suffix of the file."""

_TYPED = ("name",)
_TEXT = ("item_id", *_TYPED)
_NO_BOXES = (
    "Groups of whole pictures: no boxes are known, so annotations have none, and sizes of images "
    "are left out."
)


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """What people know about a group."""

    name: str
    confirmed: bool
    hidden: bool

    def title(self, number: int) -> str:
        """Its name, or what it is called without one."""
        return self.name or f"group {number}"


@dataclass(frozen=True, slots=True)
class Export:
    """The groups of a project at one moment.

    Attributes:
        project: Name of it.
        revision: Number of its last event.
        ids: (n,) names of the items, whose numbers are 0 to n - 1.
        group: (n,) int64, `NO_GROUP` for none.
        strength: (n,) float32 by the last run, NaN for items that came since.
        pictures: (n,) paths, None for none.
        groups: What is known of each, by number.
    """

    project: str
    revision: int
    ids: pa.ChunkedArray
    group: Int64
    strength: Float32
    pictures: list[str | None]
    groups: dict[int, GroupFacts]


def export_of(review: Review) -> Export:
    """Takes down the groups as they are."""
    with review.lock:
        review.catch_up()
        state, last = review.state, review.last_run()
        groups = {
            number: GroupFacts(each.name, each.confirmed, each.hidden)
            for number, each in sorted(state.groups.items())
        }
        strength = review.evidence.strength.copy()
        strength[0 if last is None else last.n :] = np.nan
        return Export(
            review.project.name,
            state.revision,
            review.items.ids,
            state.group_of.copy(),
            strength,
            review.items.pictures,
            groups,
        )


def write_export(path: Path, found: Export, kind: str, *, spreadsheet: bool = False) -> None:
    """Writes the groups as one of `FORMATS`, atomically.

    Args:
        path: Where to.
        found: The groups.
        kind: The format.
        spreadsheet: Of .csv, keep ids from running as formulas, too, which changes those that
            might. Names, which anybody may have typed, never do: see `guarded`.

    Raises:
        UsageError: If there is no such format, or the file cannot be written there.
    """
    if kind not in FORMATS:
        raise UsageError(f"{kind!r} is no format; choose one of {', '.join(FORMATS)}")
    if kind in ("csv", "parquet"):
        write_table(path, as_table(found), guard=_TEXT if spreadsheet else _TYPED)
        return
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        if kind == "fiftyone":
            file.writelines(f"{line}\n" for line in tag_lines(found))
        else:
            whole = as_coco(found) if kind == "coco" else as_object(found)
            json.dump(whole, file, ensure_ascii=False, allow_nan=False)
            file.write("\n")


def as_table(found: Export) -> pa.Table:
    """A row an item; nulls where there is no group, and where strength is not known."""
    none = found.group == NO_GROUP
    at = np.searchsorted(np.fromiter(found.groups, np.int64, len(found.groups)), found.group)
    places = pa.array(at, mask=none)
    facts = found.groups.values()
    return pa.table(
        {
            "item_id": found.ids,
            "item": pa.array(np.arange(len(found.group))),
            "group": pa.array(found.group, mask=none),
            "name": pa.array([each.name for each in facts], pa.string()).take(places),
            "confirmed": pa.array([each.confirmed for each in facts], pa.bool_()).take(places),
            "hidden": pa.array([each.hidden for each in facts], pa.bool_()).take(places),
            "strength": pa.array(found.strength, mask=np.isnan(found.strength)),
        }
    )


def as_object(found: Export) -> dict[str, Any]:
    """The groups as one JSON object."""
    ids, strength = found.ids.to_pylist(), _known(found.strength)
    members = _members(found.group)

    def told(items: list[int]) -> list[dict[str, Any]]:
        return [{"id": ids[item], "item": item, "strength": strength[item]} for item in items]

    return {
        "covey": __version__,
        "project": found.project,
        "revision": found.revision,
        "groups": [
            {
                "number": number,
                "name": each.name,
                "confirmed": each.confirmed,
                "hidden": each.hidden,
                "items": told(members.get(number, [])),
            }
            for number, each in found.groups.items()
        ],
        "in_no_group": told(members.get(NO_GROUP, [])),
    }


def tag_lines(found: Export) -> Iterator[str]:
    """A JSON object an item, with the names that a sample of FiftyOne has and those of a row."""
    for item, (name, picture, group, strength) in enumerate(
        zip(
            found.ids.to_pylist(),
            found.pictures,
            found.group.tolist(),
            _known(found.strength),
            strict=True,
        )
    ):
        facts = None if group == NO_GROUP else found.groups[group]
        tags = [] if facts is None else [facts.title(group)]
        row = {
            "item_id": name,
            "item": item,
            "group": None if facts is None else group,
            "name": None if facts is None else facts.name,
            "confirmed": None if facts is None else facts.confirmed,
            "hidden": None if facts is None else facts.hidden,
            "strength": strength,
        }
        if facts is not None:
            tags += [word for word in ("confirmed", "hidden") if getattr(facts, word)]
        where = {} if picture is None else {"filepath": picture}
        yield json.dumps({**where, "tags": tags, **row}, ensure_ascii=False, allow_nan=False)


def as_coco(found: Export) -> dict[str, Any]:
    """Images, categories and annotations in the manner of COCO."""
    ids, strength = found.ids.to_pylist(), _known(found.strength)
    grouped = np.flatnonzero(found.group != NO_GROUP).tolist()
    return {
        "info": {
            "description": f"{found.project}. {_NO_BOXES}",
            "version": str(found.revision),
            "contributor": f"covey {__version__}",
        },
        "images": [
            {"id": item, "file_name": picture or name, "item_id": name}
            for item, (name, picture) in enumerate(zip(ids, found.pictures, strict=True))
        ],
        "categories": [
            {
                "id": number,
                "name": each.title(number),
                "supercategory": "group",
                "confirmed": each.confirmed,
                "hidden": each.hidden,
            }
            for number, each in found.groups.items()
        ],
        "annotations": [
            {
                "id": at,
                "image_id": item,
                "category_id": int(found.group[item]),
                "iscrowd": 0,
                "strength": strength[item],
            }
            for at, item in enumerate(grouped, 1)
        ],
    }


def _known(strength: Float32) -> list[float | None]:
    """Rounded, None for what is not known."""
    return [None if math.isnan(each) else round(each, 6) for each in strength.tolist()]


def _members(group: Int64) -> dict[int, list[int]]:
    order = np.argsort(group, kind="stable")
    numbers, starts = np.unique(group[order], return_index=True)
    parts = np.split(order, starts[1:]) if len(order) else []
    return {
        int(number): part.tolist() for number, part in zip(numbers.tolist(), parts, strict=True)
    }
