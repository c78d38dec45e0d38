"""What a reviewer should look at next, ordered by what an answer is expected to gain.

    merge     two groups may be one:        chance 2 a b / (a + b)
    mixed     a group may be two:           chance 2 a b / (a + b) of its two halves
    outlier   an item may belong elsewhere: chance 1
    home      an item in no group may belong to one: chance 1
    name      a group without a name:       its size / 100, below most of the others

A gain is in items: if two parts of a and b items are really one group, b / (a + b) is missing from
the BCubed recall of each of the a items and a / (a + b) from that of each of the b, which is
2 a b / (a + b) in all; and the same of precision where they are really two.

How chances come about is told in `chances`. What was turned down never comes again, nor does what
links forbid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from covey.review.chances import (
    HOME,
    MERGE,
    OUTLIER,
    chances,
    home_signs,
    merge_signs,
    outlier_signs,
)
from covey.review.changes import NO_GROUP
from covey.review.corrections import Evidence, merge_key
from covey.review.item_links import ItemLinks, begins
from covey.review.state import Group, ReviewState
from covey.review.ties import Pulls, Ties, pulls_on, ties_between
from covey.types import Float32, Int64

SuggestionKind = Literal["merge", "mixed", "outlier", "home", "name"]

LEAST_CHANCE = 0.02
"""Below, nothing is suggested."""
LEAST_TIE = 0.02
"""Of groups and of items to groups: below, no chance is reckoned."""

_NAME_WORTH = 0.01
_NOTHING = 1e-9


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something to look at.

    Attributes:
        key: The same for the same question, for good.
        kind: What it is about.
        groups: Numbers of those concerned; of a home or an outlier where the item would go last.
        items: Concerned ones: the outlier; of a mixed group those that may be another group.
        chance: That it is right.
        gain: Items, see the module.
    """

    key: str
    kind: SuggestionKind
    groups: tuple[int, ...]
    items: tuple[int, ...]
    chance: float
    gain: float


def likely_merges(
    state: ReviewState, known: Evidence, links: ItemLinks, of: Iterable[int] | None = None
) -> list[Suggestion]:
    """Pairs of groups that may be one.

    Args:
        state: The review.
        known: Of the items.
        links: Edges.
        of: Only pairs with one of these groups; None for all.

    Returns:
        In no order.
    """
    ties, signs = tied_groups(state, links, of)
    chance = np.minimum(chances(signs, MERGE), ties.tie)
    likely = np.flatnonzero(chance >= LEAST_CHANCE)
    found = []
    for small, large, sure in zip(
        ties.small[likely].tolist(),
        ties.large[likely].tolist(),
        chance[likely].tolist(),
        strict=True,
    ):
        a, b = min(small, large), max(small, large)
        if merge_key(a, b) in state.rejected:
            continue
        groups = state.groups[a], state.groups[b]
        if _visible(groups) and not _apart(state, known, *groups):
            gain = sure * harmonic(len(groups[0].members), len(groups[1].members))
            found.append(Suggestion(merge_key(a, b), "merge", (a, b), (), sure, gain))
    return found


def tied_groups(
    state: ReviewState, links: ItemLinks, of: Iterable[int] | None = None
) -> tuple[Ties, NDArray[np.float64]]:
    """Pairs of groups that edges tie to some degree, and (p, s) the signs that they are one."""
    sizes, placed = _sizes(state), state.group_of[: links.n]
    one, other, chance = _ends(state, links, of)
    ties = ties_between(one, other, placed, chance, sizes)
    ties = ties.some(ties.tie >= LEAST_TIE)
    inside = placed != NO_GROUP
    rivals = np.bincount(placed[inside], links.rivals[inside], len(sizes))
    share = ties.tie * sizes[ties.small] / np.maximum(rivals[ties.small], _NOTHING)
    back = ties.back * sizes[ties.large] / np.maximum(rivals[ties.large], _NOTHING)
    signs = merge_signs(ties.tie, ties.back, share, back, sizes[ties.small], links.leak)
    return ties, signs


