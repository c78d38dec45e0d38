"""Labelled items made ready for a training: each row once, groups drawn and held out."""

from __future__ import annotations

import numpy as np
import pytest

from covey.labelled_rows import (
    LabelledRows,
    check_enough_groups,
    different_rows,
    draw_groups,
    held_out,
    in_folds,
)
from covey.types import InputError
from covey.vectors import as_rows


def _items(sizes: list[int], seed: int = 0) -> LabelledRows:
    """Different unit rows (n, 6), groups of these sizes in mixed order."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes)).astype(np.int64)
    return LabelledRows(as_rows(rng.standard_normal((len(labels), 6))), labels)


def _sizes(items: LabelledRows) -> dict[int, int]:
    found = np.unique(items.labels, return_counts=True)
    return dict(zip(*(each.tolist() for each in found), strict=True))


def test_few_items_stay_as_they_are() -> None:
    items = _items([5, 4, 1])
    assert draw_groups(items, 10, 0) == (items, "")
    nothing = items.of(np.zeros(10, np.bool_))
    assert draw_groups(nothing, 0, 0) == (nothing, "")


def test_groups_are_whole_where_none_is_a_giant() -> None:
    items = _items([7, 3, 5, 2] * 50)
    drawn, told = draw_groups(items, 400, 0)
    whole = _sizes(items)
    assert all(size == whole[group] for group, size in _sizes(drawn).items())
    assert 400 - 7 < len(drawn.rows) <= 400
    assert told == f"{len(drawn.rows)} of 850 items were drawn"
    assert _sizes(draw_groups(items, 400, 1)[0]) != _sizes(drawn)


def test_what_is_drawn_keeps_its_rows_and_its_order() -> None:
    items = _items([40, 9, 9, 1, 1, 1])
    drawn, _ = draw_groups(items, 30, 0)
    where = [np.flatnonzero((items.rows == row).all(axis=1)).item() for row in drawn.rows]
    assert where == sorted(where)
    assert (items.labels[where] == drawn.labels).all()


@pytest.mark.parametrize("seed", range(5))
def test_a_giant_gets_a_tenth(seed: int) -> None:
    items = _items([3000] + [4] * 400)
    drawn, told = draw_groups(items, 1000, seed)
    found = _sizes(drawn)
    assert found.pop(0, 100) == 100
    assert set(found.values()) == {4}
    assert 1000 - 100 < len(drawn.rows) <= 1000
    told_of_it = "; groups that had more than 100 were thinned to that: 1"
    assert told.endswith(told_of_it if 0 in drawn.labels else "were drawn")


@pytest.mark.parametrize("giants", [2, 3, 9, 12])
def test_giants_alone_are_cut_to_one_size_or_ten_are_left(giants: int) -> None:
    items = _items([700 + 10 * each for each in range(giants)])
    drawn, told = draw_groups(items, 600, 0)
    kept = min(giants, 10)
    assert _sizes(drawn) == dict.fromkeys(_sizes(drawn), 600 // kept)
    assert len(_sizes(drawn)) == kept
    assert told.endswith(f"more than {600 // kept} were thinned to that: {kept}")


@pytest.mark.parametrize("sizes", [[2, 9, 40, 41, 500], [30, 30, 30], [1, 1, 60, 80], [200, 2]])
def test_the_size_is_the_largest_at_which_all_fit(sizes: list[int]) -> None:
    items, most = _items(sizes), 80
    found = _sizes(draw_groups(items, most, 0)[0])
    alone = sizes.count(1)
    room = most - min(alone, most * alone // len(items.rows))
    size = max(w for w in range(500) if sum(min(c, w) for c in sizes if c > 1) <= room)
    large = {group: min(count, size) for group, count in enumerate(sizes) if count > 1}
    assert {group: found[group] for group in large} == large
    assert most - len(sizes) <= sum(found.values()) <= most


def test_items_that_are_alone_keep_their_part() -> None:
    drawn, _ = draw_groups(_items([5] * 80 + [1] * 200), 300, 0)
    alone = sum(size == 1 for size in _sizes(drawn).values())
    assert 100 <= alone <= 104
    assert len(drawn.rows) == 300


def test_many_strangers_do_not_crowd_out_the_groups() -> None:
    """Nine groups among ten thousand items of nobody: all nine can be learned from."""
    drawn, _ = draw_groups(_items([6] * 9 + [1] * 10_000), 500, 0)
    assert [_sizes(drawn)[group] for group in range(9)] == [6] * 9
    assert len(drawn.rows) == 500
    halved, _ = draw_groups(_items([6] * 100 + [1] * 10_000), 500, 0)
    assert sum(size == 6 for size in _sizes(halved).values()) == 250 // 6


@pytest.mark.parametrize("sizes", [[300] + [3] * 100 + [1] * 90, [90] * 12, [1] * 500])
def test_order_and_names_change_nothing(sizes: list[int]) -> None:
    items = _items(sizes)
    drawn, told = draw_groups(items, 120, 3)
    order = np.random.default_rng(9).permutation(len(items.rows))
    named = LabelledRows(items.rows[order], 10 * items.labels[order] - 7)
    other, again = draw_groups(named, 120, 3)
    assert again == told
    assert {row.tobytes() for row in other.rows} == {row.tobytes() for row in drawn.rows}
    assert sorted(other.labels) == sorted(10 * drawn.labels - 7)


def test_a_seed_decides_who_is_left_of_a_giant() -> None:
    items = _items([500, 500])
    one, same, other = (draw_groups(items, 100, seed)[0].rows for seed in (0, 0, 1))
    np.testing.assert_array_equal(one, same)
    common = {row.tobytes() for row in one} & {row.tobytes() for row in other}
    assert 2 <= len(common) <= 25  # ten of a hundred, if both are random


def test_each_row_once_and_twins_of_somebody_are_somebodys() -> None:
    x = np.array([[3, 0], [0, 0], [0, 2], [1, 0], [0, 5], [1, 1]], np.float16)
    rows, groups = different_rows(x, np.array([-1, 4, 9, 7, -3, -1]))
    np.testing.assert_allclose(rows, [[1, 0], [0, 1], [0.5**0.5] * 2], atol=1e-6)
    assert rows.dtype == np.float32
    assert groups.tolist() == [0, 1, -1]


@pytest.mark.parametrize("n", [0, 1])
def test_hardly_any_rows(n: int) -> None:
    rows, groups = different_rows(np.ones((n, 3)), np.zeros(n, np.int64))
    assert (rows.shape, groups.tolist()) == ((n, 3), [0] * n)


def test_two_groups_of_two_are_the_least() -> None:
    check_enough_groups("x", np.array([0, 0, 1, 1, -1, -1]))
    with pytest.raises(InputError, match="x: 1 of 2 groups have two different items or more"):
        check_enough_groups("x", np.array([0, 0, 1, -1, -1]))


@pytest.mark.parametrize("one_in", [3, 5])
def test_one_group_in_so_many_is_held_out_whole(one_in: int) -> None:
    items = _items([4] * 31 + [1] * 17)
    held = held_out(items.labels, 0, one_in)
    kept, gone = (set(items.labels[part].tolist()) for part in (~held, held))
    assert not kept & gone
    assert sum(group < 31 for group in gone) == 31 // one_in
    assert sum(group >= 31 for group in gone) == 17 // one_in
    assert (held_out(items.labels, 1, one_in) != held).any()


def test_too_few_groups_and_none_is_held_out() -> None:
    assert held_out(_items([2] * 9).labels, 0, 3).sum() == 6
    assert not held_out(_items([2] * 8 + [1] * 30).labels, 0, 3).any()


@pytest.mark.parametrize(("groups", "folds"), [(12, 4), (11, 2), (6, 2), (5, 1), (0, 1)])
def test_folds_are_of_whole_groups_and_alike(groups: int, folds: int) -> None:
    labels = _items([3] * groups + [1] * 9).labels
    fold = in_folds(labels, 0)
    assert set(fold.tolist()) == set(range(folds))
    of_group = {(group, each) for group, each in zip(labels.tolist(), fold.tolist(), strict=True)}
    assert len(of_group) == groups + 9
    for kind in (range(groups), range(groups, groups + 9)):
        counts = np.bincount([each for group, each in of_group if group in kind], minlength=folds)
        assert np.ptp(counts) <= 1
    shuffled = np.random.default_rng(0).permutation(len(labels))
    np.testing.assert_array_equal(in_folds(labels[shuffled], 0), fold[shuffled])
