"""Additions, corrections, undoing and runs in any order: what must hold does after each."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import covey.store.running as running
from covey.review.changes import NO_GROUP
from covey.review.corrections import (
    Correction,
    Evidence,
    describe,
    merge,
    move,
    not_same,
    reject,
    remove,
    split,
)
from covey.review.state import ConflictError, ReviewState
from covey.store.items import Batch
from covey.store.journal import TABLES
from covey.store.project import create_project
from covey.store.review import Review
from covey.store.running import RunOptions, run_project
from covey.types import UsageError

from .conftest import check_same, tells

OPTIONS = RunOptions(method="cosine", threads=1)
MOST = 60
X = (
    np.random.default_rng(0).normal(size=(5, 6))[np.arange(MOST) % 5]
    + 0.5 * np.random.default_rng(1).normal(size=(MOST, 6))
).astype(np.float32)
X[14::7] = X[9:-5:7]  # equal rows
EXCLUSIVE = np.array([str(i // 3) if i % 9 < 3 else None for i in range(MOST)], object)

Step = tuple[str, int, int, list[int]]
WORDS = ("merge", "split", "move", "new", "remove", "remove all", "not same", "name", "hide")
STEPS = st.tuples(
    st.sampled_from([*WORDS, "confirm", "home", "outlier", "mixed"]),
    st.integers(0, 7),
    st.integers(0, 7),
    st.lists(st.integers(0, MOST - 1), min_size=1, max_size=4, unique=True),
)


def correction(step: Step) -> Callable[[ReviewState, Evidence], Correction]:
    """What a step does to whatever there is."""
    word, a, b, chosen = step

    def make(state: ReviewState, known: Evidence) -> Correction:
        numbers = sorted(state.groups)
        if not numbers:
            raise UsageError("nothing is there")
        one, other = numbers[a % len(numbers)], numbers[b % len(numbers)]
        items = sorted({item % state.n for item in chosen})
        members = sorted(state.groups[one].members)
        match word:
            case "merge":
                return merge(state, known, [one, other])
            case "split":
                return split(state, known, one, [members[: 1 + b % 3], members[5:7]][: 1 + b % 2])
            case "move":
                return move(state, known, items, one)
            case "new":
                return move(state, known, items, None, "new" if b % 2 else "")
            case "remove":
                return remove(state, known, items)
            case "remove all":
                return remove(state, known, members)
            case "not same":
                return not_same(state, known, one, other)
            case "name":
                return describe(state, one, "name", f"name {b}" if b else "")
            case "hide":
                return describe(state, one, "hidden", bool(b % 2))
            case "confirm":
                return describe(state, one, "confirmed", bool(b % 2))
            case "mixed":
                return reject(state, known, f"mixed:{one}")
            case _:
                return reject(state, known, f"{word}:{items[0]}:{one}")

    return make


def picture(state: ReviewState) -> Any:
    """All that undoing brings back."""
    groups = {
        each.number: (each.name, each.hidden, each.confirmed, sorted(each.members))
        for each in state.groups.values()
    }
    return groups, state.links("must"), state.links("cannot"), state.apart, sorted(state.rejected)


def check_groups(state: ReviewState) -> None:
    """Each item is in one group or in none, as what is known of it says."""
    group = state.group_of
    for number, each in state.groups.items():
        assert sorted(each.members) == np.flatnonzero(group == number).tolist()
    assert set(group.tolist()) <= {NO_GROUP, *state.groups}
    assert all(each.members or not each.plain for each in state.groups.values())
    for a, b in state.links("must"):
        assert group[a] == group[b] != NO_GROUP, ("must", a, b)
    for a, b in state.links("cannot"):
        assert group[a] != group[b] or group[a] == NO_GROUP, ("cannot", a, b)
    exclusive = [np.flatnonzero(each == EXCLUSIVE[: state.n]) for each in set(EXCLUSIVE) - {None}]
    for items in [*map(list, exclusive), *map(list, state.apart)]:
        inside = group[items][group[items] != NO_GROUP]
        assert len(set(inside.tolist())) == len(inside), ("apart", items)


class AnyOrder(RuleBasedStateMachine):
    """A project that two have open; the one acts, the other corrects while a run is made."""

    def __init__(self) -> None:
        super().__init__()
        self.place = tempfile.TemporaryDirectory()
        folder = Path(self.place.name) / "p"
        create_project(folder)
        self.review, self.other = Review(folder), Review(folder)
        self.line: list[tuple[Any, Any]] = []  # pictures before and after what can be undone
        self.taken_back: list[tuple[Any, Any]] = []

    def teardown(self) -> None:
        self.review.journal.close()
        self.other.journal.close()
        self.place.cleanup()

    @initialize(count=st.integers(1, 24), run=st.booleans())
    def begin(self, count: int, run: bool) -> None:
        self.add(count)
        if run and count > 1:
            self.run(True, [])

    @precondition(lambda self: self.review.items.n < MOST - 6)
    @rule(count=st.integers(1, 6))
    def add(self, count: int) -> None:
        some = slice(n := self.review.items.n, n + count)
        ids = np.array([f"item {i}" for i in range(n, n + count)], object)
        self.review.add(Batch(ids, X[some], exclusive=EXCLUSIVE[some]))

    @rule(step=STEPS)
    def correct(self, step: Step) -> None:
        before = picture(self.review.state)
        if self._corrected(self.review, step):
            self.line.append((before, picture(self.review.state)))
            self.taken_back.clear()

    @staticmethod
    def _corrected(review: Review, step: Step) -> bool:
        last = review.journal.last
        try:
            review.correct(correction(step))
        except (UsageError, ConflictError):
            assert review.journal.last == last
            return False
        return True

    @rule()
    def undo(self) -> None:
        self._stepped(self.review.undo, self.line, self.taken_back, 0)

    @rule()
    def redo(self) -> None:
        self._stepped(self.review.redo, self.taken_back, self.line, 1)

    def _stepped(
        self,
        act: Callable[[], Any],
        source: list[tuple[Any, Any]],
        target: list[tuple[Any, Any]],
        which: int,
    ) -> None:
        if not source:
            with pytest.raises(UsageError, match="nothing to"):
                act()
            return
        act()
        target.append(source.pop())
        assert picture(self.review.state) == target[-1][which]

    @precondition(lambda self: self.review.items.n > 1)
    @rule(full=st.booleans(), steps=st.one_of(st.just([]), st.lists(STEPS, max_size=3)))
    def run(self, full: bool, steps: list[Step]) -> None:
        """A run, and what the other one corrects when it has found its groups."""
        last = self.review.last_run()
        nothing = not full and last is not None and last.n == self.review.items.n

        def also(real: Callable[..., Any]) -> Callable[..., Any]:
            def found(*arguments: Any, **options: Any) -> Any:
                result = real(*arguments, **options)
                for step in steps:
                    self._corrected(self.other, step)
                return result

            return found

        with (
            patch.object(running, "cluster", also(running.cluster)),
            patch.object(running, "grow", also(running.grow)),
        ):
            before = self.review.journal.last
            outcome = run_project(self.review, OPTIONS, full=full)
        if nothing:
            assert self.review.journal.last == before
            return
        self.line.clear()
        self.taken_back.clear()
        placed = self.review.state.group_of
        assert outcome.run.groups().tolist() == placed.tolist()
        was = self.other.state.group_of  # of the other one, who has not read of the run yet
        for number in self.other.state.pinned():
            assert (placed[was == number] == number).all(), number
            assert (was[(placed == number) & (was != number)] == NO_GROUP).all(), number

    @invariant()
    def all_tell_the_same(self) -> None:
        self.other.catch_up()
        assert tells(self.other) == tells(self.review)
        check_same(self.review)
        tables = {name: self.review.journal.table(name) for name in TABLES}
        self.review.journal.rebuild()
        assert {name: self.review.journal.table(name) for name in TABLES} == tables

    @invariant()
    def groups_are_as_is_known(self) -> None:
        check_groups(self.review.state)


_CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.mark.parametrize(
    ("examples", "steps"), [(8, 14), pytest.param(250, 40, marks=pytest.mark.slow)]
)
def test_any_order(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=_CHECKS,
        ),
    )
