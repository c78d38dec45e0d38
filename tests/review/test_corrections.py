"""Corrections keep what must be kept, whatever is done in whatever order, and can be undone."""

import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.partition.constraints import check_constraints, resolve_constraints
from covey.review.changes import NO_GROUP, Add, Apart, Link, Place, as_rows, from_rows, undone
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
from covey.review.known import constraints_of
from covey.review.state import ConflictError, ReviewState
from covey.types import UsageError

_PLACED = np.array([1, 1, 1, 2, 2, 3, 3, 3, -1, -1, 4, 4], np.int64)


def started(placed: np.ndarray = _PLACED) -> ReviewState:
    state = ReviewState(lambda run: placed)
    state.apply((Add(0, len(placed)),), 1)
    state.apply((Place(1),), 2)
    return state


def known(n: int = len(_PLACED), exclusive: dict[int, int] | None = None) -> Evidence:
    codes = np.full(n, -1, np.int64)
    for item, code in (exclusive or {}).items():
        codes[item] = code
    return Evidence(np.linspace(1, 0.5, n).astype(np.float32), codes)


def done(state: ReviewState, correction: Correction) -> ReviewState:
    state.apply(correction.changes, state.revision + 1)
    return state


def picture(state: ReviewState) -> object:
    groups = {
        number: (each.name, each.hidden, each.confirmed, frozenset(each.members))
        for number, each in state.groups.items()
    }
    links = state.links("must"), state.links("cannot")
    return groups, state.group_of.tolist(), links, frozenset(state.rejected)


def test_who_is_kept_from_many_at_once() -> None:
    """As item by item."""
    state = started()
    changes = Apart((3, 9)), Apart((0, 8, 10)), Apart((4, 5, 11)), Link("cannot", 1, 7)
    state.apply(changes, 3)
    state.apply((Apart((3, 9), known=False),), 4)
    rng = np.random.default_rng(0)
    for _ in range(100):
        order = rng.permutation(len(_PLACED)).tolist()
        some, others = order[:4], set(order[4:8])
        kept = set().union(*map(state.kept_from, some))
        assert state.kept_from_any(some) - set(some) == kept - set(some)
        assert state.parts(some, others) == (not kept.isdisjoint(others))
    assert state.copy().kept_from(8) == {0, 10}
    assert state.apart == [(0, 8, 10), (4, 5, 11)]


def test_a_merge_that_is_turned_down_is_no_group_of_a_run() -> None:
    state = started()
    (other,) = reject(state, known(), "merge:1:99").changes  # such a group is not there any more
    assert other.key == "merge:1:99"
    done(state, reject(state, known(), "merge:1:2"))
    assert len(state.links("cannot")) > 0
    for a, b in state.links("cannot"):
        assert {int(_PLACED[a]), int(_PLACED[b])} == {1, 2}


def check(state: ReviewState) -> None:
    """Members and items tell the same; links go with the groups."""
    for number, group in state.groups.items():
        assert sorted(group.members) == np.flatnonzero(state.group_of == number).tolist()
        assert group.members or not group.plain
    assert set(np.unique(state.group_of)) - {NO_GROUP} <= set(state.groups)
    for a, b in state.links("must"):
        assert state.group_of[a] == state.group_of[b]
    for a, b in state.links("cannot"):
        assert state.group_of[a] == NO_GROUP or state.group_of[a] != state.group_of[b]


def test_merge_joins_and_teaches() -> None:
    state = done(started(), merge(started(), known(), [2, 3]))
    check(state)
    assert state.groups[3].members == {3, 4, 5, 6, 7}
    assert 2 not in state.groups
    assert state.links("must") == [(3, 5)]


def test_merge_keeps_the_name_there_is() -> None:
    state = done(started(), describe(started(), 2, "name", "Ada"))
    correction = merge(state, known(), [3, 2])
    assert correction.about["into"] == 2
    done(state, correction)
    assert state.groups[2].name == "Ada"
    assert state.groups[2].members == {3, 4, 5, 6, 7}
    done(state, describe(state, 4, "name", "Ben"))
    both = merge(state, known(), [2, 4], into=4)
    assert both.notes == ["the name 'Ben' stays; 'Ada' goes"]


def test_merge_takes_back_what_said_otherwise() -> None:
    state = started()
    done(state, not_same(state, known(), 1, 2))
    assert state.links("cannot") == [(0, 3)]
    assert state.rejected == {"merge:1:2"}
    done(state, merge(state, known(), [1, 2]))
    check(state)
    assert state.links("cannot") == []


def test_merge_refuses_two_items_of_one_picture() -> None:
    with pytest.raises(ConflictError, match="items 2 and 4 exclude each other"):
        merge(started(), known(exclusive={2: 7, 4: 7}), [1, 2])


