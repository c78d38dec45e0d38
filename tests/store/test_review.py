"""A project under review by one, by two, and by who was away."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest

from covey.calibration import Calibration
from covey.grouping_rule import GroupingRule
from covey.review.corrections import describe, merge, move, remove
from covey.review.state import ConflictError
from covey.selection import Recipe
from covey.store.items import read_items
from covey.store.project import create_project, open_project
from covey.store.review import Review
from covey.store.runs import Grouped
from covey.types import Edges, InputError, KnnGraph, UsageError

from .conftest import batch

_GROUPS = np.array([1, 1, 1, 2, 2, 3, 3, 3, -1, -1, 4, 4], np.int64)


def run(review: Review, groups: np.ndarray = _GROUPS) -> None:
    n = len(groups)
    edges = Edges(
        np.array([0, 1]), np.array([1, 2]), np.float32([0.5, 0.7]), np.float32([0.6, 0.9])
    )
    knn = KnnGraph(np.zeros((n, 1), np.int32), np.zeros((n, 1), np.float32))
    rule = GroupingRule(Recipe("cosine", 1), 0.5, Calibration(np.zeros(2), np.ones(2)))
    strength = np.linspace(1, 0, n).astype(np.float32)
    found = Grouped(groups, groups, strength, edges, knn, rule)
    review.placed(found, review.batches, {"revision": review.state.revision})


def test_what_one_does_another_sees(folder: Path) -> None:
    with Review(folder) as one, Review(folder) as other:
        run(one)
        one.correct(lambda state, known: merge(state, known, [1, 2]), author="one")
        assert other.catch_up() == 2
        assert other.state.group_of.tolist() == one.state.group_of.tolist()


def test_undo_and_redo_go_along_the_line(folder: Path) -> None:
    with Review(folder) as review:
        run(review)
        for group in (2, 3):
            review.correct(lambda state, known, g=group: merge(state, known, [1, g]))
        whole = review.state.group_of.tolist()
        assert review.undo().about == {"event": 4, "kind": "merge"}
        assert review.undo().about == {"event": 3, "kind": "merge"}
        assert review.state.group_of.tolist() == _GROUPS.tolist()
        with pytest.raises(UsageError, match="nothing to undo since the last run"):
            review.undo()
        review.redo()
        review.redo()
        assert review.state.group_of.tolist() == whole
        with pytest.raises(UsageError, match="nothing to redo"):
            review.redo()
        review.undo()
        review.correct(lambda state, known: remove(state, known, [10]))
        with pytest.raises(UsageError, match="nothing to redo"):
            review.redo()
        assert [event.kind for event in review.journal.events()][-4:] == [
            "redo",
            "redo",
            "undo",
            "remove",
        ]


def test_undo_outlives_the_process_and_ends_at_a_run(folder: Path) -> None:
    with Review(folder) as review:
        run(review)
        review.correct(lambda state, known: merge(state, known, [1, 2]))
    with Review(folder) as review:
        review.add(batch(2, 12))
        review.undo()
        review.redo()
        run(review, np.concatenate([_GROUPS, [1, 1]]))
        with pytest.raises(UsageError, match="nothing to undo"):
            review.undo()
        assert review.runs == [1, 2]
        assert review.batches == [1, 2]


def test_a_group_that_somebody_touched_is_not_changed_unseen(folder: Path) -> None:
    with Review(folder) as one, Review(folder) as other:
        run(one)
        other.catch_up()
        seen = other.state.revision
        one.correct(lambda state, known: move(state, known, [8], 2))
        with pytest.raises(ConflictError, match=r"group 2 was changed in the meantime \(event 3\)"):
            other.correct(lambda state, known: merge(state, known, [1, 2]), seen=seen)
        other.correct(lambda state, known: merge(state, known, [3, 4]), seen=seen)
        one.catch_up()
        assert one.state.group_of.tolist() == other.state.group_of.tolist()


def test_many_write_at_once(folder: Path) -> None:
    with Review(folder) as review:
        run(review)
    failures: list[BaseException] = []

    def write(name: str) -> None:
        try:
            with Review(folder) as mine:
                for number in range(10):
                    mine.correct(
                        lambda state, known, i=number: describe(state, 1, "name", f"{name} {i}")
                    )
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(name,)) for name in "abc"]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert not failures
    with Review(folder) as review:
        assert review.state.revision == 32
        assert review.journal.table("groups")[0][1] == review.state.groups[1].name


def test_a_run_that_was_overtaken_does_not_count(folder: Path) -> None:
    with Review(folder) as one, Review(folder) as other:
        run(one)
        before = one.state.revision
        other.correct(lambda state, known: merge(state, known, [1, 2]))
        n = len(_GROUPS)
        found = Grouped(
            _GROUPS,
            _GROUPS,
            np.zeros(n, np.float32),
            Edges(np.empty(0, int), np.empty(0, int), np.empty(0, np.float32)),
            KnnGraph(np.zeros((n, 1), np.int32), np.zeros((n, 1), np.float32)),
            GroupingRule(Recipe("cosine", 1), 0.5, Calibration(np.zeros(2), np.ones(2))),
        )
        with pytest.raises(ConflictError, match="corrected while this ran"):
            one.placed(found, one.batches, {"revision": before})
        assert one.runs == [1]
    run_again = Review(folder)
    run(run_again)
    assert run_again.runs == [1, 2]


def test_a_run_comes_back_as_it_was(folder: Path) -> None:
    with Review(folder) as review:
        run(review)
        kept = review.last_run()
        assert kept is not None
        assert kept.groups().tolist() == _GROUPS.tolist()
        assert kept.edges().probability is not None
        assert kept.rule().recipe == Recipe("cosine", 1)
        assert kept.knn().n == 12
        assert review.evidence.exemplar([2, 1]) == 1


def test_items_of_several_batches(folder: Path) -> None:
    first = batch(12)
    more = batch(
        3,
        20,
        pictures=["/a.png", "/b.png", "/c.png"],
        texts=["a", "b", "c"],
        exclusive=np.array(["photo", "photo", None], object),
    )
    with Review(folder) as review:
        review.add(more)
        items = review.items
        assert items.n == review.state.n == 15
        assert items.id_of(13) == "item 21"
        assert items.picture_of(13) == "/b.png"
        assert items.picture_of(0) is None
        assert items.text_of(14) == "c"
        assert items.exclusive.tolist() == [-1] * 12 + [0, 0, -1]
        np.testing.assert_array_equal(items.matrix(), np.concatenate([first.x, more.x]))
        np.testing.assert_array_equal(items.rows([14, 0]), [more.x[2], first.x[0]])
        assert items.numbers_of(["item 22", "item 3"]) == [14, 3]
        with pytest.raises(InputError, match="there is no item 'item 99'"):
            items.numbers_of(["item 99"])


def test_items_that_do_not_fit(folder: Path) -> None:
    with Review(folder) as review:
        with pytest.raises(InputError, match="row 0 has the id 'item 10', which is in"):
            review.add(batch(3, 10))
        with pytest.raises(InputError, match="has 5 values in a row, items of"):
            review.add(batch(3, 30, d=5))
        assert review.items.n == 12


def test_what_a_killed_process_left_is_in_nobodys_way(folder: Path) -> None:
    project = open_project(folder)
    shutil.copytree(project.batch(1), project.batch(2))  # written, but no event names it
    with Review(folder) as review:
        assert review.items.n == 12
        review.add(batch(2, 50))
        assert review.batches == [1, 3]
    assert read_items(project, [1, 3]).n == 14


def test_folders_that_are_no_projects(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is no project; make one with covey init"):
        Review(tmp_path)
    create_project(tmp_path / "a")
    with pytest.raises(UsageError, match="is a project already"):
        create_project(tmp_path / "a")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "file").touch()
    with pytest.raises(UsageError, match="exists and is no project"):
        create_project(tmp_path / "b")
    (tmp_path / "a" / "project.json").write_text('{"format": 99}')
    with pytest.raises(InputError, match="has format 99"):
        open_project(tmp_path / "a")
