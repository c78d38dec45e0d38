"""Groups keep their numbers over runs."""

import numpy as np

from covey.review.changes import NO_GROUP
from covey.review.stable_groups import place


def placed(labels: list[int], before: list[int], pinned: tuple[int, ...] = ()) -> object:
    return place(np.array(labels), np.array(before), pinned, 10)


def test_the_first_run_numbers_groups_and_leaves_single_items_out() -> None:
    found = placed([0, 0, 1, 2, 2], [-1] * 5)
    assert found.groups.tolist() == [10, 10, -1, 11, 11]
    assert found.next_group == 12
    assert found.new == [10, 11]
    assert found.kept == found.changed == found.gone == []


def test_the_same_again() -> None:
    found = placed([3, 3, 1, 0, 0], [7, 7, -1, 4, 4])
    assert found.groups.tolist() == [7, 7, -1, 4, 4]
    assert found.kept == [4, 7]
    assert found.new == found.gone == []


def test_a_split_keeps_the_number_with_most_items() -> None:
    found = placed([0, 0, 0, 1, 1], [7] * 5)
    assert found.groups.tolist() == [7, 7, 7, 10, 10]
    assert found.split == {7: [7, 10]}
    assert found.changed == [7]
    assert found.new == [10]


def test_a_merge_keeps_the_number_of_the_larger() -> None:
    found = placed([0] * 5, [4, 4, 7, 7, 7])
    assert found.groups.tolist() == [7] * 5
    assert found.merged == {7: [4, 7]}
    assert found.gone == [4]


def test_new_items_join() -> None:
    found = placed([0, 0, 0, 1, 1, 1], [4, 4, -1, 7, 7, 7])
    assert found.groups.tolist() == [4, 4, 4, 7, 7, 7]
    assert found.kept == [4, 7]
    assert found.grown == [4]


def test_a_pinned_group_gets_items_of_none_but_not_of_others() -> None:
    found = placed([0] * 7, [4, 4, 7, 7, 7, -1, -1], pinned=(4,))
    assert found.groups.tolist() == [4, 4, 7, 7, 7, 4, 4]
    assert found.kept == [4, 7]
    assert found.grown == [4]


def test_a_pinned_group_of_one_stays() -> None:
    found = placed([0, 1, 1], [4, 7, 7], pinned=(4,))
    assert found.groups.tolist() == [4, 7, 7]


def test_what_strays_to_a_pinned_group_alone_is_in_none() -> None:
    found = placed([0, 0, 0, 1, 1], [4, 4, 7, 7, 7], pinned=(4,))
    assert found.groups.tolist() == [4, 4, NO_GROUP, 7, 7]


def test_names_of_clusters_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    labels, before = rng.integers(0, 30, 400), rng.integers(-1, 25, 400)
    renamed = rng.permutation(30)[labels]
    mine = place(labels, before, (), 100).groups
    other = place(renamed, before, (), 100).groups
    assert ((mine == mine[:, None]) == (other == other[:, None])).all()


def test_nothing() -> None:
    assert place(np.empty(0, np.int64), np.empty(0, np.int64), (), 1).groups.tolist() == []