def test_split_parts_and_teaches() -> None:
    state = started()
    done(state, merge(state, known(), [1, 2, 3]))
    correction = split(state, known(), 1, [[3, 4], [7]])
    assert correction.about == {"group": 1, "parts": [2, 1], "into": [5, 6]}
    done(state, correction)
    check(state)
    assert state.groups[1].members == {0, 1, 2, 5, 6}
    assert state.groups[5].members == {3, 4}
    assert state.groups[6].members == {7}
    assert state.links("cannot") == [(0, 3), (0, 7), (3, 7)]
    assert state.links("must") == [(0, 5)]


def test_split_of_everything_leaves_the_largest_part() -> None:
    state = done(started(), split(started(), known(), 3, [[5], [6, 7]]))
    assert state.groups[3].members == {6, 7}
    assert state.groups[5].members == {5}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], "without items"),
        ([[]], "without items"),
        ([[5], [5, 6]], "in two parts"),
        ([[5, 6, 7]], "nothing would change"),
    ],
)
def test_split_refuses(parts: list[list[int]], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        split(started(), known(), 3, parts)


def test_split_of_items_that_left() -> None:
    with pytest.raises(ConflictError, match="item 0 is not in group 3 any more"):
        split(started(), known(), 3, [[0]])


def test_move_between_groups_and_from_none() -> None:
    state = started()
    done(state, move(state, known(), [2, 8, 3, 4], 3))
    check(state)
    assert state.groups[3].members == {2, 3, 4, 5, 6, 7, 8}
    assert 2 not in state.groups
    assert state.links("cannot") == [(0, 2)]
    assert set(state.links("must")) == {(2, 5), (5, 8), (3, 5), (4, 5)}


def test_move_to_a_new_group_with_a_name() -> None:
    state = done(started(), move(started(), known(), [8, 9], None, "  Grace   H. "))
    assert state.groups[5].name == "Grace H."
    assert state.groups[5].members == {8, 9}


def test_remove_and_its_reason() -> None:
    state = done(started(), remove(started(), known(), [1, 8]))
    check(state)
    assert state.group_of[1] == NO_GROUP
    assert state.links("cannot") == [(0, 1)]
    with pytest.raises(UsageError, match="none of these items is in a group"):
        remove(state, known(), [1, 8])


def test_removed_items_that_were_tied_part_ways() -> None:
    state = started()
    done(state, merge(state, known(), [1, 2]))
    done(state, remove(state, known(), [0, 3]))
    assert state.links("must") == []
    done(state, move(state, known(), [3], 4))
    check(state)


def test_what_makes_no_sense_is_told() -> None:
    state = started()
    for make, message in (
        (lambda: merge(state, known(), [1, 1]), "two groups at least"),
        (lambda: merge(state, known(), [1, 2], into=3), "none of those that are merged"),
        (lambda: not_same(state, known(), 1, 1), "to part it, split it"),
        (lambda: move(state, known(), [], 1), "no items were named"),
        (lambda: move(state, known(), [0, 1], 1), "in group 1 already"),
        (lambda: describe(state, 1, "name", ""), "already"),
        (lambda: describe(state, 1, "name", "x" * 201), "at most 200 characters, this one 201"),
    ):
        with pytest.raises(UsageError, match=message):
            make()
    with pytest.raises(ConflictError, match="there is no group 9"):
        merge(state, known(), [1, 9])
    with pytest.raises(ConflictError, match="there is no item 12: there are 12"):
        move(state, known(), [12], 1)
    done(state, reject(state, known(), "mixed:1"))
    with pytest.raises(UsageError, match="turned down before"):
        reject(state, known(), "mixed:1")


def test_an_event_is_made_whole_or_not_at_all() -> None:
    state = started()
    before = picture(state)
    changes = (*merge(state, known(), [1, 2]).changes, Link("must", 0, 99))
    with pytest.raises(ConflictError):
        state.apply(changes, 3)
    assert picture(state) == before
    assert state.revision == 2


Step = tuple[str, int, int, list[int]]
_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["merge", "split", "move", "new", "remove", "apart", "name", "confirm"]),
        st.integers(0, 9),
        st.integers(0, 9),
        st.lists(st.integers(0, 11), min_size=1, max_size=5, unique=True),
    ),
    max_size=25,
)


def attempt(state: ReviewState, facts: Evidence, step: Step) -> Correction | None:
    word, a, b, items = step
    numbers = sorted(state.groups)
    if not numbers:
        return None
    one, other = numbers[a % len(numbers)], numbers[b % len(numbers)]
    try:
        match word:
            case "merge":
                return merge(state, facts, [one, other])
            case "split":
                members = sorted(state.groups[one].members)
                return split(state, facts, one, [members[: 1 + b % 3], members[5:7]][: 1 + b % 2])
            case "move":
                return move(state, facts, items, one)
            case "new":
                return move(state, facts, items, None, "new" if b % 2 else "")
            case "remove":
                return remove(state, facts, items)
            case "apart":
                return not_same(state, facts, one, other)
            case "name":
                return describe(state, one, "name", f"name {b}")
            case _:
                return describe(state, one, "confirmed", bool(b % 2))
    except (UsageError, ConflictError):
        return None


