"""What a reviewer should look at next, ordered by what an answer is expected to gain.

    merge     two groups may be one:        chance 2 a b / (a + b)
    mixed     a group may be two:           chance 2 a b / (a + b) of its two halves
    outlier   an item may belong elsewhere: chance 1
    home      an item in no group may belong to one: chance 1
    name      a group without a name:       its size / 100, below most of the others

A gain is in items: if two parts of a and b items are really one group, b / (a + b) is missing from
the BCubed recall of each of the a items and a / (a + b) from that of each of the b, which is
2 a b / (a + b) in all; and the same of precision where they are really two.

The chance that groups are one is how well the smaller is tied to the larger: the mean over its
items of the probability of the best edge. What was turned down never comes again, nor does what
links forbid.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from covey.review.changes import NO_GROUP
from covey.review.corrections import Evidence, merge_key
from covey.review.item_links import ItemLinks
from covey.review.state import Group, ReviewState
from covey.types import Float32, Int64

SuggestionKind = Literal["merge", "mixed", "outlier", "home", "name"]

LEAST_CHANCE = 0.02
"""Below, nothing is suggested."""

_NAME_WORTH = 0.01


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
    one, other, chance = _ends(state, links, of)
    g, h = state.group_of[one], state.group_of[other]
    between = (g != NO_GROUP) & (h != NO_GROUP) & (g != h)
    one, other, chance, g, h = (each[between] for each in (one, other, chance, g, h))
    if not len(g):
        return []
    sizes = _sizes(state)
    best: dict[tuple[int, int], float] = {}
    for item, a, b in ((one, g, h), (other, h, g)):
        for pair, mean in mean_of_best(item, a, b, chance, sizes):
            smaller = sizes[pair[0]] < sizes[pair[1]] or (
                sizes[pair[0]] == sizes[pair[1]] and pair[0] < pair[1]
            )
            if smaller:
                key = min(pair), max(pair)
                best[key] = max(best.get(key, 0.0), mean)
    found = []
    for (a, b), mean in best.items():
        if mean < LEAST_CHANCE or merge_key(a, b) in state.rejected:
            continue
        groups = state.groups[a], state.groups[b]
        if _visible(groups) and not _apart(state, known, *groups):
            gain = mean * harmonic(len(groups[0].members), len(groups[1].members))
            found.append(Suggestion(merge_key(a, b), "merge", (a, b), (), mean, gain))
    return found


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
    items = items[(items < links.n) & ((state.group_of[items] != NO_GROUP) == strays)]
    one, other, chance = links.of(items)
    g, h = state.group_of[one], state.group_of[other]
    there = h != NO_GROUP
    one, chance, g, h = one[there], chance[there], g[there], h[there]
    if not len(one):
        return []
    pull = _pull(one, h, chance)
    found = []
    own_pull = {
        item: value for item, h, value in zip(*pull, strict=True) if h == state.group_of[item]
    }
    best: dict[int, tuple[float, int]] = {}
    for item, number, value in zip(*pull, strict=True):
        if number != state.group_of[item] and value > best.get(item, (0.0, 0))[0]:
            best[item] = value, number
    for item, (value, number) in best.items():
        group = state.groups[number]
        own = own_pull.get(item, 0.0) if strays else 0.0
        sure = value * (1 - own)
        kind: SuggestionKind = "outlier" if strays else "home"
        key = f"{kind}:{item}:{number}"
        if sure < max(LEAST_CHANCE, own) or key in state.rejected or group.hidden:
            continue
        if state.kept_from(item) & group.members or _excluded(known, item, group):
            continue
        groups = (int(state.group_of[item]), number) if strays else (number,)
        found.append(Suggestion(key, kind, groups, (item,), sure, sure))
    return found


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


def mean_of_best(
    item: Int64, own: Int64, other: Int64, chance: Float32, sizes: Int64
) -> Iterable[tuple[tuple[int, int], float]]:
    """How well groups are tied to others: the mean over their items of the best edge's chance.

    Args:
        item: (e,) ends of edges.
        own, other: (e,) group of that end, and of the other one.
        chance: (e,) of the edges.
        sizes: Items by group.

    Returns:
        Each pair of groups that an edge ties, and how well the first is tied to the second.
    """
    order = np.lexsort((-chance, other, item))
    item, own, other, chance = item[order], own[order], other[order], chance[order]
    first = np.ones(len(item), np.bool_)
    first[1:] = (item[1:] != item[:-1]) | (other[1:] != other[:-1])
    pairs, which = np.unique(own[first] * len(sizes) + other[first], return_inverse=True)
    a, b = np.divmod(pairs, len(sizes))
    mean = np.bincount(which, chance[first], len(pairs)) / sizes[a]
    return zip(zip(a.tolist(), b.tolist(), strict=True), mean.tolist(), strict=True)


def _pull(item: Int64, group: Int64, chance: Float32) -> tuple[list[int], list[int], list[float]]:
    """Of each item and group: the mean of up to three of the best edges, missing ones as 0."""
    order = np.lexsort((-chance, group, item))
    item, group, chance = item[order], group[order], chance[order]
    first = np.ones(len(item), np.bool_)
    first[1:] = (item[1:] != item[:-1]) | (group[1:] != group[:-1])
    at = np.flatnonzero(first)
    rank = np.arange(len(item)) - np.repeat(at, np.diff(np.append(at, len(item))))
    kept = rank < _BEST
    which = np.cumsum(first) - 1
    total = np.bincount(which[kept], chance[kept], len(at)) / _BEST
    return item[at].tolist(), group[at].tolist(), total.tolist()


_BEST = 3  # edges to a group that say whether an item belongs to it


def _visible(groups: Sequence[Group]) -> bool:
    return not any(group.hidden for group in groups)


def _apart(state: ReviewState, known: Evidence, one: Group, other: Group) -> bool:
    """Whether it is known that two groups are not one."""
    small, large = sorted((one.members, other.members), key=len)
    if any(not large.isdisjoint(state.kept_from(item)) for item in small):
        return True
    codes = known.exclusive[list(small)]
    codes = codes[codes >= 0]
    return bool(len(codes) and np.isin(codes, known.exclusive[list(large)]).any())


def _excluded(known: Evidence, item: int, group: Group) -> bool:
    code = known.exclusive[item]
    return bool(code >= 0 and (known.exclusive[list(group.members)] == code).any())
