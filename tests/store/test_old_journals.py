"""Journals of versions before this one are brought up to it, and say what they did."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from covey.review.corrections import remove
from covey.store.journal import FORMAT
from covey.store.review import Review

from .conftest import check_same, tells, with_old_journal
from .test_review import run


def version(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "review.sqlite")) as db:
        return int(db.execute("PRAGMA user_version").fetchone()[0])


def test_a_journal_of_version_1(folder: Path) -> None:
    with Review(folder) as review:
        run(review)
    with_old_journal(folder)
    assert version(folder) == 1
    with Review(folder) as review:
        assert version(folder) == FORMAT
        check_same(review)
        state = review.state
        assert {each.number: (each.name, each.revision) for each in state.groups.values()} == {
            1: ("Ada", 5),
            3: ("", 15),
            5: ("", 5),
            6: ("new", 13),
        }
        assert (state.groups[3].hidden, state.groups[3].confirmed) == (True, True)
        assert state.group_of.tolist() == [5, 1, 1, 1, 5, 3, 3, -1, 6, -1, -1, -1, 6, -1]
        assert state.links("must") == [(8, 12)]
        assert state.links("cannot") == [(0, 1), (5, 7), (5, 10)]
        assert (state.apart, state.rejected) == ([], {"merge:3:4"})
        assert (state.next_group, state.revision, review.items.n) == (7, 17, 14)
        assert [(event.author, event.kind) for event in review.journal.events()][2:6] == [
            ("Grace", kind) for kind in ("name", "merge", "split", "not same")
        ]
        before = tells(review)
        review.journal.rebuild()
        check_same(review)
    with Review(folder) as review:
        assert tells(review) == before
        assert review.redo().about == {"event": 16, "kind": "reject"}
        while review.history.next_undo() is not None:
            review.undo()
        assert review.state.group_of[:12].tolist() == [1, 1, 1, 2, 2, 3, 3, 3, -1, -1, 4, 4]
        review.correct(lambda state, known: remove(state, known, [0, 1, 2]))
        assert review.state.apart == [(0, 1, 2)]
        check_same(review)
