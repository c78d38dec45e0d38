"""Clusters of a run, brought to what was said while it was made.

A run knows what was said when it began. What was said since is put on top of its clusters, so that
its work is not lost: groups that were touched since, and pinned ones, stay as they are; items that
were taken out of their groups stay out; what must be together is, and what cannot is not. Items of
none that the run put with items of such a group join it, where nothing forbids that; of several
such groups the one that their edges pull to most.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from covey.partition.canonical import renumber
from covey.partition.constraints import ResolvedConstraints, resolve_constraints
from covey.review.changes import NO_GROUP
from covey.review.item_links import ItemLinks
from covey.review.known import constraints_of
from covey.review.state import ReviewState
from covey.types import Int64

_BEST = 3  # edges that say how much a group pulls


def held_since(state: ReviewState, since: int) -> set[int]:
    """Numbers of groups that a run leaves as they are: pinned ones, and those touched since.

    Args:
        state: As it is now.
        since: Number of the last event that the run knew of.
    """
    touched = {each.number for each in state.groups.values() if each.revision > since}
    return state.pinned() | {number for number in touched if state.groups[number].members}


def up_to_date(
    labels: Int64,
    before: Int64,
    state: ReviewState,
    held: set[int],
    exclusive: Int64,
    links: Callable[[], ItemLinks],
) -> Int64:
    """Clusters in which each group that is held is in one, and nothing that is known is broken.

    Args:
        labels: (m,) cluster of each item in the run, from 0 on.
        before: (m,) its group when the run began, `NO_GROUP` for none.
        state: As it is now, of n items; m <= n.
        held: Numbers of groups, as `held_since` gives them.
        exclusive: (n,) int64, items of one number of 0 or more cannot be together.
        links: Gives the edges of the run; called where they decide something.

    Returns:
        (n,) int64 clusters; items that came since are alone unless they are in a group that is
        held. No cluster has items of two groups that are held.
    """
    n, more = state.n, np.arange(state.n - len(labels))
    cluster = np.concatenate([labels, labels.max(initial=-1) + 1 + more])
    began = np.concatenate([before, np.full(len(more), NO_GROUP)])
    now = state.group_of
    known = resolve_constraints(constraints_of(state, exclusive, held), n)
    part = known.group  # items that must be together move as one
    owner = np.full(known.n_groups, NO_GROUP, np.int64)
    owned = np.isin(now, sorted(held))
    owner[part[owned]] = now[owned]
    next_label = int(cluster.max(initial=-1)) + 1
    home = _most_frequent(part, cluster, known.n_groups)
    for each in np.unique(part[(began != NO_GROUP) & (now == NO_GROUP)]).tolist():
        home[each], next_label = next_label, next_label + 1  # it was taken out, and stays out
    held_parts = np.flatnonzero(owner != NO_GROUP)
    home[held_parts] = next_label + np.arange(len(held_parts))
    led = _led(part, cluster, owner, began)
    grouped = np.isin(np.arange(known.n_groups), part[now >= 0])
    _settle(
        home, led, owner, known, lambda each, leads: _nearest(each, leads, part, links()), grouped
    )
    return renumber(home[part])


def _most_frequent(part: Int64, cluster: Int64, parts: int) -> Int64:
    """(parts,) the cluster that most items of each part are in; of equal ones the first."""
    keys = np.column_stack([part, cluster])
    pairs, count = np.unique(keys, axis=0, return_counts=True)
    order = np.lexsort((pairs[:, 1], -count, pairs[:, 0]))
    first = order[np.unique(pairs[order, 0], return_index=True)[1]]
    found = np.zeros(parts, np.int64)
    found[pairs[first, 0]] = pairs[first, 1]
    return found


def _led(part: Int64, cluster: Int64, owner: Int64, began: Int64) -> dict[int, list[int]]:
    """Parts of held groups whose items the run found in each cluster, the most of them first.

    Only items that were in a group when it began count: what it put with an item of none, which
    somebody put into a group since, does not follow that item.
    """
    leads = (owner[part] != NO_GROUP) & (began != NO_GROUP)
    keys = np.column_stack([cluster[leads], part[leads]])
    pairs, count = np.unique(keys, axis=0, return_counts=True)
    found: defaultdict[int, list[int]] = defaultdict(list)
    for i in np.lexsort((pairs[:, 1], -count, pairs[:, 0])):
        found[int(pairs[i, 0])].append(int(pairs[i, 1]))
    return found


def _settle(
    home: Int64,
    led: dict[int, list[int]],
    owner: Int64,
    known: ResolvedConstraints,
    nearest: Callable[[int, list[int]], list[int]],
    grouped: NDArray[np.bool_],
) -> None:
    """Changes the cluster of parts in `home` that join held ones, or must leave what they are with.

    Args:
        home: (parts,) cluster of each part.
        led: Held parts by cluster of the run.
        owner: (parts,) group that is held, `NO_GROUP` for none.
        known: Tags of the parts: two that share one cannot be together.
        nearest: Orders several held parts for a part.
        grouped: (parts,) bool, whether a part is in a group; such ones join no held ones.
    """
    start, tag = known.tags()
    tags = {int(each): set(tag[start[each] : start[each + 1]].tolist()) for each in _some(led)}
    free = np.flatnonzero(owner == NO_GROUP)
    concerned = np.isin(home[free], [*led, *_clashing(home, start, tag)])
    size = np.bincount(known.group, minlength=known.n_groups)
    free = free[concerned]
    next_label = int(home.max(initial=-1)) + 1
    left: defaultdict[int, list[tuple[int, set[int]]]] = defaultdict(list)
    for each in free[np.lexsort((free, -size[free]))].tolist():
        here, own = int(home[each]), set(tag[start[each] : start[each + 1]].tolist())
        leads = [] if grouped[each] else led.get(here, [])
        leads = nearest(each, leads) if len(leads) > 1 else leads
        joined = next((lead for lead in leads if own.isdisjoint(tags[lead])), None)
        if joined is not None:
            home[each] = home[joined]
            tags[joined] |= own
            continue
        for label, there in left[here]:
            if own.isdisjoint(there):
                home[each] = label
                there |= own
                break
        else:
            label = here if not left[here] else next_label
            next_label += label == next_label
            left[here].append((label, own))
            home[each] = label


def _nearest(each: int, leads: list[int], part: Int64, links: ItemLinks) -> list[int]:
    """Held parts, that first which the best edges of a part pull to most."""
    items = np.flatnonzero(part == each)
    _, other, chance = links.of(items[items < links.n])
    there = part[other]
    pull = {lead: np.sort(chance[there == lead])[-_BEST:].sum() for lead in leads}
    return sorted(leads, key=lambda lead: -pull[lead])


def _some(led: dict[int, list[int]]) -> set[int]:
    return {each for parts in led.values() for each in parts}


def _clashing(home: Int64, start: Int64, tag: Int64) -> list[int]:
    """Clusters with two parts that cannot be together."""
    keys = np.column_stack([np.repeat(home, np.diff(start)), tag])
    pairs, count = np.unique(keys, axis=0, return_counts=True)
    found: list[int] = np.unique(pairs[count > 1, 0]).tolist()
    return found
