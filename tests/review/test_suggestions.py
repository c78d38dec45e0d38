"""Suggestions on a graph small enough to reckon by hand, and against plain loops."""

from itertools import pairwise

import numpy as np
import pytest

from covey.review.chances import HOME, MERGE, OUTLIER, chances, home_signs, merge_signs
from covey.review.changes import Add, Apart, Place
from covey.review.corrections import Evidence, not_same, reject
from covey.review.cutting import cut_into, inner_tree, mixed_groups
from covey.review.item_links import ItemLinks, item_links
from covey.review.state import ReviewState
from covey.review.suggestions import by_gain, homes, likely_merges, pulled_items, unnamed
from covey.types import Edges

_PLACED = np.array([1, 1, 1, 2, 2, 3, 3, 3, 3, -1, -1, 3], np.int64)
_PAIRS = {
    (0, 1): 0.9, (1, 2): 0.8, (0, 2): 0.7, (3, 4): 0.9,
    (2, 3): 0.5, (1, 3): 0.3, (0, 4): 0.2,
    (5, 6): 0.9, (7, 8): 0.9, (6, 7): 0.1, (8, 11): 0.05, (11, 0): 0.8, (11, 1): 0.7, (11, 2): 0.6,
    (9, 3): 0.6, (9, 4): 0.6, (9, 5): 0.9,
}  # fmt: skip


def links() -> ItemLinks:
    ends = np.array([sorted(pair) for pair in _PAIRS])
    chance = np.float32(list(_PAIRS.values()))
    return item_links(Edges(ends[:, 0], ends[:, 1], chance, chance), _PLACED)


def whole_links() -> ItemLinks:
    """The same, but group 3 hangs together."""
    ends = np.array([(a, b) for a in (5, 6, 7, 8) for b in (6, 7, 8, 11) if a < b])
    chance = np.full(len(ends), 0.9, np.float32)
    return item_links(Edges(ends[:, 0], ends[:, 1], chance, chance), _PLACED)


def started() -> ReviewState:
    state = ReviewState(lambda run: _PLACED)
    state.apply((Add(0, len(_PLACED)),), 1)
    state.apply((Place(1),), 2)
    return state


def known(**codes: int) -> Evidence:
    exclusive = np.full(len(_PLACED), -1, np.int64)
    for item, code in codes.items():
        exclusive[int(item[1:])] = code
    return Evidence(np.linspace(1, 0.5, len(_PLACED)).astype(np.float32), exclusive)


def test_links_of_some_items_are_all_their_edges() -> None:
    one, other, chance = links().of(np.array([9, 3, 10]))
    found = {
        (a, b): round(c, 3)
        for a, b, c in zip(one.tolist(), other.tolist(), chance.tolist(), strict=True)
    }
    assert found == {(9, 3): 0.6, (9, 4): 0.6, (9, 5): 0.9, (3, 4): 0.9, (3, 2): 0.5, (3, 1): 0.3,
                     (3, 9): 0.6}  # fmt: skip


def test_merges_and_what_they_gain() -> None:
    found = {each.key: each for each in likely_merges(started(), known(), links())}
    assert set(found) == {"merge:1:2", "merge:1:3"}
    one = found["merge:1:2"]
    tie, back = (0.5 + 0.2) / 2, (0.2 + 0.3 + 0.5) / 3
    leak = 1 - (0.9 + 0.8 + 0.7 + 0.9 + 0.9 + 0.9 + 0.1 + 0.05) / sum(_PAIRS.values())
    signs = merge_signs(
        *np.array([[tie], [back], [1.0], [back * 3 / (back * 3 + 2.1)]]), np.array([2]), leak
    )
    assert one.chance == pytest.approx(min(chances(signs, MERGE)[0], tie), rel=1e-5)
    assert one.gain == pytest.approx(one.chance * 2 * 3 * 2 / 5)


def test_merges_of_some_groups_are_those_of_all() -> None:
    state = started()
    whole = {each.key: each for each in likely_merges(state, known(), links())}
    for number in (1, 2, 3):
        some = {each.key: each for each in likely_merges(state, known(), links(), [number])}
        wanted = {key: each for key, each in whole.items() if number in each.groups}
        assert some.keys() == wanted.keys()
        for key, each in some.items():
            assert each.chance == pytest.approx(wanted[key].chance)


