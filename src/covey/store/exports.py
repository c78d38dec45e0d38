"""Groups of a project for other programs: tables, JSON, tags, annotations, folders of links.

.csv .parquet  item_id, group, name, confirmed, strength; no group is an empty field
.json          the project, its groups with the ids of their items, and the items in none
fiftyone       a line of JSON an item: its picture, or its id, and the name of its group as tag
coco           images, categories and annotations; without boxes and sizes, which are not known
links          a folder a group with a link to each picture
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from covey import __version__
from covey.io.atomic import atomic_file
from covey.io.groups import write_table
from covey.io.links import LinkReport, link_groups
from covey.review.changes import NO_GROUP
from covey.store.review import Review
from covey.types import Clustering, Float32, Int64, UsageError

FORMATS = {
    "csv": ".csv",
    "parquet": ".parquet",
    "json": ".json",
    "fiftyone": ".jsonl",
    "coco": ".json",
}
"""What a project can be written as, and the suffix of the file."""

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
        ids: (n,) names of the items.
        group: (n,) int64, `NO_GROUP` for none.
        strength: (n,) float32.
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
        state = review.state
        groups = {
            number: GroupFacts(each.name, each.confirmed, each.hidden)
            for number, each in sorted(state.groups.items())
        }
        return Export(
            review.project.name,
            state.revision,
            review.items.ids,
            state.group_of.copy(),
            review.evidence.strength,
            review.items.pictures,
            groups,
        )


def write_export(path: Path, found: Export, kind: str) -> None:
    """Writes the groups as one of `FORMATS`, atomically.

    Raises:
        UsageError: If there is no such format, or the file cannot be written there.
    """
    if kind not in FORMATS:
        raise UsageError(f"{kind!r} is no format; choose one of {', '.join(FORMATS)}")
    if kind in ("csv", "parquet"):
        write_table(path, as_table(found))
        return
    with atomic_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        if kind == "fiftyone":
            file.writelines(f"{line}\n" for line in tag_lines(found))
        else:
            whole = as_coco(found) if kind == "coco" else as_object(found)
            json.dump(whole, file, ensure_ascii=False)
            file.write("\n")


def as_table(found: Export) -> pa.Table:
    """item_id, group, name, confirmed, strength; nulls where there is no group."""
    none = found.group == NO_GROUP
    at = np.searchsorted(np.fromiter(found.groups, np.int64, len(found.groups)), found.group)
    places = pa.array(at, mask=none)
    names = pa.array([each.name for each in found.groups.values()], pa.string())
    confirmed = pa.array([each.confirmed for each in found.groups.values()], pa.bool_())
    return pa.table(
        {
            "item_id": found.ids,
            "group": pa.array(found.group, mask=none),
            "name": names.take(places),
            "confirmed": confirmed.take(places),
            "strength": pa.array(found.strength),
        }
    )


def as_object(found: Export) -> dict[str, Any]:
    """The groups as one JSON object."""
    ids = found.ids.to_pylist()
    members = _members(found.group)
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
                "items": [ids[item] for item in members.get(number, ())],
            }
            for number, each in found.groups.items()
        ],
        "in_no_group": [ids[item] for item in members.get(NO_GROUP, ())],
    }


def tag_lines(found: Export) -> Iterator[str]:
    """A JSON object an item: its picture or its id, and tags as FiftyOne has them."""
    for name, picture, group in zip(
        found.ids.to_pylist(), found.pictures, found.group.tolist(), strict=True
    ):
        where = {"id": name} if picture is None else {"filepath": picture}
        tags = [] if group == NO_GROUP else [found.groups[group].title(group)]
        tags += ["confirmed"] if tags and found.groups[group].confirmed else []
        yield json.dumps({**where, "tags": tags}, ensure_ascii=False)


def as_coco(found: Export) -> dict[str, Any]:
    """Images, categories and annotations in the manner of COCO."""
    ids = found.ids.to_pylist()
    grouped = np.flatnonzero(found.group != NO_GROUP).tolist()
    return {
        "info": {
            "description": f"{found.project}. {_NO_BOXES}",
            "version": str(found.revision),
            "contributor": f"covey {__version__}",
        },
        "images": [
            {"id": item, "file_name": picture or name}
            for item, (name, picture) in enumerate(zip(ids, found.pictures, strict=True))
        ],
        "categories": [
            {"id": number, "name": each.title(number), "supercategory": "group"}
            for number, each in found.groups.items()
        ],
        "annotations": [
            {"id": at, "image_id": item, "category_id": int(found.group[item]), "iscrowd": 0}
            for at, item in enumerate(grouped, 1)
        ],
    }


def link_export(folder: Path, found: Export, *, overwrite: bool = False) -> LinkReport:
    """Makes a folder a group, called by its number, with links to the pictures of its items.

    Raises:
        UsageError: If no item has a picture, or the folder is there and not to be replaced.
        InputError: If pictures are missing.
    """
    items = [item for item, picture in enumerate(found.pictures) if picture is not None]
    if not items:
        raise UsageError("no item of this project has a picture, so there is nothing to link")
    files = [picture for picture in found.pictures if picture is not None]
    groups = Clustering(found.group[items], found.strength[items])
    return link_groups(folder, groups, files, overwrite=overwrite)


def _members(group: Int64) -> dict[int, list[int]]:
    order = np.argsort(group, kind="stable")
    numbers, starts = np.unique(group[order], return_index=True)
    parts = np.split(order, starts[1:]) if len(order) else []
    return {
        int(number): part.tolist() for number, part in zip(numbers.tolist(), parts, strict=True)
    }
