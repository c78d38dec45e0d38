"""Suggestions kept up to date: after a correction only what it touched is looked at again."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import count

import numpy as np

from covey.review.changes import NO_GROUP, Apart, Change, Create, Drop, Link, Move, Reject, Set
from covey.review.corrections import KEY, Evidence
from covey.review.cutting import mixed_groups
from covey.review.item_links import ItemLinks
from covey.review.state import ReviewState
from covey.review.suggestions import (
    Suggestion,
    SuggestionKind,
    homes,
    likely_merges,
    unnamed,
)

Row = tuple[float, str]
_versions = count()
_FEW = 2000
"""Rows that come or go up to which each is looked for; more are sifted from all others."""


class SuggestionQueue:
    """All suggestions about a state.

    Args:
        state: The review, which goes on.
        known: Of the items.
        links: Edges of the last run.

    Attributes:
        version: Another number after every change, and in every other queue.
    """

    def __init__(self, state: ReviewState, known: Evidence, links: ItemLinks) -> None:
        self._state, self._known, self._links = state, known, links
        self._all: dict[str, Suggestion] = {}
        self._of_group: defaultdict[int, set[str]] = defaultdict(set)
        self._of_item: defaultdict[int, set[str]] = defaultdict(set)
        self._rows: dict[str | None, list[Row]] = {}  # by kind, and all
        self._row_of: dict[str, Row] = {}
        self._stale: set[str] = set()  # keys whose row is not what it was
        self.version = next(_versions)
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
        return [self._all[key] for _, key in self.rows(kind)]

    def rows(self, kind: SuggestionKind | None = None) -> Sequence[Row]:
        """Minus the gain, and the key, of all of them or of a kind, in order."""
        come: defaultdict[str | None, list[Row]] = defaultdict(list)
        gone: defaultdict[str | None, list[Row]] = defaultdict(list)
        for key in self._stale:
            before = self._row_of.pop(key, None)
            found = self._all.get(key)
            for name in (None, _kind(key)):
                if before is not None:
                    gone[name].append(before)
                if found is not None:
                    self._row_of[key] = (-found.gain, key)
                    come[name].append(self._row_of[key])
        for name in come.keys() | gone.keys():
            self._rows[name] = _replaced(self._rows.get(name, []), gone[name], come[name])
        self._stale.clear()
        return self._rows.get(kind, [])

    def home_of(self, item: int) -> Suggestion | None:
        """Where an item in no group may belong."""
        found = [self._all[key] for key in self._of_item.get(item, ())]
        return next((each for each in found if each.kind == "home"), None)

    def follow(self, state: ReviewState, known: Evidence) -> None:
        """Goes on with another state: one that this began with a copy of, or has more items.

        Args:
            state: What `see` is told changes of from now on, and was not told before.
            known: Of its items.
        """
        self._state, self._known = state, known

    def counts(self) -> dict[str, int]:
        """How many of each kind."""
        self.rows()
        return {kind: len(rows) for kind, rows in self._rows.items() if kind is not None and rows}

    def see(self, changes: Sequence[Change]) -> None:
        """Brings them up to date after changes of the state, but for new items and runs."""
        groups, items = touched(changes)
        for change in changes:
            if isinstance(change, Reject) and change.rejected:
                self._forget([change.key])
            elif isinstance(change, Reject) and KEY.fullmatch(change.key):
                word, *numbers = change.key.split(":")
                if word in ("home", "outlier"):
                    items |= {item for item in [int(numbers[0])] if item < self._state.n}
                else:
                    groups.update(map(int, numbers))
            elif isinstance(change, Link):
                ends = self._state.group_of[[change.a, change.b]].tolist()
                groups.update(end for end in ends if end != NO_GROUP)
            elif isinstance(change, Apart):
                ends = self._state.group_of[list(change.items)].tolist()
                groups.update(end for end in ends if end != NO_GROUP)
        stale = {key for group in groups for key in self._of_group.pop(group, ())}
        stale |= {key for item in items for key in self._of_item.pop(item, ())}
        asked = {item for key in stale for item in self._items_of(key)}
        self._forget(stale)
        shown = [each.group for each in changes if isinstance(each, Set) and each.field == "hidden"]
        again = np.array(sorted(asked | self._concerned(items, shown)), np.int64)
        self._forget([key for item in again.tolist() for key in self._of_item.pop(item, ())])
        there = [group for group in groups if group in self._state.groups]
        self._take(likely_merges(self._state, self._known, self._links, there))
        self._take(mixed_groups(self._state, self._links, there))
        self._take(homes(self._state, self._known, self._links, again, strays=True))
        self._take(homes(self._state, self._known, self._links, again, strays=False))
        self._take(unnamed(self._state, there))

    def _items_of(self, key: str) -> tuple[int, ...]:
        found = self._all.get(key)
        return found.items if found is not None and found.kind in ("home", "outlier") else ()

    def _concerned(self, items: set[int], shown: Iterable[int]) -> set[int]:
        """Items that may have another home now, by an edge, a link or an exclusive set.

        Args:
            items: Those that were moved or linked.
            shown: Groups that were hidden, or are not any more.
        """
        whole = [self._state.groups[each].members for each in shown if each in self._state.groups]
        some = np.array(sorted(items.union(*whole)), np.int64)
        found = set(some.tolist())
        found.update(self._links.of(some[some < self._links.n])[1].tolist())
        found |= self._state.kept_from_any(some.tolist())
        codes = self._known.exclusive[some]
        if (codes := codes[codes >= 0]).size:
            found.update(np.flatnonzero(np.isin(self._known.exclusive, codes)).tolist())
        return found

    def _take(self, found: Iterable[Suggestion]) -> None:
        for each in found:
            self._all[each.key] = each
            self._stale.add(each.key)
            for group in each.groups:
                self._of_group[group].add(each.key)
            if each.kind in ("home", "outlier"):
                self._of_item[each.items[0]].add(each.key)
        self.version = next(_versions)

    def _forget(self, keys: Iterable[str]) -> None:
        for key in keys:
            found = self._all.pop(key, None)
            if found is None:
                continue
            self._stale.add(key)
            for group in found.groups:
                self._of_group[group].discard(key)
            for item in found.items[:1]:
                self._of_item[item].discard(key)
        self.version = next(_versions)


def _replaced(rows: list[Row], gone: list[Row], come: list[Row]) -> list[Row]:
    """Sorted rows without some and with others: where these are few, each by its place."""
    if len(gone) + len(come) > _FEW:
        left = set(gone)
        kept = [row for row in rows if row not in left] if left else rows
        return sorted(kept + sorted(come))  # two runs, which are merged
    for row in gone:
        del rows[bisect_left(rows, row)]
    for row in come:
        insort(rows, row)
    return rows


def _kind(key: str) -> str:
    return key.partition(":")[0]


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
            case Apart(some):
                items.update(some)
            case _:
                pass
    return groups, items
