"""Suggestions kept up to date: after a correction only what it touched is looked at again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from covey.review.changes import Change, Create, Drop, Link, Move, Reject, Set
from covey.review.corrections import Evidence
from covey.review.cutting import mixed_groups
from covey.review.item_links import ItemLinks
from covey.review.state import ReviewState
from covey.review.suggestions import (
    Suggestion,
    SuggestionKind,
    by_gain,
    homes,
    likely_merges,
    unnamed,
)
from covey.types import Int64


class SuggestionQueue:
    """All suggestions about a state.

    Args:
        state: The review, which goes on.
        known: Of the items.
        links: Edges of the last run.
    """

    def __init__(self, state: ReviewState, known: Evidence, links: ItemLinks) -> None:
        self._state, self._known, self._links = state, known, links
        self._all: dict[str, Suggestion] = {}
        self._of_group: defaultdict[int, set[str]] = defaultdict(set)
        self._of_item: defaultdict[int, set[str]] = defaultdict(set)
        self._ordered: list[Suggestion] | None = None
        items = np.arange(links.n)
        self._take(likely_merges(state, known, links))
        self._take(mixed_groups(state, links))
        self._take(homes(state, known, links, items, strays=True))
        self._take(homes(state, known, links, items, strays=False))
        self._take(unnamed(state))

    def __len__(self) -> int:
        return len(self._all)

    def get(self, key: str) -> Suggestion | None:
        """A suggestion, if it is still made."""
        return self._all.get(key)

    def ordered(self, kind: SuggestionKind | None = None) -> Sequence[Suggestion]:
        """All of them, or those of a kind, the most to gain first."""
        if self._ordered is None:
            self._ordered = by_gain(self._all.values())
        if kind is None:
            return self._ordered
        return [each for each in self._ordered if each.kind == kind]

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        return dict(Counter(each.kind for each in self._all.values()))

    def see(self, changes: Iterable[Change]) -> None:
        """Brings them up to date after changes of the state, but for new items and runs."""
        groups, items = touched(changes)
        for change in changes:
            if isinstance(change, Reject) and change.rejected:
                self._forget([change.key])
            elif isinstance(change, Reject):
                named = change.key.split(":")
                groups |= {
                    int(each) for each in named[1:] if named[0] in ("merge", "mixed", "name")
                }
                items |= {int(named[1])} if named[0] in ("home", "outlier") else set()
        stale = {key for group in groups for key in self._of_group.pop(group, ())}
        stale |= {key for item in items for key in self._of_item.pop(item, ())}
        asked = {item for key in stale for item in self._items_of(key)} | items
        self._forget(stale)
        there = [group for group in groups if group in self._state.groups]
        members = [item for group in there for item in self._state.groups[group].members]
        again = self._near(np.array(sorted({*members, *asked}), np.int64))
        self._forget([key for item in again.tolist() for key in self._of_item.pop(item, ())])
        self._take(likely_merges(self._state, self._known, self._links, there))
        self._take(mixed_groups(self._state, self._links, there))
        self._take(homes(self._state, self._known, self._links, again, strays=True))
        self._take(homes(self._state, self._known, self._links, again, strays=False))
        self._take(unnamed(self._state, there))

    def _items_of(self, key: str) -> tuple[int, ...]:
        found = self._all.get(key)
        return found.items if found is not None and found.kind in ("home", "outlier") else ()

    def _near(self, items: Int64) -> Int64:
        """Items and their neighbours, whose homes may be others now."""
        items = items[items < self._links.n]
        if not len(items):
            return items
        return np.union1d(items, self._links.of(items)[1])

    def _take(self, found: Iterable[Suggestion]) -> None:
        for each in found:
            self._all[each.key] = each
            for group in each.groups:
                self._of_group[group].add(each.key)
            if each.kind in ("home", "outlier"):
                self._of_item[each.items[0]].add(each.key)
        self._ordered = None

    def _forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            found = self._all.pop(key, None)
            if found is None:
                continue
            for group in found.groups:
                self._of_group[group].discard(key)
            for item in found.items[:1]:
                self._of_item[item].discard(key)
        self._ordered = None


def touched(changes: Iterable[Change]) -> tuple[set[int], set[int]]:
    """Numbers of groups that changes concern, and items whose links they change."""
    groups: set[int] = set()
    items: set[int] = set()
    for change in changes:
        match change:
            case Move(moved, source, target):
                groups |= {group for group in (source, target) if group >= 0}
                items.update(moved)
            case Create(group) | Drop(group) | Set(group):
                groups.add(group)
            case Link(_, a, b):
                items |= {a, b}
            case _:
                pass
    return groups, items
