"""Names of groups, and what is known of groups that become one."""

from __future__ import annotations

from collections.abc import Sequence

from covey.review.changes import Reversible, Set
from covey.review.state import Group, ReviewState
from covey.types import UsageError

MOST_NAME = 200
"""Characters of a name."""


def joint(target: Group, chosen: Sequence[Group], notes: list[str]) -> list[Reversible]:
    """What is hidden or confirmed of groups that are merged, with notes on what changes."""
    hidden = [each.number for each in chosen if each.hidden]
    confirmed = [each.number for each in chosen if each.confirmed]
    if hidden and len(hidden) < len(chosen):
        notes.append(f"{_listed(hidden)} {_was(hidden)} hidden; the merged group is not")
    if confirmed and len(confirmed) < len(chosen):
        notes.append(f"the merged group is confirmed, as {_listed(confirmed)} {_was(confirmed)}")
    changes: list[Reversible] = []
    if target.hidden and len(hidden) < len(chosen):
        changes.append(Set(target.number, "hidden", True, False))
    if confirmed and not target.confirmed:
        changes.append(Set(target.number, "confirmed", False, True))
    return changes


def namesakes(state: ReviewState, group: int, name: str) -> list[str]:
    """A note if other groups have that name, small and capital letters being the same."""
    others = [
        each.number
        for each in state.groups.values()
        if name and each.number != group and each.name.casefold() == name.casefold()
    ]
    if not others:
        return []
    have = "has" if len(others) == 1 else "have"
    return [f"{_listed(others)} {have} the name {name!r}, too; merge them if they are one"]


def _was(groups: Sequence[int]) -> str:
    return "was" if len(groups) == 1 else "were"


def _listed(groups: Sequence[int]) -> str:
    """`group 3`, or `groups 3, 5 and 8`."""
    if len(groups) == 1:
        return f"group {groups[0]}"
    return f"groups {', '.join(map(str, groups[:-1]))} and {groups[-1]}"


def called(group: Group) -> str:
    """A group by number, and by name where it has one."""
    return f"group {group.number}" + (f" ({group.name})" if group.name else "")


def checked_name(name: str) -> str:
    """The name, without spaces at its ends and several in a row.

    Raises:
        UsageError: If it is too long.
    """
    name = " ".join(name.split())
    if len(name) > MOST_NAME:
        raise UsageError(f"a name has at most {MOST_NAME} characters, this one {len(name)}")
    return name
