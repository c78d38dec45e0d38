"""The groups of a collection under review, as all events so far have left them.

One state is kept up to date change by change; the journal on the disk can rebuild it from nothing.
What does not fit raises before anything is touched: `apply` makes all changes of an event or none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np

from covey.review.changes import (
    NO_GROUP,
    Add,
    Apart,
    Change,
    Create,
    Drop,
    Link,
    LinkKind,
    Move,
    Place,
    Reject,
    Set,
)
from covey.types import CoveyError, Int64

Placements = Callable[[int], Int64]
"""Of a run: (n,) group of each item that there was, `NO_GROUP` for none."""


class ConflictError(CoveyError):
    """A change that does not fit what is there: somebody else was faster, or it makes no sense."""

    exit_code = 6


class ChangedSinceError(ConflictError):
    """A group or an item is not as whoever changes it saw it, or not there any more."""


@dataclass(slots=True)
class Group:
    """Items that belong together.

    Attributes:
        number: For good: it outlives runs.
        name: Empty if it has none.
        hidden: Whether pages leave it out.
        confirmed: Whether somebody said that it is right.
        members: Items.
        revision: Number of the last event that touched it.
    """

    number: int
    name: str = ""
    hidden: bool = False
    confirmed: bool = False
    members: set[int] = field(default_factory=set)
    revision: int = 0

    @property
    def plain(self) -> bool:
        """Whether nobody said anything about it."""
        return not (self.name or self.hidden or self.confirmed)


class ReviewState:
    """All of it in memory.

    Attributes:
        revision: Number of the last event.
        groups: By number.
        rejected: Keys of suggestions that were turned down.
        next_group: Number that no group has had.
    """

    def __init__(self, placements: Placements) -> None:
        self.revision = 0
        self.groups: dict[int, Group] = {}
        self.rejected: set[str] = set()
        self.next_group = 1
        self._apart: dict[tuple[int, ...], frozenset[int]] = {}
        self._apart_of: defaultdict[int, set[frozenset[int]]] = defaultdict(set)
        self._placements = placements
        self._group_of = np.empty(0, np.int64)
        self._links: dict[LinkKind, defaultdict[int, set[int]]] = {
            "must": defaultdict(set),
            "cannot": defaultdict(set),
        }

    def copy(self) -> ReviewState:
        """The same, which stays as it is when this one changes."""
        other = ReviewState(self._placements)
        other.revision, other.next_group = self.revision, self.next_group
        other.groups = {
            number: Group(
                number, each.name, each.hidden, each.confirmed, each.members.copy(), each.revision
            )
            for number, each in self.groups.items()
        }
        other.rejected, other._apart = set(self.rejected), dict(self._apart)
        other._apart_of.update((item, set(sets)) for item, sets in self._apart_of.items())
        other._group_of = self._group_of.copy()
        for kind, table in self._links.items():
            other._links[kind].update((item, set(others)) for item, others in table.items())
        return other

    @property
    def n(self) -> int:
        """Number of items."""
        return len(self._group_of)

    @property
    def group_of(self) -> Int64:
        """(n,) number of the group of each item, `NO_GROUP` for none. Not to be written to."""
        return self._group_of

    def linked(self, kind: LinkKind, item: int) -> frozenset[int]:
        """Items that must, or cannot, be with this one."""
        return frozenset(self._links[kind].get(item, ()))

    def kept_from(self, item: int) -> frozenset[int]:
        """Items that cannot be with this one, by a link or as both are of a set that is apart."""
        return self.linked("cannot", item).union(*self._apart_of.get(item, ())) - {item}

    def kept_from_any(self, items: Iterable[int]) -> set[int]:
        """Items that cannot be with one of these: all that `kept_from` tells of them, and those of
        them that are apart from others. Each set that is apart is looked at once."""
        found: set[int] = set()
        sets: set[frozenset[int]] = set()
        for item in items:
            found |= self._links["cannot"].get(item, set())
            sets |= self._apart_of.get(item, set())
        return found.union(*sets)

    def parts(self, items: Iterable[int], others: AbstractSet[int]) -> bool:
        """Whether one of `items` cannot be with one of `others`, none of which is among them."""
        cannot = self._links["cannot"]
        sets: set[frozenset[int]] = set()
        for item in items:
            if not others.isdisjoint(cannot.get(item, ())):
                return True
            sets |= self._apart_of.get(item, set())
        return any(not each.isdisjoint(others) for each in sets)

    def links(self, kind: LinkKind) -> list[tuple[int, int]]:
        """All pairs, sorted, the smaller item first."""
        table = self._links[kind]
        return sorted((a, b) for a in table for b in table[a] if a < b)

    @property
    def apart(self) -> list[tuple[int, ...]]:
        """Sets of items no two of which can be together, sorted."""
        return sorted(self._apart)

    def pinned(self) -> set[int]:
        """Numbers of groups that runs leave as they are, new items apart.

        Somebody named, confirmed or hid them, or corrected them: one of their items is linked.
        """
        items = [item for table in self._links.values() for item in table]
        found = set(self._group_of[items].tolist()) - {NO_GROUP}
        named = {each.number for each in self.groups.values() if not each.plain}
        return {number for number in found | named if self.groups[number].members}

    def group(self, number: int) -> Group:
        """A group by its number.

        Raises:
            ConflictError: If there is none.
        """
        found = self.groups.get(number)
        if found is None:
            raise ChangedSinceError(
                f"there is no group {number}; it may have been merged: look again"
            )
        return found

    def apply(self, changes: Sequence[Change], revision: int) -> None:
        """Makes the changes of one event, all or none: what was refused leaves no trace.

        Args:
            changes: In order.
            revision: Number of the event.

        Raises:
            ConflictError: If one of them does not fit.
        """
        made: list[Change] = []
        next_group, touched = self.next_group, self._revisions(changes)
        try:
            for change in changes:
                self._make(change, revision)
                made.append(change)
        except ConflictError:
            for change in reversed(made):
                assert not isinstance(change, Add | Place), "comes alone in its event"
                self._make(change.inverse(), self.revision)
            self.next_group = next_group
            for number, before in touched.items():
                self.groups[number].revision = before
            raise
        self.revision = revision

    def _revisions(self, changes: Sequence[Change]) -> dict[int, int]:
        """Of the groups that changes name, as they are now."""
        named = {
            getattr(change, name, NO_GROUP)
            for change in changes
            for name in ("group", "source", "target")
        }
        return {number: self.groups[number].revision for number in named if number in self.groups}

    def _make(self, change: Change, revision: int) -> None:
        match change:
            case Move():
                self._move(change, revision)
            case Create(number):
                if number in self.groups:
                    raise ConflictError(f"there is a group {number} already")
                self.groups[number] = Group(number, revision=revision)
                self.next_group = max(self.next_group, number + 1)
            case Drop(number):
                group = self.group(number)
                if group.members or not group.plain:
                    raise ConflictError(f"group {number} is not empty; move its items first")
                del self.groups[number]
            case Set(number, name, old, new):
                group = self.group(number)
                if getattr(group, name) != old:
                    raise ChangedSinceError(
                        f"{name} of group {number} is {getattr(group, name)!r}, not {old!r} any "
                        "more; look again"
                    )
                setattr(group, name, new)
                group.revision = revision
            case Link():
                self._link(change)
            case Apart(items, known):
                self._set_apart(items, known)
            case Reject(key, rejected):
                if (key in self.rejected) == rejected:
                    raise ConflictError(f"suggestion {key} is {_rejected(rejected)} already")
                (self.rejected.add if rejected else self.rejected.discard)(key)
            case Add(first, count):
                if first != self.n or count < 0:
                    raise ConflictError(f"items come from {first} on, but there are {self.n}")
                more = np.full(count, NO_GROUP, np.int64)
                self._group_of = np.concatenate([self._group_of, more])
            case Place(run):
                self._place(self._placements(run), revision)

    def _move(self, change: Move, revision: int) -> None:
        source, target = change.source, change.target
        known = [self.group(each) for each in (source, target) if each != NO_GROUP]
        if source == target:
            raise ConflictError(f"items are in group {source} already")
        for item in change.items:
            if not 0 <= item < self.n:
                raise ConflictError(f"there is no item {item}: there are {self.n}")
            if self._group_of[item] != source:
                raise ChangedSinceError(
                    f"item {item} is in {_in_words(int(self._group_of[item]))}, not in "
                    f"{_in_words(source)} any more; look again"
                )
        if source != NO_GROUP:
            self.groups[source].members.difference_update(change.items)
        if target != NO_GROUP:
            self.groups[target].members.update(change.items)
        self._group_of[list(change.items)] = target
        for group in known:
            group.revision = revision

    def _link(self, change: Link) -> None:
        a, b = change.a, change.b
        if not 0 <= a < b < self.n:
            raise ConflictError(f"items {a} and {b} are no pair of {self.n} items")
        table = self._links[change.kind]
        if (b in table.get(a, ())) == change.known:
            raise ConflictError(f"{change.kind} of items {a} and {b} is {_known(change.known)}")
        for one, other in ((a, b), (b, a)):
            (table[one].add if change.known else table[one].discard)(other)
            if not table[one]:
                del table[one]

    def _set_apart(self, items: tuple[int, ...], known: bool) -> None:
        inside = all(0 <= item < self.n for item in items)
        if len(items) < 2 or list(items) != sorted(set(items)) or not inside:
            raise ConflictError(f"items {str(items)[:40]} are no set of {self.n} items, ascending")
        if (items in self._apart) == known:
            raise ConflictError(f"that items {str(items)[:40]} are apart is {_known(known)}")
        if known:
            self._apart[items] = frozenset(items)  # which knows its hash, as tuples do not
            whole = self._apart[items]
        else:
            whole = self._apart.pop(items)
        for item in items:
            sets = self._apart_of[item]
            (sets.add if known else sets.discard)(whole)
            if not sets:
                del self._apart_of[item]

    def _place(self, placed: Int64, revision: int) -> None:
        if len(placed) > self.n:
            raise ConflictError(f"a run placed {len(placed)} items, but there are {self.n}")
        before = self._group_of
        after = np.concatenate([placed.astype(np.int64), before[len(placed) :]])
        changed = np.flatnonzero(before != after)
        self._group_of = after
        for number, items in _by_group(after, changed):
            if number not in self.groups:
                self.groups[number] = Group(number)
            self.groups[number].members.update(items)
            self.groups[number].revision = revision
        for number, items in _by_group(before, changed):
            group = self.groups[number]
            group.members.difference_update(items)
            group.revision = revision
            if not group.members and group.plain:
                del self.groups[number]
        self.next_group = max(self.next_group, int(after.max(initial=0)) + 1)


def _by_group(group_of: Int64, items: Int64) -> Iterable[tuple[int, list[int]]]:
    """Items by their group, those of none left out."""
    if not len(items):
        return
    own = group_of[items]
    order = np.argsort(own, kind="stable")
    numbers, starts = np.unique(own[order], return_index=True)
    for number, some in zip(numbers, np.split(items[order], starts[1:]), strict=True):
        if number != NO_GROUP:
            yield int(number), some.tolist()


def _in_words(group: int) -> str:
    return "no group" if group == NO_GROUP else f"group {group}"


def _rejected(rejected: bool) -> str:
    return "turned down" if rejected else "open"


def _known(known: bool) -> str:
    return "known already" if known else "not known"
