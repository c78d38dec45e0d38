"""A run of yesterday's groups, put on top of what was said today."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.constraints import check_constraints
from covey.review.changes import NO_GROUP, Add, Place, undone
from covey.review.corrections import (
    Correction,
    Evidence,
    describe,
    merge,
    move,
    not_same,
    remove,
    split,
)
from covey.review.item_links import ItemLinks, item_links
from covey.review.known import constraints_of
from covey.review.meanwhile import held_since, up_to_date
from covey.review.stable_groups import place
from covey.review.state import ReviewState
from covey.types import Edges

from .test_corrections import _STEPS, Step, attempt

_PLACED = np.array([1, 1, 1, 2, 2, 2, 3, 3, 3, -1, -1, -1, -1], np.int64)
_RUN = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 0, 1, 3, 3], np.int64)
"""New items: 9 joins group 1, 10 group 2, and 11 and 12 found one."""

Make = Callable[[ReviewState, Evidence], Correction]
N = len(_PLACED)


def edges() -> ItemLinks:
    """Item 10 is like item 4, and 9 like items 2, 1 and 0."""
    chance = np.float32([0.9, 0.6, 0.5, 0.4])
    ends = np.array([4, 2, 1, 0]), np.array([10, 9, 9, 9])
    return item_links(Edges(*ends, chance, chance), _RUN)


def started(placed: np.ndarray = _PLACED) -> ReviewState:
    state = ReviewState(lambda run: placed)
    state.apply((Add(0, len(placed)),), 1)
    state.apply((Place(1),), 2)
    return state


def known(n: int = N) -> Evidence:
    return Evidence(np.linspace(1, 0.5, n).astype(np.float32), np.full(n, -1, np.int64))


def after(*makes: Make, run: np.ndarray = _RUN) -> tuple[ReviewState, list[int]]:
    """The state with corrections made while the run went on, and the groups it gives."""
    state = started()
    before, since = state.group_of.copy(), state.revision
    for make in makes:
        state.apply(make(state, known()).changes, state.revision + 1)
    held = held_since(state, since)
    exclusive = np.full(state.n, -1, np.int64)
    clusters = up_to_date(run, before, state, held, exclusive, edges)
    assert check_constraints(clusters, constraints_of(state, exclusive, held)) == 0
    return state, place(clusters, state.group_of, held, state.next_group).groups.tolist()


def test_nothing_was_said() -> None:
    assert after()[1] == [1, 1, 1, 2, 2, 2, 3, 3, 3, 1, 2, 4, 4]


def test_a_name_holds_a_group_that_the_run_tore_apart() -> None:
    torn = np.array([0, 0, 4, 1, 1, 1, 2, 2, 2, 4, 1, 3, 3], np.int64)
    _, groups = after(lambda s, k: describe(s, 1, "name", "Ada"), run=torn)
    assert groups[:3] == [1, 1, 1]
    assert groups[9] == 1  # the run put it with an item of that group


def test_groups_that_were_merged_get_what_joined_either() -> None:
    _, groups = after(lambda s, k: merge(s, k, [1, 2]))
    assert groups == [1, 1, 1, 1, 1, 1, 3, 3, 3, 1, 1, 4, 4]


def test_a_merge_that_was_undone_is_not_made_by_the_run() -> None:
    """It was made before the run, which held both together, and taken back while it went on."""
    state = started()
    merged = merge(state, known(), [1, 2])
    state.apply(merged.changes, 3)
    before = state.group_of.copy()
    state.apply(undone(merged.changes), 4)
    held = held_since(state, 3)
    together = np.where(_RUN == 1, 0, _RUN)
    free = np.full(state.n, -1, np.int64)
    clusters = up_to_date(together, before, state, held, free, edges)
    groups = place(clusters, state.group_of, held, state.next_group).groups.tolist()
    assert groups[:9] == [1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_parts_of_a_split_stay_apart() -> None:
    state, groups = after(lambda s, k: split(s, k, 1, [[2]]))
    assert groups[:9] == state.group_of[:9].tolist() == [1, 1, 4, 2, 2, 2, 3, 3, 3]
    assert groups[9] == 1  # these two pull more than the one that was split off
    _, groups = after(lambda s, k: split(s, k, 1, [[1, 2]]))
    assert groups[9] == groups[1]


def test_an_item_that_was_moved_does_not_drag_others_along() -> None:
    _, groups = after(lambda s, k: move(s, k, [2], 2))
    assert groups == [1, 1, 2, 2, 2, 2, 3, 3, 3, 1, 2, 4, 4]
    _, groups = after(lambda s, k: move(s, k, [11], 3))
    assert groups == [1, 1, 1, 2, 2, 2, 3, 3, 3, 1, 2, 3, NO_GROUP]


def test_what_was_removed_stays_out() -> None:
    _, groups = after(lambda s, k: remove(s, k, [1, 2]))
    assert groups == [1, NO_GROUP, NO_GROUP, 2, 2, 2, 3, 3, 3, 1, 2, 4, 4]
    _, groups = after(lambda s, k: remove(s, k, [0, 1, 2]))
    assert groups[:3] == [NO_GROUP] * 3
    assert groups[3:9] == [2, 2, 2, 3, 3, 3]


def test_groups_that_differ_are_not_joined_by_the_run() -> None:
    joined = np.where(_RUN == 1, 0, _RUN)
    assert after(run=joined)[1][:6] == [1] * 6
    _, groups = after(lambda s, k: not_same(s, k, 1, 2), run=joined)
    assert groups[:6] == [1, 1, 1, 2, 2, 2]
    assert (groups[9], groups[10]) == (1, 2)


def test_a_group_that_was_made_of_new_items_is_just_that() -> None:
    _, groups = after(lambda s, k: move(s, k, [9, 11], None, "new"))
    assert groups == [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 2, 4, NO_GROUP]


def test_items_that_came_meanwhile() -> None:
    def come(state: ReviewState) -> None:
        state.apply((Add(state.n, 2),), state.revision + 1)
        state.apply(move(state, known(N + 2), [N], 1).changes, state.revision + 1)

    state = started()
    before = state.group_of.copy()
    come(state)
    held = held_since(state, 2)
    clusters = up_to_date(_RUN, before, state, held, np.full(state.n, -1, np.int64), edges)
    groups = place(clusters, state.group_of, held, state.next_group).groups.tolist()
    assert groups == [1, 1, 1, 2, 2, 2, 3, 3, 3, 1, 2, 4, 4, 1, NO_GROUP]


@settings(max_examples=150, deadline=None)
@given(_STEPS, _STEPS, st.lists(st.integers(0, 4), min_size=12, max_size=12))
def test_whatever_was_said_is_kept(first: list[Step], then: list[Step], labels: list[int]) -> None:
    """Of any run, also of one that knew nothing of what was said before."""
    placed = _PLACED[:12]
    facts = Evidence(np.linspace(1, 0.5, 12).astype(np.float32), np.full(12, -1, np.int64))
    state = started(placed)
    for step in first:
        if (made := attempt(state, facts, step)) is not None:
            state.apply(made.changes, state.revision + 1)
    before, since = state.group_of.copy(), state.revision
    for step in then:
        if (made := attempt(state, facts, step)) is not None:
            state.apply(made.changes, state.revision + 1)
    held = held_since(state, since)
    free = np.full(12, -1, np.int64)
    clusters = up_to_date(np.array(labels), before, state, held, free, edges)
    assert check_constraints(clusters, constraints_of(state, free, held)) == 0
    groups = place(clusters, state.group_of, held, state.next_group).groups
    for number in held:
        assert state.groups[number].members <= set(np.flatnonzero(groups == number).tolist())
    for a, b in state.links("cannot"):
        assert groups[a] == NO_GROUP or groups[a] != groups[b]
    for items in state.apart:
        inside = groups[list(items)]
        inside = inside[inside != NO_GROUP]
        assert len(set(inside.tolist())) == len(inside)
    out = (before != NO_GROUP) & (state.group_of == NO_GROUP)
    assert (groups[out] == NO_GROUP).all()
