"""Changes to a collection under review: small, complete, and all but two with an inverse.

    add     items come, in no group
    place   a run puts all items into groups
    move    items of one group go to another; NO_GROUP is none
    create  a group begins; drop ends an empty one
    set     name, hidden or confirmed of a group
    link    two items must, or cannot, be together; or it is not known any more
    apart   no two of some items can be together; or that is not known any more
    reject  a suggestion is turned down, or may come again

An event is a list of them. What was there before is written down with each, so that an event can be
undone without knowing those before it, and a change that does not fit is found out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from covey.types import InputError

NO_GROUP = -1

Field = Literal["name", "hidden", "confirmed"]
LinkKind = Literal["must", "cannot"]


@dataclass(frozen=True, slots=True)
class Add:
    """Items that come: `count` of them, numbered from `first` on."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Place:
    """All items as a run left them. The groups of each are in the folder of the run."""

    run: int


@dataclass(frozen=True, slots=True)
class Move:
    """Items that go from one group to another."""

    items: tuple[int, ...]
    source: int
    target: int

    def inverse(self) -> Move:
        """Back."""
        return Move(self.items, self.target, self.source)


@dataclass(frozen=True, slots=True)
class Create:
    """A group that begins, empty and without a name."""

    group: int

    def inverse(self) -> Drop:
        """Its end."""
        return Drop(self.group)


@dataclass(frozen=True, slots=True)
class Drop:
    """An empty group, without a name and neither hidden nor confirmed, that ends."""

    group: int

    def inverse(self) -> Create:
        """Its beginning."""
        return Create(self.group)


@dataclass(frozen=True, slots=True)
class Set:
    """What is known of a group."""

    group: int
    field: Field
    old: str | bool
    new: str | bool

    def inverse(self) -> Set:
        """As it was."""
        return Set(self.group, self.field, self.new, self.old)


@dataclass(frozen=True, slots=True)
class Link:
    """What is known of two items, a < b."""

    kind: LinkKind
    a: int
    b: int
    known: bool = True

    def inverse(self) -> Link:
        """The same, known if it was not."""
        return Link(self.kind, self.a, self.b, not self.known)


@dataclass(frozen=True, slots=True)
class Apart:
    """Items no two of which can be together, ascending; one entry an item, not one a pair."""

    items: tuple[int, ...]
    known: bool = True

    def inverse(self) -> Apart:
        """The same, known if it was not."""
        return Apart(self.items, not self.known)


@dataclass(frozen=True, slots=True)
class Reject:
    """A suggestion, by its key."""

    key: str
    rejected: bool = True

    def inverse(self) -> Reject:
        """As it was."""
        return Reject(self.key, not self.rejected)


Reversible = Move | Create | Drop | Set | Link | Apart | Reject
Change = Reversible | Add | Place

_KINDS: dict[str, type[Change]] = {
    "add": Add,
    "place": Place,
    "move": Move,
    "create": Create,
    "drop": Drop,
    "set": Set,
    "link": Link,
    "apart": Apart,
    "reject": Reject,
}
_WORDS = {kind: word for word, kind in _KINDS.items()}


def undone(changes: Sequence[Change]) -> tuple[Reversible, ...]:
    """What takes back changes that were made one after the other.

    Raises:
        ValueError: If one of them cannot be taken back.
    """
    found: list[Reversible] = []
    for change in reversed(changes):
        if isinstance(change, Add | Place):
            raise ValueError(f"{_WORDS[type(change)]} cannot be taken back")
        found.append(change.inverse())
    return tuple(found)


def as_rows(changes: Sequence[Change]) -> list[list[Any]]:
    """Changes as JSON holds them: a word and the values, in the order of the fields."""
    rows: list[list[Any]] = []
    for change in changes:
        values = [getattr(change, name) for name in type(change).__slots__]
        rows.append([_WORDS[type(change)], *values])
    return rows


def from_rows(rows: Sequence[Sequence[Any]]) -> tuple[Change, ...]:
    """Reads what `as_rows` made.

    Raises:
        InputError: If a row is no change.
    """
    found: list[Change] = []
    for row in rows:
        kind = _KINDS.get(row[0]) if row else None
        if kind is None or len(row) != 1 + len(kind.__slots__):
            raise InputError(f"{str(row)[:60]}: is no change")
        values = [tuple(value) if isinstance(value, list) else value for value in row[1:]]
        make: Callable[..., Change] = kind
        found.append(make(*values))
    return tuple(found)
