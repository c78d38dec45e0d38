"""Groups that find their place anew are where sorting all of them puts them."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from covey.review.changes import Add, Place
from covey.review.corrections import Evidence, describe, merge, move, remove
from covey.review.state import ConflictError, Group, ReviewState
from covey.server.group_order import GroupOrder, Order, Show
from covey.types import UsageError

_N = 60


def wanted(state: ReviewState, order: str, show: str) -> list[int]:
    def key(each: Group) -> Any:
        by = {
            "size": -len(each.members),
            "name": (each.name == "", each.name.casefold()),
            "changed": -each.revision,
        }
        return by[order], each.number

    shown = {
        "all": lambda each: not each.hidden,
        "named": lambda each: not each.hidden and each.name,
        "unnamed": lambda each: not each.hidden and not each.name,
        "confirmed": lambda each: not each.hidden and each.confirmed,
        "hidden": lambda each: each.hidden,
    }
    return [each.number for each in sorted(state.groups.values(), key=key) if shown[show](each)]


def changed(state: ReviewState, known: Evidence, rng: np.random.Generator) -> None:
    groups = sorted(state.groups)
    one, other = (int(each) for each in rng.choice(groups, 2, replace=False))
    item, turn = int(rng.integers(0, _N)), int(rng.integers(0, 6))
    try:
        made = [
            lambda: merge(state, known, [one, other]),
            lambda: move(state, known, [item], one),
            lambda: move(state, known, [item], None, "new"),
            lambda: remove(state, known, [item]),
            lambda: describe(state, one, "name", rng.choice(["a", "B", "ä", ""])),
            lambda: describe(state, one, rng.choice(["hidden", "confirmed"]), rng.random() < 0.5),
        ][turn]()
    except (UsageError, ConflictError):
        return
    state.apply(made.changes, state.revision + 1)


@pytest.mark.parametrize("few", [0, 3, 1000])
def test_every_order_after_every_change(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("covey.server.group_order._FEW", few)
    rng = np.random.default_rng(few)
    runs = {run: rng.integers(1, 25, _N) for run in (1, 2)}
    state = ReviewState(runs.__getitem__)
    state.apply((Add(0, _N),), 1)
    known = Evidence(rng.random(_N).astype(np.float32), np.full(_N, -1))
    orders = {
        (order, show): GroupOrder(order, show)
        for order in get_args(Order)
        for show in get_args(Show)
    }
    for turn in range(120):
        if turn in (5, 80):
            state.apply((Place(1 + turn // 80),), state.revision + 1)
        elif turn > 5:
            changed(state, known, rng)
        if turn % 3 == 0:  # several changes at a time, too
            for (order, show), each in orders.items():
                found = [row[-1] for row in each.rows(state)]
                assert found == wanted(state, order, show), (turn, order, show)
