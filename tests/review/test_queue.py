"""A queue that follows corrections says what one made anew would say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.review.changes import NO_GROUP, Add, Change, Place, Reject
from covey.review.corrections import Evidence, describe, merge, move, not_same, remove, split
from covey.review.item_links import ItemLinks, item_links
from covey.review.queue import SuggestionQueue
from covey.review.state import ConflictError, ReviewState
from covey.types import Edges, UsageError

_N = 40


def world(seed: int) -> tuple[ReviewState, Evidence, ItemLinks]:
    rng = np.random.default_rng(seed)
    placed = rng.integers(-1, 8, _N)
    placed[placed == 0] = -1
    pairs = np.unique(np.sort(rng.integers(0, _N, (220, 2)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    chance = rng.random(len(pairs)).astype(np.float32)
    links = item_links(
        Edges(pairs[:, 0], pairs[:, 1], chance, chance), np.append(placed, [NO_GROUP, NO_GROUP])
    )
    state = ReviewState(lambda run: placed)
    state.apply((Add(0, _N + 2),), 1)
    state.apply((Place(1),), 2)
    exclusive = np.full(_N + 2, -1, np.int64)
    exclusive[:6] = [0, 0, 1, 1, 2, 2]
    return state, Evidence(rng.random(_N + 2).astype(np.float32), exclusive), links


def told(queue: SuggestionQueue) -> list[tuple[object, ...]]:
    return [
        (each.key, each.kind, each.groups, each.items, round(each.chance, 5), round(each.gain, 5))
        for each in queue.ordered()
    ]


def attempt(
    state: ReviewState, known: Evidence, queue: SuggestionQueue, step: tuple[str, int, int]
) -> tuple[Change, ...] | None:
    word, a, b = step
    groups = sorted(state.groups)
    try:
        match word:
            case "merge":
                return merge(
                    state, known, [groups[a % len(groups)], groups[b % len(groups)]]
                ).changes
            case "apart":
                one, other = groups[a % len(groups)], groups[b % len(groups)]
                return not_same(state, known, one, other).changes
            case "split":
                number = groups[a % len(groups)]
                members = sorted(state.groups[number].members)
                return split(state, known, number, [members[: 1 + b % 3]]).changes
            case "move":
                return move(state, known, [a % _N, b % _N], groups[(a + b) % len(groups)]).changes
            case "remove all":
                members = sorted(state.groups[groups[a % len(groups)]].members)
                return remove(state, known, members).changes
            case "remove":
                return remove(state, known, [a % _N, b % _N]).changes
            case "name":
                return describe(state, groups[a % len(groups)], "name", f"n{b}").changes
            case "hide":
                return describe(state, groups[a % len(groups)], "hidden", bool(b % 2)).changes
            case _:
                some = queue.ordered()
                return (Reject(some[a % len(some)].key),) if some else None
    except (UsageError, ConflictError, ZeroDivisionError):
        return None


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["merge", "apart", "split", "move", "remove", "remove all", "name", "hide", "reject"]
        ),
        st.integers(0, 99),
        st.integers(0, 99),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 5), _STEPS)
def test_following_is_the_same_as_beginning_anew(
    seed: int, steps: list[tuple[str, int, int]]
) -> None:
    state, known, links = world(seed)
    queue = SuggestionQueue(state, known, links)
    for step in steps:
        changes = attempt(state, known, queue, step)
        if not changes:
            continue
        state.apply(changes, state.revision + 1)
        queue.see(changes)
        assert told(queue) == told(SuggestionQueue(state, known, links))


def test_an_item_may_have_a_home_again_once_what_it_is_apart_from_has_left() -> None:
    """Both were of a group that was removed, and no edge is between them."""
    state = ReviewState(lambda run: np.array([1, 1, 1, 1, 2, 2]))
    state.apply((Add(0, 6),), 1)
    state.apply((Place(1),), 2)
    known = Evidence(np.ones(6, np.float32), np.full(6, -1))
    chance = np.float32([0.9, 0.9, 0.9])
    ends = np.array([1, 2, 3]), np.array([4, 4, 4])
    links = item_links(Edges(*ends, chance, chance), state.group_of.copy())
    queue = SuggestionQueue(state, known, links)
    for items, target, wanted in (([4, 5], None, True), ([5], 1, False), ([5], None, True)):
        made = remove(state, known, items) if target is None else move(state, known, items, target)
        state.apply(made.changes, state.revision + 1)
        queue.see(made.changes)
        assert (queue.home_of(4) is not None) == wanted
        assert told(queue) == told(SuggestionQueue(state, known, links))


def test_what_was_turned_down_never_comes_again_and_undo_brings_it_back() -> None:
    state, known, links = world(0)
    queue = SuggestionQueue(state, known, links)
    before = told(queue)
    for each in list(queue.ordered()):
        changes = (Reject(each.key),)
        state.apply(changes, state.revision + 1)
        queue.see(changes)
        assert queue.get(each.key) is None
    assert not len([each for each in queue.ordered() if each.key in state.rejected])
    for key in sorted(state.rejected):
        changes = (Reject(key, rejected=False),)
        state.apply(changes, state.revision + 1)
        queue.see(changes)
    assert told(queue) == before
    assert sum(queue.counts().values()) == len(queue) == len(before)


def test_no_groups_at_all() -> None:
    state = ReviewState(lambda run: np.full(3, -1))
    state.apply((Add(0, 3),), 1)
    known = Evidence(np.zeros(3, np.float32), np.full(3, -1))
    links = item_links(
        Edges(*np.empty((2, 0), np.int64), np.empty(0, np.float32)), np.full(3, NO_GROUP)
    )
    queue = SuggestionQueue(state, known, links)
    assert queue.ordered() == []
    assert queue.counts() == {}
    with pytest.raises(UsageError):
        remove(state, known, [0])


def test_a_queue_that_began_with_a_copy_follows_the_state() -> None:
    state, known, links = world(3)
    queue = SuggestionQueue(state.copy(), known, links)
    for a, b in ((1, 2), (3, 4)):
        changes = merge(state, known, [a, b]).changes
        state.apply(changes, state.revision + 1)
        queue.follow(state, known)
        queue.see(changes)
    assert told(queue) == told(SuggestionQueue(state, known, links))


def test_a_copy_stays_as_it_is() -> None:
    state, known, _ = world(1)
    copy = state.copy()
    before = (copy.group_of.tolist(), {n: sorted(g.members) for n, g in copy.groups.items()})
    for correction in (not_same(state, known, 1, 2), remove(state, known, [10, 20])):
        state.apply(correction.changes, state.revision + 1)
    assert (
        copy.group_of.tolist(),
        {n: sorted(g.members) for n, g in copy.groups.items()},
    ) == before
    assert copy.links("cannot") == copy.links("must") == []
    assert copy.rejected == set()
    assert copy.revision == state.revision - 2


@pytest.mark.parametrize("few", [0, 10**6])
def test_rows_are_the_same_however_they_are_sorted(
    few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("covey.review.queue._FEW", few)
    state, known, links = world(2)
    queue = SuggestionQueue(state, known, links)
    for item in range(0, _N, 3):
        try:
            changes = move(state, known, [item], sorted(state.groups)[item % 3]).changes
        except (UsageError, ConflictError):
            continue
        state.apply(changes, state.revision + 1)
        queue.see(changes)
        rows = queue.rows()
        assert list(rows) == sorted((-each.gain, each.key) for each in queue._all.values())
        for kind in ("merge", "mixed", "outlier", "home", "name"):
            assert list(queue.rows(kind)) == [row for row in rows if row[1].startswith(f"{kind}:")]  # type: ignore[arg-type]
