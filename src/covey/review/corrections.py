"""What a reviewer does to groups, as changes: nothing is made here, so all of it can be previewed.

Each correction also says what it taught, as links that later runs honour:

    merge      exemplars of the groups must be together
    split      those of the parts cannot
    move       an item must be with the exemplar of its new group, cannot with that of the old one
    remove     an item cannot be with the exemplar of its old group; if all items of a group are
               removed, no two of them can be together
    not same   exemplars of two groups cannot be together

The latest word counts: links that say otherwise are taken back, so that what must be together is
always in one group, and what cannot is never. The exemplar of a group is its strongest member.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from covey.review.changes import (
    NO_GROUP,
    Apart,
    Create,
    Drop,
    Field,
    Link,
    Move,
    Reject,
    Reversible,
    Set,
)
from covey.review.naming import called, checked_name, joint, namesakes
from covey.review.state import ChangedSinceError, ConflictError, Group, ReviewState
from covey.review.teaching import freed, linked, once, parted, united
from covey.types import Float32, Int64, UsageError

_MOST_PARTS = 20
"""Of a split whose parts are all known to differ pairwise; of more, neighbours in the list only."""

KEY = re.compile(r"merge:\d+:\d+|(mixed|name):\d+|(home|outlier):\d+:\d+")
"""Of suggestions."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of items from their run and their source.

    Attributes:
        strength: (n,) float32, how firmly each is in its group; of later items 0.
        exclusive: (n,) int64, items of one number of 0 or more cannot be together.
    """

    strength: Float32
    exclusive: Int64

    def exemplar(self, items: Iterable[int]) -> int:
        """The strongest item, of equal ones the first."""
        some = np.fromiter(items, np.int64)
        some.sort()
        return int(some[np.argmax(self.strength[some])])


@dataclass(frozen=True, slots=True)
class Correction:
    """An event before it is written.

    Attributes:
        kind: In a word.
        about: What was asked for, for people who read the journal.
        changes: In order.
        notes: What a reviewer should know before it is made.
    """

    kind: str
    about: dict[str, Any]
    changes: tuple[Reversible, ...]
    notes: list[str] = field(default_factory=list)


def merge(
    state: ReviewState, known: Evidence, groups: Sequence[int], into: int | None = None
) -> Correction:
    """Makes one group of several.

    It has the name of the one that stays, else the first name of the others; it is confirmed if one
    of them was, and hidden if all were: nothing disappears unseen.

    Args:
        state: As it is.
        known: Of the items.
        groups: At least two.
        into: The one that stays; if None the first with a name, else the largest.

    Raises:
        ConflictError: If a group is not there, or two of their items exclude each other.
        UsageError: If there are not two of them.
    """
    chosen = [state.group(number) for number in dict.fromkeys(groups)]
    if len(chosen) < 2:
        raise UsageError("to merge takes two groups at least; name both")
    if into is not None and into not in [each.number for each in chosen]:
        raise UsageError(f"group {into} is none of those that are merged")
    order = sorted(chosen, key=lambda each: (not each.name, -len(each.members), each.number))
    target = state.group(into) if into is not None else order[0]
    others = [each for each in order if each is not target]
    together = set().union(*(each.members for each in chosen))
    _check_exclusive(known, together)
    notes: list[str] = []
    names = [each.name for each in order if each.name and each.name != target.name]
    changes: list[Reversible] = []
    if target.name and names:
        notes.append(f"the name {target.name!r} stays; {', '.join(map(repr, names))} goes")
    elif names:
        changes.append(Set(target.number, "name", "", names[0]))
    changes += joint(target, chosen, notes)
    changes += united(state, together)
    for other in others:
        if other.members and target.members:
            changes += linked(state, "must", _exemplars(known, target, other))
        changes += _emptied(other, target.number)
    about = {"groups": [each.number for each in chosen], "into": target.number}
    return Correction("merge", about, once(changes), notes)


def split(
    state: ReviewState, known: Evidence, group: int, parts: Sequence[Sequence[int]]
) -> Correction:
    """Makes groups of parts of one; what is in no part stays.

    Args:
        state: As it is.
        known: Of the items.
        group: The one.
        parts: Items of each, all of the group, none in two parts. Where nothing would stay, the
            largest part does.

    Raises:
        ConflictError: If an item is not in the group.
        UsageError: If a part is empty, or an item is in two, or nothing would change.
    """
    whole = state.group(group)
    some = [list(dict.fromkeys(part)) for part in parts]
    flat = [item for part in some for item in part]
    if not some or not all(some):
        raise UsageError("a part without items cannot be split off; choose some")
    if len(set(flat)) < len(flat):
        raise UsageError("an item is in two parts; leave it in one of them")
    for item in flat:
        if item not in whole.members:
            raise ChangedSinceError(f"item {item} is not in group {group} any more; look again")
    if len(flat) == len(whole.members):
        some.remove(max(some, key=len))
    if not some:
        raise UsageError("all items are in one part, so nothing would change")
    rest = whole.members.difference(*some)
    pieces = [set(part) for part in some]
    changes: list[Reversible] = []
    numbers = range(state.next_group, state.next_group + len(some))
    for number, part in zip(numbers, some, strict=True):
        changes += parted(state, set(part))
        changes += [Create(number), Move(tuple(part), group, number)]
    exemplars = [known.exemplar(each) for each in [rest, *pieces]]
    pairs = combinations(exemplars, 2) if len(exemplars) <= _MOST_PARTS else pairwise(exemplars)
    changes += linked(state, "cannot", pairs)
    about = {"group": group, "parts": [len(part) for part in some], "into": list(numbers)}
    return Correction("split", about, once(changes))


def move(
    state: ReviewState, known: Evidence, items: Sequence[int], target: int | None, name: str = ""
) -> Correction:
    """Puts items into another group.

    Args:
        state: As it is.
        known: Of the items.
        items: Wherever they are.
        target: Number of the group; a new one if None.
        name: Of a new one.

    Raises:
        ConflictError: If there is no such item or group, or two items exclude each other.
        UsageError: If there are no items.
    """
    moved = _items(state, items)
    changes: list[Reversible] = []
    notes: list[str] = []
    if target is None:
        number, there = state.next_group, set[int]()
        changes.append(Create(number))
        if name := checked_name(name):
            changes.append(Set(number, "name", "", name))
            notes = namesakes(state, number, name)
    else:
        number, there = target, state.group(target).members
        moved = [item for item in moved if item not in there]
        if not moved:
            raise UsageError(f"all of these items are in group {target} already")
    _check_exclusive(known, there | set(moved))
    changes += united(state, there | set(moved))
    changes += _left(state, known, moved, number)
    exemplar = known.exemplar(there or moved)
    changes += linked(state, "must", ((item, exemplar) for item in moved if item != exemplar))
    about = {"items": moved, "into": number}
    return Correction("move", about, once(changes), notes)


def remove(state: ReviewState, known: Evidence, items: Sequence[int]) -> Correction:
    """Takes items out of their groups, into none.

    A group of which all items are taken out ends, and no run forms it again: no two of its items
    can be together until somebody puts them together.

    Raises:
        ConflictError: If there is no such item.
        UsageError: If none of them is in a group.
    """
    moved = [item for item in _items(state, items) if state.group_of[item] != NO_GROUP]
    if not moved:
        raise UsageError("none of these items is in a group")
    changes = _left(state, known, moved, NO_GROUP)
    gone = [change.group for change in changes if isinstance(change, Drop)]
    notes = [
        f"nothing is left of {called(state.groups[number])}: it is gone, and no run forms it again"
        for number in gone
    ]
    for number in gone:
        items = tuple(sorted(state.groups[number].members))
        changes += [Apart(items)] if len(items) > 1 else []
    return Correction("remove", {"items": moved}, once(changes), notes)


def not_same(state: ReviewState, known: Evidence, a: int, b: int) -> Correction:
    """Says that two groups differ: they are not suggested any more, and no run joins them.

    Raises:
        ConflictError: If one of them is not there.
        UsageError: If both are the same.
    """
    one, other = state.group(a), state.group(b)
    if one is other:
        raise UsageError(f"group {a} is itself; to part it, split it")
    if not (one.members and other.members):
        raise UsageError("one of these groups is empty; nothing can be known of it")
    changes = linked(state, "cannot", _exemplars(known, one, other))
    key = merge_key(one.number, other.number)
    changes += [] if key in state.rejected else [Reject(key)]
    return Correction("not same", {"groups": sorted((a, b))}, once(changes))


def describe(state: ReviewState, group: int, field: Field, value: str | bool) -> Correction:
    """Names, hides or confirms a group, or takes that back.

    Several groups may have one name; a note tells which others have it.

    Raises:
        ConflictError: If it is not there.
        UsageError: If that is so already, or a name is too long.
    """
    old = getattr(state.group(group), field)
    new = checked_name(str(value)) if field == "name" else bool(value)
    if old == new:
        raise UsageError(f"{field} of group {group} is {old!r} already")
    notes = namesakes(state, group, str(new)) if field == "name" else []
    word = {"name": "name", "hidden": "hide", "confirmed": "confirm"}[field]
    return Correction(word, {"group": group, field: new}, (Set(group, field, old, new),), notes)


def reject(state: ReviewState, known: Evidence, key: str) -> Correction:
    """Turns a suggestion down for good, and keeps runs from doing what it said.

    Two groups are not joined; an item does not go to the group that was suggested, and stays in its
    own; a group that is not two is pinned.

    Args:
        state: As it is.
        known: Of the items.
        key: Of the suggestion.

    Raises:
        UsageError: If it is no key, or was turned down before.
        ConflictError: If there is no such item.
    """
    if not KEY.fullmatch(key):
        raise UsageError(f"{key[:40]!r} is no key of a suggestion; take one as it was given")
    if key in state.rejected:
        raise UsageError(f"{key}: was turned down before")
    word, *numbers = key.split(":")
    taught: list[Reversible] = []
    if word in ("home", "outlier"):
        (item,) = _items(state, [int(numbers[0])])
        group, own = state.groups.get(int(numbers[1])), int(state.group_of[item])
        if group is not None and group.members and own != group.number:
            exemplar = known.exemplar(group.members)
            pair = min(item, exemplar), max(item, exemplar)
            if pair[1] in state.linked("must", pair[0]):
                taught.append(Link("must", *pair, known=False))
            taught += linked(state, "cannot", [pair])
        if word == "outlier" and own != NO_GROUP:
            taught += _held(state, known, state.groups[own], item)
    elif word == "mixed" and int(numbers[0]) in state.groups:
        group = state.groups[int(numbers[0])]
        if len(group.members) > 1:
            weakest = min(group.members, key=lambda each: (known.strength[each], each))
            taught += _held(state, known, group, weakest)
    elif word == "merge":
        one, other = (state.groups.get(int(number)) for number in numbers)
        if one is not None and other is not None and one.members and other.members:
            taught += linked(state, "cannot", _exemplars(known, one, other))
    return Correction("reject", {"suggestion": key}, (Reject(key), *once(taught)))


def _held(state: ReviewState, known: Evidence, group: Group, item: int) -> list[Reversible]:
    """An item must stay with the exemplar of its group; with the next one, if it is that."""
    others = group.members.difference([item])
    return linked(state, "must", [(item, known.exemplar(others))]) if others else []


def merge_key(a: int, b: int) -> str:
    """Of the suggestion to merge two groups."""
    return f"merge:{min(a, b)}:{max(a, b)}"


def _exemplars(known: Evidence, one: Group, other: Group) -> list[tuple[int, int]]:
    return [(known.exemplar(one.members), known.exemplar(other.members))]


def _items(state: ReviewState, items: Sequence[int]) -> list[int]:
    some = list(dict.fromkeys(items))
    if not some:
        raise UsageError("no items were named; choose some")
    for item in some:
        if not 0 <= item < state.n:
            raise ConflictError(f"there is no item {item}: there are {state.n}")
    return some


def _left(
    state: ReviewState, known: Evidence, items: Sequence[int], target: int
) -> list[Reversible]:
    """Items leave their groups, which end if nothing is left and nobody said anything of them."""
    by_group: defaultdict[int, list[int]] = defaultdict(list)
    for item in items:
        by_group[int(state.group_of[item])].append(item)
    changes = parted(state, set(items)) if target != NO_GROUP else freed(state, set(items))
    for number, some in sorted(by_group.items()):
        if number == NO_GROUP:
            changes.append(Move(tuple(some), NO_GROUP, target))
            continue
        group = state.groups[number]
        if rest := group.members.difference(some):
            changes.append(Move(tuple(some), number, target))
            exemplar = known.exemplar(rest)
            changes += linked(state, "cannot", ((item, exemplar) for item in some))
        else:
            changes += _emptied(group, target)
    return changes


def _emptied(group: Group, target: int) -> list[Reversible]:
    """All items go, then what is known of the group, then the group."""
    changes: list[Reversible] = []
    if group.members:
        changes.append(Move(tuple(sorted(group.members)), group.number, target))
    if group.name:
        changes.append(Set(group.number, "name", group.name, ""))
    if group.hidden:
        changes.append(Set(group.number, "hidden", True, False))
    if group.confirmed:
        changes.append(Set(group.number, "confirmed", True, False))
    return [*changes, Drop(group.number)]


def _check_exclusive(known: Evidence, items: set[int]) -> None:
    """Refuses two items of one picture in one group."""
    some = np.fromiter(sorted(items), np.int64)
    code = known.exclusive[some]
    some, code = some[code >= 0], code[code >= 0]
    order = np.argsort(code, kind="stable")
    same = np.flatnonzero(code[order][1:] == code[order][:-1])
    if len(same):
        a, b = some[order[same[0]]], some[order[same[0] + 1]]
        raise ConflictError(
            f"items {a} and {b} exclude each other, so they cannot be in one group; take one of "
            "them out first"
        )
