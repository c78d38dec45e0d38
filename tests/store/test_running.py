"""Runs while others correct, and what they say of groups that somebody set apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import covey.store.running as running
from covey.review.changes import NO_GROUP
from covey.review.corrections import describe, merge, move, not_same, remove, split
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review
from covey.store.running import RunOptions, run_project

from .conftest import check_same

OPTIONS = RunOptions(method="cosine", threads=1)
LABELS = np.arange(60) % 6
X = (
    np.random.default_rng(0).normal(size=(6, 32))[LABELS]
    + 0.1 * np.random.default_rng(1).normal(size=(60, 32))
).astype(np.float32)


def part(start: int, stop: int) -> Batch:
    ids = np.array([f"item {i}" for i in range(start, stop)], object)
    return Batch(ids, X[start:stop])


@pytest.fixture
def grouped(tmp_path: Path) -> Path:
    """36 items in six groups, and 12 new ones."""
    create_project(tmp_path / "p")
    with Review(tmp_path / "p") as review:
        review.add(part(0, 36))
        run_project(review, OPTIONS)
        assert len(set(review.state.group_of.tolist())) == 6
        review.add(part(36, 48))
    return tmp_path / "p"


def meanwhile(monkeypatch: pytest.MonkeyPatch, full: bool, act: Callable[[], Any]) -> None:
    """Does something when the real run has found its groups and not written them yet."""
    name = "cluster" if full else "grow"
    real = getattr(running, name)

    def also(*arguments: Any, **options: Any) -> Any:
        found = real(*arguments, **options)
        act()
        return found

    monkeypatch.setattr(running, name, also)


@pytest.mark.parametrize("full", [True, False])
def test_what_is_said_during_a_run_is_kept_and_the_run_counts(
    grouped: Path, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    with Review(grouped) as review, Review(grouped) as other:
        g = [int(review.state.group_of[item]) for item in range(6)]

        def act() -> None:
            for make in (
                lambda s, k: describe(s, g[0], "name", "Ada"),
                lambda s, k: describe(s, g[1], "hidden", True),
                lambda s, k: merge(s, k, [g[2], g[3]], g[2]),
                lambda s, k: split(s, k, g[4], [[4, 10]]),
                lambda s, k: move(s, k, [5], g[0]),
                lambda s, k: remove(s, k, [11]),
                lambda s, k: not_same(s, k, g[0], g[1]),
            ):
                other.correct(make)

        meanwhile(monkeypatch, full, act)
        outcome = run_project(review, OPTIONS, full=full)
        assert review.runs == [1, 2]
        assert any("7 changes were made while this ran" in note for note in outcome.notes)
        assert any(f"that are hidden and stay so: {g[1]}" in note for note in outcome.notes)
        groups = review.state.group_of.copy()
        assert review.state.groups[g[0]].name == "Ada"
        assert review.state.groups[g[1]].hidden
        assert set(groups[np.isin(LABELS[:48], [2, 3])].tolist()) == {g[2]}
        assert groups[4] == groups[10] != groups[16]
        assert (groups[5], groups[11]) == (g[0], NO_GROUP)
        for item in range(36, 48):  # those that came are with their like
            wanted = {0: g[0], 1: g[1], 2: g[2], 3: g[2], 4: groups[16], 5: groups[17]}
            assert groups[item] == wanted[int(LABELS[item])]
        assert outcome.run.groups().tolist() == groups.tolist()
        assert outcome.placement.groups.tolist() == groups.tolist()
        check_same(review)
        assert [each.name for each in sorted((grouped / "runs").iterdir())] == ["000001", "000002"]
        monkeypatch.undo()
        run_project(review, OPTIONS, full=True)
        assert groups[:12].tolist() == review.state.group_of[:12].tolist()


def test_items_that_come_during_a_run_are_grouped_by_the_next(
    grouped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Review(grouped) as review:
        g = int(review.state.group_of[0])

        def act() -> None:
            review.add(part(48, 60))
            review.correct(lambda state, known: move(state, known, [48], g))

        meanwhile(monkeypatch, True, act)
        run_project(review, OPTIONS, full=True)
        assert (review.state.group_of[48:] == NO_GROUP).tolist() == [False] + [True] * 11
        check_same(review)
        monkeypatch.undo()
        run_project(review, OPTIONS, full=False)
        assert (review.state.group_of != NO_GROUP).all()


@pytest.mark.parametrize("full", [True, False])
def test_a_group_that_was_removed_is_not_formed_again(grouped: Path, full: bool) -> None:
    with Review(grouped) as review:
        members = sorted(review.state.groups[int(review.state.group_of[0])].members)
        before = review.state.group_of.tolist()
        review.correct(lambda state, known: remove(state, known, members))
        assert (review.state.group_of[members] == NO_GROUP).all()
        review.undo()
        assert review.state.group_of.tolist() == before
        review.redo()
        for _ in range(2):
            run_project(review, OPTIONS, full=full)
            inside = review.state.group_of[members]
            inside = inside[inside != NO_GROUP]
            assert len(set(inside.tolist())) == len(inside)
        check_same(review)


def test_nothing_to_do(grouped: Path) -> None:
    with Review(grouped) as review:
        run_project(review, OPTIONS, full=False)
        last = review.journal.last
        outcome = run_project(review, OPTIONS, full=False)
        assert (outcome.run.number, outcome.touched, review.journal.last) == (2, 0, last)
        assert outcome.notes[0].startswith("no items came since run 2; ")
        assert outcome.placement.counts()["kept"] == 6
