"""The journal of a review: events in SQLite, never changed, and tables that follow from them.

    events    number, time, author, kind, what was asked for, changes; both as JSON
    items     group of each item
    groups    name, hidden, confirmed, number of the last event that touched it
    links     pairs that must, or cannot, be together
    apart     sets of items, as JSON, no two of which can be together
    rejected  suggestions that were turned down

An event and what it does to the tables are one transaction, flushed to the disk before `append`
returns (write-ahead log, synchronous FULL): whatever kills the process, at most the event that was
being written is lost. Several processes may write; each says up to which event it has read, and is
refused if there are others since. Whoever follows the events makes the new one its own first: what
does not fit is never written.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from covey.review.changes import Change, as_rows, from_rows
from covey.review.state import ConflictError, Placements
from covey.store.project import BusyError
from covey.store.tables import APART, SCHEMA, TABLES, write_changes
from covey.types import CoveyError, InputError

FORMAT = 2
_PATIENCE = 10.0  # seconds that a writer waits for another
_EVENTS = (
    "CREATE TABLE events (number INTEGER PRIMARY KEY, time TEXT NOT NULL, author TEXT NOT NULL, "
    "kind TEXT NOT NULL, about TEXT NOT NULL, changes TEXT NOT NULL)",
    "CREATE TRIGGER events_stay BEFORE UPDATE ON events "
    "BEGIN SELECT RAISE(ABORT, 'events are never changed'); END",
    "CREATE TRIGGER events_last BEFORE DELETE ON events "
    "BEGIN SELECT RAISE(ABORT, 'events are never removed'); END",
)


class LateError(ConflictError):
    """Others wrote since whoever writes has read; nothing was written."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done.

    Attributes:
        number: From 1 on, without gaps.
        time: ISO 8601, UTC.
        author: Who did it, in their own words.
        kind: In a word.
        about: What was asked for.
        changes: What it did.
    """

    number: int
    time: str
    author: str
    kind: str
    about: dict[str, Any]
    changes: tuple[Change, ...]


class Journal:
    """The file, open.

    Args:
        path: Made if it is not there.
        placements: Groups of items by runs, see `ReviewState`.
        begun: Whether it must be there.

    Raises:
        InputError: If the file is no journal, or one of a later version, or lost.
        CoveyError: If the disk is full or fails.
    """

    def __init__(self, path: Path, placements: Placements, *, begun: bool = False) -> None:
        self.path, self._placements, self._begun = path, placements, begun
        if begun and not path.exists():
            raise self._lost()
        with self._told():
            self._db = sqlite3.connect(
                path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
            )
        try:
            with self._told():
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > FORMAT:
            raise InputError(
                f"{self.path}: is a journal of version {version}, this Covey knows {FORMAT}; "
                "update Covey"
            )
        if version == 0 and self._begun:
            raise self._lost()
        if version < FORMAT:
            with self._transaction():
                version = self._db.execute("PRAGMA user_version").fetchone()[0]
                if version == FORMAT:
                    return  # another process was faster
                for statement in (*_EVENTS, *SCHEMA) if version == 0 else (APART,):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {FORMAT}")

    def _lost(self) -> InputError:
        return InputError(
            f"{self.path}: is missing or empty, but the project has items or runs, of which it "
            f"tells; restore a copy of it, with {self.path.name}-wal if there is one"
        )

    def close(self) -> None:
        """Lets go of the file."""
        self._db.close()

    @property
    def last(self) -> int:
        """Number of the last event; 0 if there is none."""
        with self._told():
            found = self._db.execute("SELECT max(number) FROM events").fetchone()[0]
        return int(found or 0)

    def append(
        self,
        kind: str,
        about: dict[str, Any],
        changes: Sequence[Change],
        *,
        after: int,
        author: str = "",
        first: Callable[[Event], None] = lambda event: None,
    ) -> Event:
        """Writes an event, for good.

        Args:
            kind, about, changes, author: See `Event`.
            after: Number of the last event that whoever writes knows of.
            first: Called with the event once nobody else can write and before anything is written.
                What it raises is raised, and nothing is written. It may be called although the
                event is not written in the end.

        Raises:
            LateError: If there are later ones.
            BusyError: If another process is writing for too long.
            CoveyError: If the disk is full or fails; then nothing was written.
        """
        event = Event(after + 1, _now(), author, kind, about, tuple(changes))
        row = (
            event.number,
            event.time,
            author,
            kind,
            json.dumps(about, ensure_ascii=False),
            json.dumps(as_rows(changes), ensure_ascii=False, separators=(",", ":")),
        )
        with self._told(), self._transaction():
            last = self._db.execute("SELECT max(number) FROM events").fetchone()[0] or 0
            if last != after:
                raise LateError(
                    f"{last - after} other changes were made in the meantime; look again"
                )
            first(event)
            self._db.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", row)
            write_changes(self._db, event.changes, event.number, self._placements)
        return event

    def events(self, after: int = 0, most: int | None = None) -> Iterator[Event]:
        """Events behind that number, in order, so many at most.

        Raises:
            InputError: If one cannot be read.
        """
        query = "SELECT * FROM events WHERE number > ? ORDER BY number LIMIT ?"
        with self._told(), closing(self._db.execute(query, (after, most or -1))) as rows:
            for number, time, author, kind, about, changes in rows:
                try:
                    found = json.loads(about), from_rows(json.loads(changes))
                except (ValueError, TypeError) as error:
                    raise InputError(
                        f"{self.path}: event {number} cannot be read ({error}); restore a copy"
                    ) from error
                yield Event(number, time, author, kind, *found)

    def table(self, name: str) -> list[tuple[Any, ...]]:
        """All rows of one of `TABLES`, in order."""
        assert name in TABLES, name
        with self._told():
            return sorted(self._db.execute(f"SELECT * FROM {name}").fetchall())

    def rebuild(self) -> None:
        """Makes all tables anew from the events."""
        with self._told(), self._transaction():
            for name in TABLES:
                self._db.execute(f"DELETE FROM {name}")
            for event in list(self.events()):
                write_changes(self._db, event.changes, event.number, self._placements)

    def roll_back(self) -> None:
        """Takes back what an interrupt left on its way, as it may come at any line."""
        with self._told():
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            yield
            self._db.execute("COMMIT")
        except BaseException:
            self.roll_back()
            raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Says what SQLite says, with the name of the file."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            why = str(error)
            if isinstance(error, sqlite3.OperationalError) and "locked" in why:
                raise BusyError(
                    f"{self.path}: another process has been writing for {_PATIENCE:g} seconds; "
                    "try again once it has ended"
                ) from error
            if isinstance(error, sqlite3.OperationalError | sqlite3.IntegrityError):
                raise CoveyError(f"{self.path}: {why}; nothing was written") from error
            raise InputError(f"{self.path}: is no journal or damaged ({why})") from error


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
