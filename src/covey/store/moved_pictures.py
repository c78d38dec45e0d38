"""Pictures that are not where they were when they were added, found again below another folder."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from covey.types import UsageError

_SAMPLE = 200  # missing pictures by which the place is chosen


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of a folder of pictures.

    Attributes:
        old: The folder that all missing pictures were in or below; None where none was moved.
        new: The one that stands for it.
        missing: Pictures that are not where they were.
        found: Of these, how many are below `new`.
    """

    old: Path | None = None
    new: Path = Path()
    missing: int = 0
    found: int = 0

    def now_at(self, picture: Path) -> Path:
        """Where a picture is: where it was, if it is still there."""
        if self.old is None or not picture.is_relative_to(self.old) or picture.exists():
            return picture
        return self.new / picture.relative_to(self.old)


UNMOVED = Moved()


def find_moved(pictures: Iterable[str | None], folder: Path) -> Moved:
    """Looks below a folder for pictures that are missing, at the same places below each other.

    The missing ones were all below one folder. It, or one above it, is now `folder`: of these the
    one by which most pictures are found.

    Args:
        pictures: Paths as they were added, None for none.
        folder: Where they may be now.

    Returns:
        What was found; of no missing pictures nothing.

    Raises:
        UsageError: If it is no folder, or none of the missing pictures is below it.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder}: is no folder; name the one that the pictures are in now")
    missing = [Path(each) for each in pictures if each and not os.path.exists(each)]
    if not missing:
        return UNMOVED
    common = Path(os.path.commonpath([each.parent for each in missing]))
    sample = missing[:: max(1, len(missing) // _SAMPLE)]
    choices = [Moved(old, folder.absolute(), len(missing)) for old in (common, *common.parents)]
    best = max(choices, key=lambda each: _count(sample, each))  # of equal ones the nearest
    found = _count(missing, best)
    if not found:
        raise UsageError(
            f"{folder}: has none of the {len(missing):,} pictures that are missing, such as "
            f"{best.now_at(missing[0])}; name the folder that stands for {common} now"
        )
    return Moved(best.old, best.new, len(missing), found)


def _count(pictures: Iterable[Path], moved: Moved) -> int:
    return sum(moved.now_at(each).exists() for each in pictures)
