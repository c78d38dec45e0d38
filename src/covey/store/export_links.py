"""Groups of a project as folders of links to their pictures."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from covey.io.file_names import safe_name
from covey.io.files import listed
from covey.io.links import LinkKind, LinkReport, link_files
from covey.review.changes import NO_GROUP
from covey.store.exports import Export
from covey.types import InputError, UsageError

IN_NONE = "no-group"
"""Folder of the items that are in no group; all others end in a number."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What became of the pictures.

    Attributes:
        report: What was made.
        without: Items that have no picture.
        missing: Paths of pictures that are not there any more.
    """

    report: LinkReport
    without: int
    missing: list[str]


def link_export(
    folder: Path,
    found: Export,
    *,
    kind: LinkKind = "symlink",
    overwrite: bool = False,
    tick: Callable[[float], None] = lambda done: None,
) -> Linked:
    """Makes a folder for each group that has pictures, called by its name and number.

    `Ada-12`, or `group-12` without a name; names are made safe, see `safe_name`, and as numbers
    differ, so do folders, also where case is ignored. Items in no group go to `IN_NONE`. Pictures
    that are not there any more are left out.

    Args:
        folder: What to make.
        found: The groups.
        kind: What links are.
        overwrite: Replace `folder`, if Covey made it.
        tick: Called with the share done.

    Raises:
        UsageError: If no item has a picture, the folder is there and not to be replaced, holds
            pictures of the project, or there can be no such links.
        InputError: If none of the pictures is there.
    """
    pictured = [(item, path) for item, path in enumerate(found.pictures) if path is not None]
    if not pictured:
        raise UsageError("no item of this project has a picture, so there is nothing to link")
    missing = [path for _, path in pictured if not os.path.isfile(path)]
    if len(missing) == len(pictured):
        raise InputError(
            f"none of the {len(pictured)} pictures is there any more: {listed(missing[:3])}; put "
            "them back where they were"
        )
    gone = set(missing)
    there = [(item, path) for item, path in pictured if path not in gone]
    if overwrite:
        _check_no_source(folder, [path for _, path in there])
    names = {
        number: f"{safe_name(each.name, otherwise='group')}-{number}"
        for number, each in found.groups.items()
    }
    names[NO_GROUP] = IN_NONE
    places = [names[int(found.group[item])] for item, _ in there]
    report = link_files(
        folder, places, [path for _, path in there], kinds=(kind,), overwrite=overwrite, tick=tick
    )
    return Linked(report, len(found.pictures) - len(pictured), missing)


def _check_no_source(folder: Path, pictures: list[str]) -> None:
    """Refuses to replace a folder that pictures of the project are in."""
    inside = os.path.join(os.path.realpath(folder), "")
    for path in pictures:
        if os.path.realpath(path).startswith(inside):
            raise UsageError(
                f"{folder}: holds {path}, which the project reads, and is not replaced; choose "
                "another name"
            )