@settings(max_examples=150, deadline=None)
@given(_STEPS)
def test_any_corrections_hold_together_and_can_be_undone(steps: list[Step]) -> None:
    facts = known(exclusive={0: 0, 5: 0, 3: 1, 8: 1})
    state = started()
    pictures, made = [picture(state)], []
    for step in steps:
        correction = attempt(state, facts, step)
        if correction is None:
            continue
        rows = as_rows(correction.changes)
        assert from_rows(copy.deepcopy(rows)) == correction.changes
        done(state, correction)
        check(state)
        constraints = constraints_of(state, facts.exclusive)
        resolve_constraints(constraints, state.n)  # raises where they contradict each other
        alone = np.where(state.group_of == NO_GROUP, 100 + np.arange(state.n), state.group_of)
        tied = [a for pair in state.links("must") for a in pair]
        if not (state.group_of[tied] == NO_GROUP).any():
            assert check_constraints(alone, constraints) == 0
        made.append(correction.changes)
        pictures.append(picture(state))
    for changes, before in zip(reversed(made), reversed(pictures[:-1]), strict=True):
        state.apply(undone(changes), state.revision + 1)
        assert picture(state) == before


def test_a_group_that_is_removed_is_gone_and_its_items_stay_apart() -> None:
    state = done(started(), describe(started(), 3, "name", "Ada"))
    before = picture(state)
    correction = remove(state, known(), [5, 6, 7, 0])
    assert correction.notes == [
        "nothing is left of group 3 (Ada): it is gone, and no run forms it again"
    ]
    done(state, correction)
    check(state)
    assert 3 not in state.groups
    assert state.group_of[[0, 5, 6, 7]].tolist() == [NO_GROUP] * 4
    assert state.apart == [(5, 6, 7)]
    constraints = constraints_of(state, known().exclusive)
    assert check_constraints(np.array([0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 7]), constraints) == 1
    assert check_constraints(np.array([0, 1, 1, 2, 2, 3, 8, 2, 5, 6, 7, 7]), constraints) == 0
    state.apply(undone(correction.changes), state.revision + 1)
    assert picture(state) == before
    assert state.apart == []


def test_who_puts_items_together_that_were_apart_is_believed() -> None:
    state = done(started(), remove(started(), known(), [5, 6, 7]))
    correction = move(state, known(), [5, 7], None)
    done(state, correction)
    assert state.apart == [(5, 6)]  # 6 is still apart from both, as these are one now
    resolve_constraints(constraints_of(state, known().exclusive), state.n)
    state.apply(undone(correction.changes), state.revision + 1)
    assert state.apart == [(5, 6, 7)]
    done(state, move(state, known(), [5, 6, 7], 1))
    assert state.apart == []


def test_sets_that_share_items_are_all_kept() -> None:
    state = done(started(), remove(started(), known(), [0, 1, 2]))
    done(state, move(state, known(), [0, 5], None))
    done(state, remove(state, known(), [0, 5]))
    assert state.apart == [(0, 1, 2), (0, 5)]
    constraints = constraints_of(state, known().exclusive)
    alone = np.array([0, 1, 2, 3, 4, 5, 6, 6, 8, 9, 10, 11])  # 5 was the exemplar of 6 and 7
    for a, b in ((0, 1), (1, 2), (0, 5)):
        assert check_constraints(np.where(alone == b, a, alone), constraints) == 1
    assert check_constraints(np.where(alone == 5, 1, alone), constraints) == 0


@pytest.mark.parametrize("into", [1, 2])
def test_what_is_known_of_groups_that_are_merged(into: int) -> None:
    state = started()
    for group, field in ((1, "hidden"), (2, "confirmed")):
        done(state, describe(state, group, field, True))  # type: ignore[arg-type]
    before = picture(state)
    correction = merge(state, known(), [1, 2], into=into)
    assert correction.notes == [
        "group 1 was hidden; the merged group is not",
        "the merged group is confirmed, as group 2 was",
    ]
    done(state, correction)
    assert (state.groups[into].hidden, state.groups[into].confirmed) == (False, True)
    state.apply(undone(correction.changes), state.revision + 1)
    assert picture(state) == before
    done(state, describe(state, 2, "hidden", True))
    correction = merge(state, known(), [1, 2], into=into)
    assert correction.notes == ["the merged group is confirmed, as group 2 was"]
    done(state, correction)
    assert (state.groups[into].hidden, state.groups[into].confirmed) == (True, True)


def test_who_else_has_the_name_is_told() -> None:
    state = done(started(), describe(started(), 2, "name", "Ada"))
    assert describe(state, 2, "hidden", True).notes == []
    again = describe(state, 1, "name", " ada")
    assert again.notes == ["group 2 has the name 'ada', too; merge them if they are one"]
    done(state, again)
    new = move(state, known(), [8], None, "Ada")
    assert new.notes == ["groups 1 and 2 have the name 'Ada', too; merge them if they are one"]
    assert describe(state, 1, "name", "").notes == []
    assert describe(state, 1, "name", "Ada B.").notes == []
