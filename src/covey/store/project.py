"""The folder of a project.

    project.json      what it is: format, when it was made, how rows are compared
    items/000001/     a batch: items.parquet (id, picture, text, exclusive) and embeddings.npy
    runs/000001/      a run: run.json, groups.parquet, edges.parquet, neighbours
    review.sqlite     the journal
    reports/          a page for each full run that was asked for one; may be removed at any time
    thumbnails/       pictures made small; may be removed at any time

Batches and runs appear whole and are never changed. What no event of the journal names is what a
killed process left; it is in nobody's way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from covey import __version__
from covey.io.atomic import atomic_folder
from covey.io.folder_lock import HeldError, locked_folder
from covey.io.summary import write_summary
from covey.review.state import ConflictError
from covey.types import InputError, UsageError
from covey.vectors import Metric

FORMAT = 1
FACTS = "project.json"
JOURNAL = "review.sqlite"
_DIGITS = 6


class BusyError(ConflictError):
    """Another process works on the project; the same may be tried again."""


@dataclass(frozen=True, slots=True)
class Project:
    """A folder that `create_project` made.

    Attributes:
        folder: Where it is.
        name: For people.
        metric: How rows are compared.
        made: ISO 8601, UTC.
    """

    folder: Path
    name: str
    metric: Metric
    made: str

    @property
    def journal(self) -> Path:
        """Path of the journal."""
        return self.folder / JOURNAL

    @property
    def thumbnails(self) -> Path:
        """Folder of small pictures."""
        return self.folder / "thumbnails"

    def batch(self, number: int) -> Path:
        """Folder of a batch of items."""
        return self.folder / "items" / f"{number:0{_DIGITS}d}"

    def run(self, number: int) -> Path:
        """Folder of a run."""
        return self.folder / "runs" / f"{number:0{_DIGITS}d}"

    def report(self, number: int) -> Path:
        """Page of a full run, which need not be there."""
        return self.folder / "reports" / f"{number:0{_DIGITS}d}.html"

    @property
    def begun(self) -> bool:
        """Whether there are folders of items or runs, so that a journal must be there."""
        return any(_last_number(self.folder / part) for part in ("items", "runs"))

    def next_batch(self) -> int:
        """A number that no folder of items has."""
        return _next_number(self.folder / "items")

    def next_run(self) -> int:
        """A number that no folder of runs has."""
        return _next_number(self.folder / "runs")

    @contextmanager
    def working(self, what: str = "") -> Iterator[None]:
        """Keeps other processes from adding and running at the same time. Reviews go on.

        Args:
            what: Is being done, for others who try.

        Raises:
            BusyError: If another process does; told at once.
        """
        with ExitStack() as held:
            try:
                held.enter_context(locked_folder(self.folder / "work", what=what))
            except HeldError as error:
                raise BusyError(
                    f"{self.folder}: {error.holder} is at work on it; nothing was changed: wait "
                    "until that ends, then try again"
                ) from None
            yield


def create_project(folder: Path, *, name: str = "", metric: Metric = "cosine") -> Project:
    """Makes an empty project.

    Args:
        folder: Must not be there, or be empty; its parent is.
        name: For people; that of the folder if empty.
        metric: How rows are compared.

    Raises:
        UsageError: If something is there, or the folder cannot be made.
    """
    if (folder / FACTS).exists():
        raise UsageError(f"{folder}: is a project already; add items with covey add {folder}")
    if folder.is_dir() and not any(folder.iterdir()):
        try:
            folder.rmdir()
        except OSError as error:
            raise UsageError(
                f"{folder}: cannot be made anew ({error.strerror}); name a folder that is not there"
            ) from None
    elif folder.exists():
        raise UsageError(f"{folder}: exists and is no project; name a folder that is not there")
    made = datetime.now(UTC).isoformat(timespec="seconds")
    facts = {
        "format": FORMAT,
        "covey": __version__,
        "name": name or folder.absolute().name,
        "metric": metric,
        "made": made,
    }
    with atomic_folder(folder) as temporary:
        write_summary(temporary / FACTS, facts)
        for part in ("items", "runs", "thumbnails"):
            (temporary / part).mkdir()
    return Project(folder, str(facts["name"]), metric, made)


def open_project(folder: Path) -> Project:
    """Reads what `create_project` made.

    Raises:
        InputError: If it is no project, or one of a later Covey.
    """
    path = folder / FACTS
    if not path.is_file():
        raise InputError(f"{folder}: is no project; make one with covey init {folder}")
    facts = read_facts(path)
    if not isinstance(facts.get("format"), int) or facts["format"] > FORMAT:
        raise InputError(
            f"{path}: has format {facts.get('format')}, this Covey knows {FORMAT}; update Covey"
        )
    try:
        return Project(folder, str(facts["name"]), facts["metric"], str(facts["made"]))
    except KeyError as error:
        raise InputError(f"{path}: lacks {error}; restore a copy") from None


def read_facts(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        InputError: If it is none.
    """
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({error}); restore a copy") from None
    if not isinstance(facts, dict):
        raise InputError(f"{path}: holds no JSON object; restore a copy")
    return facts


def _next_number(folder: Path) -> int:
    folder.mkdir(exist_ok=True)
    return _last_number(folder) + 1


def _last_number(folder: Path) -> int:
    there = folder.iterdir() if folder.is_dir() else ()
    return max((int(each.name) for each in there if each.name.isdigit()), default=0)