def test_what_was_turned_down_or_is_known_to_differ_is_not_suggested() -> None:
    state = started()
    state.apply(reject(state, known(), "merge:1:3").changes, 3)
    state.apply(not_same(state, known(), 1, 2).changes, 4)
    assert likely_merges(state, known(), links()) == []
    state = started()
    assert [each.key for each in likely_merges(state, known(i0=5, i4=5), links())] == ["merge:1:3"]


def test_a_group_of_two_is_found_out() -> None:
    (found,) = (each for each in mixed_groups(started(), links()) if each.groups == (3,))
    assert found.items == (5, 6)
    (other,) = mixed_groups(started(), whole_links(), [3])
    assert found.chance > other.chance
    assert not [each for each in mixed_groups(started(), links(), [2]) if each.groups == (2,)]


def test_cuts_are_finer_and_finer() -> None:
    members = np.flatnonzero(_PLACED == 3)
    tree = inner_tree(members, links())
    cuts = [cut_into(members, tree, parts) for parts in range(1, 6)]
    assert [len(cut) for cut in cuts] == [1, 2, 3, 4, 5]
    for coarse, fine in pairwise(cuts):
        assert sorted(item for part in fine for item in part) == members.tolist()
        assert all(any(set(part) <= set(whole) for whole in coarse) for part in fine)
        assert [len(part) for part in fine] == sorted(map(len, fine), reverse=True)


def test_parts_that_nothing_ties_come_apart_at_once() -> None:
    members = np.array([5, 7, 8])
    tree = inner_tree(members, links())
    assert cut_into(members, tree, 1) == [[7, 8], [5]]


def test_homes_of_items_in_no_group() -> None:
    (found,) = homes(started(), known(), links(), np.arange(12), strays=False)
    assert (found.key, found.items, found.groups) == ("home:9:2", (9,), (2,))
    (pulls, own, signs) = pulled_items(started(), links(), np.arange(12), strays=False)
    assert pulls.pull == pytest.approx([(0.6 + 0.6) / 3])
    assert (pulls.edges, pulls.size, own) == (2, 2, 0)
    wanted = home_signs(
        np.array([0.4]), np.array([1.2 / 2.1]), np.array([2]), np.array([2.0]), links().leak
    )
    np.testing.assert_allclose(signs, wanted, rtol=1e-5)
    assert found.chance == found.gain == pytest.approx(min(chances(signs, HOME)[0], 0.4))
    assert homes(started(), known(i9=1, i3=1), links(), np.array([9]), strays=False) == []


def test_what_is_apart_is_not_suggested() -> None:
    state = started()
    state.apply((Apart((3, 9)), Apart((0, 8)), Apart((4, 5, 11))), 3)
    assert homes(state, known(), links(), np.array([9]), strays=False) == []
    assert [each.key for each in likely_merges(state, known(), links())] == ["merge:1:2"]
    state.apply((Apart((0, 8), known=False), Apart((0, 3))), 4)
    assert [each.key for each in likely_merges(state, known(), links())] == ["merge:1:3"]


def test_outliers() -> None:
    (found,) = homes(started(), known(), links(), np.arange(12), strays=True)
    assert (found.key, found.groups) == ("outlier:11:1", (3, 1))
    (pulls, own, signs) = pulled_items(started(), links(), np.arange(12), strays=True)
    at = pulls.item.tolist().index(11)
    assert pulls.pull[at] == pytest.approx((0.8 + 0.7 + 0.6) / 3)
    assert own[at] == pytest.approx(0.05 / 3)
    assert found.chance == pytest.approx(chances(signs, OUTLIER)[at])


def test_names_and_order() -> None:
    state = started()
    everything = by_gain([*unnamed(state), *likely_merges(state, known(), links())])
    assert [each.gain for each in everything] == sorted(
        (each.gain for each in everything), reverse=True
    )
    assert [each.key for each in unnamed(state)] == ["name:1", "name:2", "name:3"]


def test_items_without_edges() -> None:
    empty = item_links(Edges(*np.empty((2, 0), np.int64), np.empty(0, np.float32)), _PLACED)
    state = started()
    assert likely_merges(state, known(), empty) == []
    assert homes(state, known(), empty, np.arange(12), strays=False) == []
    (mixed,) = mixed_groups(state, empty)
    assert mixed.groups == (3,)
    assert mixed.chance > 0.5
