"""Tables that follow from events: for who asks the file by SQL, and to check the journal by."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from covey.review.changes import (
    NO_GROUP,
    Add,
    Apart,
    Change,
    Create,
    Drop,
    Link,
    Move,
    Place,
    Reject,
    Set,
)
from covey.review.state import Placements

TABLES = ("items", "groups", "links", "apart", "rejected")
APART = "CREATE TABLE apart (items TEXT PRIMARY KEY) WITHOUT ROWID"
SCHEMA = (
    "CREATE TABLE items (item INTEGER PRIMARY KEY, number INTEGER NOT NULL, "
    "since INTEGER NOT NULL)",
    "CREATE INDEX items_of_groups ON items (number)",
    "CREATE TABLE groups (number INTEGER PRIMARY KEY, name TEXT NOT NULL, hidden INTEGER NOT NULL, "
    "confirmed INTEGER NOT NULL, revision INTEGER NOT NULL)",
    "CREATE TABLE links (kind TEXT NOT NULL, a INTEGER NOT NULL, b INTEGER NOT NULL, "
    "PRIMARY KEY (kind, a, b)) WITHOUT ROWID",
    APART,
    "CREATE TABLE rejected (key TEXT PRIMARY KEY, since INTEGER NOT NULL) WITHOUT ROWID",
)
_TOUCH = "UPDATE groups SET revision = ? WHERE number = ?"
_NEW = "INSERT OR IGNORE INTO groups VALUES (?, '', 0, 0, ?)"
_PLAIN_AND_EMPTY = (
    "DELETE FROM groups WHERE name = '' AND NOT hidden AND NOT confirmed AND number = ? "
    "AND NOT EXISTS (SELECT 1 FROM items WHERE items.number = groups.number)"
)


def write_changes(
    db: sqlite3.Connection, changes: Sequence[Change], event: int, placements: Placements
) -> None:
    """Does to the tables what the changes of an event do to a `ReviewState`, unchecked.

    Args:
        db: In a transaction.
        changes: In order.
        event: Number of the event.
        placements: Groups of items by runs.
    """
    for change in changes:
        match change:
            case Move(items, source, target):
                rows = [(target, event, item) for item in items]
                db.executemany("UPDATE items SET number = ?, since = ? WHERE item = ?", rows)
                both = [(event, group) for group in (source, target) if group != NO_GROUP]
                db.executemany(_TOUCH, both)
            case Create(group):
                db.execute("INSERT INTO groups VALUES (?, '', 0, 0, ?)", (group, event))
            case Drop(group):
                db.execute("DELETE FROM groups WHERE number = ?", (group,))
            case Set(group, field, _, new):
                query = f"UPDATE groups SET {field} = ?, revision = ? WHERE number = ?"
                db.execute(query, (new, event, group))
            case Link(kind, a, b, True):
                db.execute("INSERT INTO links VALUES (?, ?, ?)", (kind, a, b))
            case Link(kind, a, b, _):
                db.execute("DELETE FROM links WHERE kind = ? AND a = ? AND b = ?", (kind, a, b))
            case Apart(some, True):
                db.execute("INSERT INTO apart VALUES (?)", (json.dumps(some),))
            case Apart(some, _):
                db.execute("DELETE FROM apart WHERE items = ?", (json.dumps(some),))
            case Reject(key, True):
                db.execute("INSERT INTO rejected VALUES (?, ?)", (key, event))
            case Reject(key, _):
                db.execute("DELETE FROM rejected WHERE key = ?", (key,))
            case Add(first, count):
                rows = [(item, NO_GROUP, event) for item in range(first, first + count)]
                db.executemany("INSERT INTO items VALUES (?, ?, ?)", rows)
            case Place(run):
                _place(db, placements(run).tolist(), event)


def _place(db: sqlite3.Connection, placed: list[int], event: int) -> None:
    before = dict(db.execute("SELECT item, number FROM items"))
    moved = [(group, event, item) for item, group in enumerate(placed) if before[item] != group]
    left = {before[item] for _, _, item in moved} - {NO_GROUP}
    joined = {group for group, _, _ in moved} - {NO_GROUP}
    db.executemany(_NEW, [(group, event) for group in sorted(joined)])
    db.executemany("UPDATE items SET number = ?, since = ? WHERE item = ?", moved)
    db.executemany(_TOUCH, [(event, group) for group in sorted(left | joined)])
    db.executemany(_PLAIN_AND_EMPTY, [(group,) for group in sorted(left)])
