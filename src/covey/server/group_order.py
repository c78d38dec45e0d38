"""Groups in some order, of which only those that were touched find their place anew."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Literal

from covey.review.state import Group, ReviewState
from covey.server.pages import Row

Order = Literal["size", "name", "changed"]
Show = Literal["all", "named", "unnamed", "confirmed", "hidden"]

_FEW = 200  # touched groups up to which each is put in its place


class GroupOrder:
    """The groups that are shown, in an order.

    Args:
        order: The largest first; named ones first, by name; the last touched first.
        show: Which of them; hidden ones where they are asked for only.
    """

    def __init__(self, order: Order, show: Show) -> None:
        self._order, self._show = order, show
        self._revision = -1
        self._rows: list[Row] = []
        self._row_of: dict[int, Row] = {}

    def rows(self, state: ReviewState) -> list[Row]:
        """Sort keys, the number last."""
        groups = state.groups
        stale = {each.number for each in groups.values() if each.revision > self._revision}
        stale |= self._row_of.keys() - groups.keys()
        few = len(stale) <= _FEW
        for number in stale:
            before = self._row_of.pop(number, None)
            if few and before is not None:
                del self._rows[bisect_left(self._rows, before)]
            group = groups.get(number)
            if group is not None and self._is_shown(group):
                self._row_of[number] = row = self._key(group)
                if few:
                    insort(self._rows, row)
        if not few:
            self._rows = sorted(self._row_of.values())
        self._revision = state.revision
        return self._rows

    def _key(self, group: Group) -> Row:
        if self._order == "name":
            return not group.name, group.name.casefold(), group.number
        first = len(group.members) if self._order == "size" else group.revision
        return -first, group.number

    def _is_shown(self, group: Group) -> bool:
        if group.hidden or self._show == "hidden":
            return group.hidden and self._show == "hidden"
        if self._show == "confirmed":
            return group.confirmed
        return self._show == "all" or bool(group.name) == (self._show == "named")
