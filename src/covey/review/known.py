"""What a review taught, as constraints for a run."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from covey.review.changes import NO_GROUP
from covey.review.state import ReviewState
from covey.types import Constraints, Int64


def constraints_of(
    state: ReviewState, exclusive: Int64, held: Collection[int] | None = None
) -> Constraints:
    """Links, groups that stay whole, and items that exclude each other.

    Each set of items that are apart is one of an exclusive column. A must-link between two groups,
    as a run may have left them, is not kept: what they are now counts. Items of a pinned group must
    be together. No two pinned groups may be joined: their first items form one exclusive set, which
    costs one entry a group and not one a pair.

    Args:
        state: The review.
        exclusive: (n,) int64, items of one number of 0 or more cannot be together.
        held: Numbers of groups that stay whole; the pinned ones if None.
    """
    group = state.group_of
    must = [
        (a, b)
        for a, b in state.links("must")
        if group[a] == group[b] or NO_GROUP in (group[a], group[b])
    ]
    first = []
    for number in sorted(state.pinned() if held is None else held):
        members = sorted(state.groups[number].members)
        first.append(members[0])
        must += [(members[0], other) for other in members[1:]]
    sets = exclusive.astype(np.int64)
    for column in _columns([first, *state.apart] if len(first) > 1 else state.apart, state.n):
        sets = np.column_stack([sets, column])
    return Constraints(_pairs(must), _pairs(state.links("cannot")), sets if _any(sets) else None)


def _pairs(found: list[tuple[int, int]]) -> Int64:
    return np.array(sorted(set(found)), np.int64).reshape(-1, 2)


def _columns(sets: Sequence[Sequence[int]], n: int) -> list[Int64]:
    """Sets of items as few columns of numbers: sets that share an item are in two of them."""
    columns: list[Int64] = []
    for number, items in enumerate(sets):
        some = np.array(items, np.int64)
        free = next((each for each in columns if (each[some] < 0).all()), None)
        if free is None:
            columns.append(free := np.full(n, -1, np.int64))
        free[some] = number
    return columns


def _any(sets: Int64) -> bool:
    return bool((sets >= 0).any())
