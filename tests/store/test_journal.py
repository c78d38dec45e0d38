"""Events stay, tables follow from them, and nothing that was acknowledged is ever lost."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import time
from pathlib import Path

import numpy as np
import pytest

from covey.review.changes import Add, Change, Create, Drop, Link, Move, Place, Reject, Set
from covey.review.state import ConflictError, ReviewState
from covey.store.journal import Journal
from covey.store.tables import TABLES
from covey.types import CoveyError, InputError

from .conftest import check_tables

_PLACED = {1: np.array([1, 1, 2, 2, -1]), 2: np.array([1, 1, 3, 3, 3, -1])}

_STORY: list[tuple[Change, ...]] = [
    (Add(0, 5),),
    (Place(1),),
    (Set(2, "name", "", "Ada"),),
    (Create(9), Move((0,), 1, 9), Link("cannot", 0, 1)),
    (Add(5, 1),),
    (Place(2),),
    (Reject("merge:1:3"), Link("must", 2, 3)),
    (Move((0, 1), 1, -1), Drop(1), Reject("merge:1:3", False), Link("must", 2, 3, False)),
    (Set(3, "hidden", False, True), Set(3, "confirmed", False, True)),
]


def opened(path: Path) -> Journal:
    return Journal(path, _PLACED.__getitem__)


def told(journal: Journal) -> ReviewState:
    for changes in _STORY:
        journal.append("story", {}, changes, after=journal.last)
    state = ReviewState(_PLACED.__getitem__)
    for event in journal.events():
        state.apply(event.changes, event.number)
    return state


def tables(journal: Journal) -> dict[str, list[tuple[object, ...]]]:
    return {name: journal.table(name) for name in TABLES}


def test_tables_follow_from_events(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j")
    state = told(journal)
    check_tables(journal, state)
    before = tables(journal)
    journal.rebuild()
    assert tables(journal) == before
    with sqlite3.connect(tmp_path / "j") as db:
        for name in TABLES:
            db.execute(f"DELETE FROM {name}")
    journal.rebuild()
    assert tables(journal) == before


def test_events_cannot_be_changed(tmp_path: Path) -> None:
    told(opened(tmp_path / "j"))
    with sqlite3.connect(tmp_path / "j") as db:
        for statement in ("UPDATE events SET author = 'x'", "DELETE FROM events"):
            with pytest.raises(sqlite3.IntegrityError, match="events are never"):
                db.execute(statement)


def test_an_event_comes_back_as_it_was(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j")
    made = journal.append("näme", {"group": 1, "to": "Zoë"}, _STORY[0], after=0, author="me")
    journal.close()
    assert list(opened(tmp_path / "j").events()) == [made]


def test_who_is_late_is_told(tmp_path: Path) -> None:
    one, other = opened(tmp_path / "j"), opened(tmp_path / "j")
    one.append("add", {}, (Add(0, 5),), after=0)
    with pytest.raises(ConflictError, match="1 other changes were made"):
        other.append("add", {}, (Add(0, 5),), after=0)
    assert other.last == 1


def test_a_change_that_fails_leaves_nothing(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j")
    told(journal)
    before = tables(journal)
    with pytest.raises(CoveyError, match="nothing was written"):
        journal.append("bad", {}, (Create(50), Create(50)), after=journal.last)
    assert tables(journal) == before
    assert journal.last == len(_STORY)


def test_what_is_no_journal_is_refused(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"no database at all" * 100)
    with pytest.raises(InputError, match="is no journal or damaged"):
        opened(tmp_path / "j")
    with sqlite3.connect(tmp_path / "k") as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(InputError, match="version 99, this Covey knows 2"):
        opened(tmp_path / "k")


def test_a_full_disk_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    journal = opened(tmp_path / "j")
    told(journal)
    before = tables(journal)
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    big = max(each.stat().st_size for each in tmp_path.iterdir())
    resource.setrlimit(resource.RLIMIT_FSIZE, (big + 4096, limit[1]))
    try:
        with pytest.raises(CoveyError, match="nothing was written"):
            _fill(journal)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    if journal.last % 2 != len(_STORY) % 2:  # the last one that was written turned it down
        journal.append("n", {}, (Reject("x" * 5000, rejected=False),), after=journal.last)
    assert tables(journal) == before
    last = journal.last
    journal.append("n", {}, (Reject("after"),), after=last)
    assert opened(tmp_path / "j").last == last + 1


def _fill(journal: Journal) -> None:
    name = "x" * 5000
    for number in range(1000):
        changes = (Reject(name, rejected=number % 2 == 0),)
        journal.append("n", {"name": name}, changes, after=journal.last)


def _write_until_killed(path: Path, pipe: int) -> None:
    """In a child: events without end, each told once it is acknowledged."""
    journal = opened(path)
    state = ReviewState(_PLACED.__getitem__)
    for event in journal.events():
        state.apply(event.changes, event.number)
    while True:
        after = state.revision
        changes: tuple[Change, ...] = (
            Create(state.next_group),
            Move((after % 5,), int(state.group_of[after % 5]), state.next_group),
            Reject(f"key {after}"),
        )
        journal.append("n", {"after": after}, changes, after=after)
        state.apply(changes, after + 1)
        os.write(pipe, (after + 1).to_bytes(4, "little"))


@pytest.mark.parametrize("times", [60, pytest.param(400, marks=pytest.mark.slow)])
def test_killed_hundreds_of_times(tmp_path: Path, times: int) -> None:
    path = tmp_path / "j"
    journal = opened(path)
    journal.append("add", {}, (Add(0, 5),), after=0)
    journal.close()
    rng = np.random.default_rng(0)
    acknowledged = 1
    for _ in range(times):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                _write_until_killed(path, writing)
            finally:
                os._exit(1)
        os.close(writing)
        first = os.read(reading, 4)  # the child is at work
        time.sleep(float(rng.uniform(0, 0.01)))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        rest = first
        while part := os.read(reading, 1 << 16):
            rest += part
        os.close(reading)
        told = int.from_bytes(rest[len(rest) // 4 * 4 - 4 :][:4], "little")
        assert told > acknowledged
        acknowledged = told
        check = opened(path)
        assert acknowledged <= check.last <= acknowledged + 1
        check.close()
    journal = opened(path)
    state = ReviewState(_PLACED.__getitem__)
    for event in journal.events():
        state.apply(event.changes, event.number)
    check_tables(journal, state)
    before = tables(journal)
    journal.rebuild()
    assert tables(journal) == before