def homes(
    state: ReviewState, known: Evidence, links: ItemLinks, items: Int64, *, strays: bool
) -> list[Suggestion]:
    """Groups that items may belong to: the one that their edges pull to most.

    Args:
        state: The review.
        known: Of the items.
        links: Edges.
        items: (m,) those that are asked for.
        strays: Whether they are in a group that they may not belong to; otherwise those that are in
            none.

    Returns:
        One for each item that has such a group, in no order.
    """
    pulls, own, signs = pulled_items(state, links, items, strays=strays)
    chance = chances(signs, OUTLIER) if strays else chances(signs, HOME).clip(max=pulls.pull)
    likely = np.flatnonzero((chance >= LEAST_CHANCE) & (pulls.pull * (1 - own) >= own))
    kind: SuggestionKind = "outlier" if strays else "home"
    found = []
    for item, number, sure in zip(
        pulls.item[likely].tolist(),
        pulls.group[likely].tolist(),
        chance[likely].tolist(),
        strict=True,
    ):
        group = state.groups[number]
        key = f"{kind}:{item}:{number}"
        if key in state.rejected or group.hidden:
            continue
        if state.parts((item,), group.members) or _excluded(known, item, group):
            continue
        groups = (int(state.group_of[item]), number) if strays else (number,)
        found.append(Suggestion(key, kind, groups, (item,), sure, sure))
    return found


def pulled_items(
    state: ReviewState, links: ItemLinks, items: Int64, *, strays: bool
) -> tuple[Pulls, NDArray[np.float64], NDArray[np.float64]]:
    """The other group that pulls each item most, if one does to some degree.

    Args:
        state: The review.
        links: Edges.
        items: (m,) those that are asked for.
        strays: As `homes` takes it.

    Returns:
        At most one pull an item; (p,) that of the group that the item is in, 0 for those in none;
        and (p, s) the signs that the item belongs to the other one.
    """
    placed = state.group_of[: links.n]
    items = items[items < links.n]
    items = items[(placed[items] != NO_GROUP) == strays]
    pulls = pulls_on(items, placed, links)
    at_home = pulls.group == placed[pulls.item]
    own = np.zeros(links.n)
    own[pulls.item[at_home]] = pulls.pull[at_home]
    pulls = pulls.some(~at_home & (pulls.pull >= LEAST_TIE))
    pulls = pulls.some(np.lexsort((pulls.group, -pulls.pull, pulls.item)))
    pulls = pulls.some(begins(pulls.item, pulls.item))
    share = pulls.weight / links.total[pulls.item]
    signs = home_signs(pulls.pull, share, pulls.edges, pulls.size, links.leak)
    if strays:
        signs = outlier_signs(signs, own[pulls.item])
    return pulls, own[pulls.item], signs


def unnamed(state: ReviewState, of: Iterable[int] | None = None) -> list[Suggestion]:
    """Groups without a name, the larger the more to gain; all, or those of some that lack one."""
    found = []
    for number in state.groups if of is None else of:
        group = state.groups[number]
        key = f"name:{number}"
        if group.members and not (group.name or group.hidden or key in state.rejected):
            gain = _NAME_WORTH * len(group.members)
            found.append(Suggestion(key, "name", (number,), (), 1.0, gain))
    return found


def by_gain(suggestions: Iterable[Suggestion]) -> list[Suggestion]:
    """The most to gain first; of equal ones by key."""
    return sorted(suggestions, key=lambda each: (-each.gain, each.key))


def harmonic(a: int, b: int) -> float:
    """Items' worth of BCubed that hangs on whether parts of a and b items are one."""
    return 2 * a * b / max(a + b, 1)


def _ends(
    state: ReviewState, links: ItemLinks, of: Iterable[int] | None
) -> tuple[Int64, Int64, Float32]:
    if of is None:
        items = np.arange(links.n)
    else:
        members = [item for number in of for item in state.groups[number].members]
        items = np.array(sorted(members), np.int64)
        items = items[items < links.n]
    return links.of(items)


def _sizes(state: ReviewState) -> Int64:
    """Members by number of the group."""
    grouped = state.group_of[state.group_of != NO_GROUP]
    return np.bincount(grouped, minlength=state.next_group)


def _visible(groups: Sequence[Group]) -> bool:
    return not any(group.hidden for group in groups)


def _apart(state: ReviewState, known: Evidence, one: Group, other: Group) -> bool:
    """Whether it is known that two groups are not one."""
    small, large = sorted((one.members, other.members), key=len)
    if state.parts(small, large):
        return True
    codes = known.exclusive[list(small)]
    codes = codes[codes >= 0]
    return bool(len(codes) and np.isin(codes, known.exclusive[list(large)]).any())


def _excluded(known: Evidence, item: int, group: Group) -> bool:
    code = known.exclusive[item]
    return bool(code >= 0 and (known.exclusive[list(group.members)] == code).any())
