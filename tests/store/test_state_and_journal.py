"""The state in memory and the journal on the disk tell the same, whatever fails in between."""

from __future__ import annotations

import resource
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest

import covey
import covey.store.journal as journal_module
from covey.review.changes import Change, Create, Drop, Link, Move, Set
from covey.review.corrections import Correction, describe, merge, move, remove, split
from covey.review.state import ConflictError
from covey.store.project import BusyError
from covey.store.review import Review
from covey.types import CoveyError

from .conftest import batch, check_same, tells
from .test_review import run

_ROOT = str(Path(covey.__file__).parent)


@pytest.mark.parametrize(
    "changes",
    [
        (Move((0,), 2, 3),),
        (Move((0, 99), 1, 3),),
        (Create(1),),
        (Create(7), Move((0,), 1, 7), Set(7, "name", "x", "y")),
        (Create(9), Drop(3)),
        (Set(1, "name", "", "Ada"), Link("must", 3, 2)),
        (Link("cannot", 4, 5, known=False),),
        (Create(8), Move((3, 4), 2, 8), Drop(2), Drop(2)),
    ],
)
def test_what_the_state_refuses_is_never_written(folder: Path, changes: tuple[Change, ...]) -> None:
    with Review(folder) as review:
        run(review)
        before = tells(review)
        told: list[int] = []
        review.watchers.append(lambda event: told.append(event.number))
        with pytest.raises(ConflictError):
            review.correct(lambda state, known: Correction("bad", {}, changes))  # type: ignore[arg-type]
        assert tells(review) == before
        assert review.journal.last == 2
        check_same(review)
        review.correct(lambda state, known: merge(state, known, [1, 2]))
        assert told == [3]
        check_same(review)


@contextmanager
def no_room(folder: Path) -> Iterator[None]:
    """No file gets any larger than the largest one is."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    largest = max(each.stat().st_size for each in folder.glob("review.sqlite*"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)


def test_a_full_disk(folder: Path) -> None:
    with Review(folder) as review:
        run(review)
        name = "x" * 200

        def name_it(group: int, new: str) -> None:
            review.correct(lambda state, known: describe(state, group, "name", new))

        def name_without_end() -> None:
            for number in range(1000):
                name_it(1 + number % 2, f"{name}{number}"[-200:])

        with no_room(folder), pytest.raises(CoveyError):
            name_without_end()
        check_same(review)
        review.correct(lambda state, known: merge(state, known, [1, 2]))
        check_same(review)


def test_items_that_could_not_be_added_leave_nothing(folder: Path) -> None:
    with Review(folder) as review:
        review.journal._db.execute(
            "CREATE TEMP TRIGGER no BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
        with pytest.raises(CoveyError, match="nothing was written"):
            review.add(batch(3, 50))
        assert [each.name for each in (folder / "items").iterdir()] == ["000001"]
        review.journal._db.execute("DROP TRIGGER no")
        check_same(review)
        review.add(batch(3, 50))
        check_same(review)


def test_another_process_that_writes_for_long(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_PATIENCE", 0.1)
    with Review(folder) as review:
        run(review)
        with sqlite3.connect(folder / "review.sqlite", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(BusyError, match="another process has been writing") as told:
                review.correct(lambda state, known: merge(state, known, [1, 2]))
            assert told.value.exit_code == 6
            other.execute("ROLLBACK")
        check_same(review)
        review.correct(lambda state, known: merge(state, known, [1, 2]))
        check_same(review)


def _interrupted(work: Callable[[], Any], line: int) -> bool:
    """Whether Ctrl-C came: at the line of that number of those of Covey that the work runs."""
    seen = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.startswith(_ROOT):
            return None
        if event == "line":
            seen += 1
            if seen == line:
                sys.settrace(None)
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


@pytest.mark.parametrize("step", [17, pytest.param(1, marks=pytest.mark.slow)])
def test_an_interrupt_at_any_line(folder: Path, step: int) -> None:
    """At every line in turn, or some; each time the event is in both or in none."""
    with Review(folder) as review:
        run(review)
        makers: list[Callable[..., Correction]] = [
            lambda state, known: merge(state, known, sorted(state.groups)[:2]),
            lambda state, known: split(state, known, 1, [[0], [1]]),
            lambda state, known: remove(state, known, sorted(state.groups[3].members)),
            lambda state, known: move(state, known, [8, 9], None, "new"),
        ]
        for make in makers:
            for line in range(1, 2000, step):
                seen: list[int] = []
                review.watchers[:] = [lambda event, seen=seen: seen.append(event.number)]
                last = review.journal.last
                came = _interrupted(lambda make=make: review.correct(make), line)
                review.catch_up()
                assert not review.journal._db.in_transaction
                made = review.journal.last - last
                assert made in (0, 1)
                assert sorted(set(seen)) == list(range(last + 1, last + 1 + made))
                if line // step % 7 == 0 or made:
                    check_same(review)
                if made:
                    review.undo()
                if not came:
                    assert made == 1
                    break
            else:
                raise AssertionError("it never came to its end")
        check_same(review)


def test_an_interrupt_while_items_come(folder: Path) -> None:
    with Review(folder) as review:
        rng = np.random.default_rng(0)
        for start in range(20, 120, 4):
            line = int(rng.integers(1, 420))
            before = review.items.n
            _interrupted(lambda start=start: review.add(batch(4, start)), line)
            review.catch_up()
            assert review.items.n in (before, before + 4)
            check_same(review)
