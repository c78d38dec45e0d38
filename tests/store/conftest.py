"""Small projects."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from covey.review.state import ReviewState
from covey.store.items import Batch
from covey.store.journal import Journal
from covey.store.project import create_project
from covey.store.review import Review


def batch(n: int, start: int = 0, d: int = 4, **columns: object) -> Batch:
    rng = np.random.default_rng(start)
    ids = np.array([f"item {start + i}" for i in range(n)], object)
    return Batch(ids, rng.normal(size=(n, d)).astype(np.float32), source="made", **columns)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of 12 items without any run."""
    where = tmp_path / "project"
    create_project(where)
    with Review(where) as review:
        review.add(batch(12))
    return where


def with_old_journal(folder: Path) -> None:
    """Gives a project of one batch and one run another batch, and a journal of version 1."""
    with Review(folder) as review:
        review.add(batch(2, 12))
    for each in folder.glob("review.sqlite*"):
        each.unlink()
    with closing(sqlite3.connect(folder / "review.sqlite")) as db:
        db.executescript(Path(__file__).with_name("journal-1.sql").read_text(encoding="utf-8"))


def tells(review: Review) -> object:
    """All that a project says of its groups, to be compared with another one."""
    state = review.state
    groups = {
        each.number: (each.name, each.hidden, each.confirmed, sorted(each.members), each.revision)
        for each in state.groups.values()
    }
    return (
        groups,
        state.group_of.tolist(),
        (state.links("must"), state.links("cannot"), state.apart, sorted(state.rejected)),
        (state.next_group, state.revision, state.pinned()),
        (review.batches, review.runs, review.items.n),
        (review.history.next_undo(), review.history.next_redo()),
    )


def check_same(review: Review) -> None:
    """What is in memory, what the journal rebuilds, and its tables all tell the same."""
    state, journal = review.state, review.journal
    with Review(review.project.folder) as anew:
        assert tells(review) == tells(anew)
    check_tables(journal, state)


def check_tables(journal: Journal, state: ReviewState) -> None:
    """Tables say what the state says."""
    assert [row[1] for row in journal.table("items")] == state.group_of.tolist()
    groups = [
        (each.number, each.name, each.hidden, each.confirmed, each.revision)
        for each in state.groups.values()
    ]
    assert journal.table("groups") == sorted(groups)
    links = [(kind, a, b) for kind in ("must", "cannot") for a, b in state.links(kind)]
    assert journal.table("links") == sorted(links)
    assert sorted(tuple(json.loads(row[0])) for row in journal.table("apart")) == state.apart
    assert {row[0] for row in journal.table("rejected")} == state.rejected
