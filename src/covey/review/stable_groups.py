"""Groups that keep their numbers from run to run.

A run gives clusters. Each takes the number of the group that it shares most items with, the largest
share first; what is left gets new numbers. Groups that somebody named, confirmed or corrected stay
as they are: items of other groups that a run would add stay apart, those of no group join them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from covey.review.changes import NO_GROUP
from covey.types import Int64


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a run puts the items, and what became of the groups before.

    Attributes:
        groups: (n,) int64 number of the group of each item, `NO_GROUP` for none.
        next_group: A number that no group has.
        kept: Groups that have the same items as before, new ones not counted.
        grown: Those of them that got new items.
        changed: Groups that lost items to others, or got some of them.
        new: Groups that were not there.
        gone: Groups that are not there any more.
        split: Group to those that its items are in now, where there are several.
        merged: Group to those that its items come from, where there are several.
    """

    groups: Int64
    next_group: int
    kept: list[int] = field(default_factory=list)
    grown: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    new: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    split: dict[int, list[int]] = field(default_factory=dict)
    merged: dict[int, list[int]] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """How many of each, for a summary."""
        names = ("kept", "grown", "changed", "new", "gone", "split", "merged")
        return {name: len(getattr(self, name)) for name in names}


def place(labels: Int64, before: Int64, pinned: Collection[int], next_group: int) -> Placement:
    """Numbers the clusters of a run.

    Args:
        labels: (n,) cluster of each item, from 0 on; items alone in a cluster get no group, unless
            a pinned group has just that one.
        before: (n,) number of its group before, `NO_GROUP` for none. Items of one pinned group
            share a cluster, and no cluster has items of two.
        pinned: Numbers of groups that stay as they are.
        next_group: A number that no group has had.

    Returns:
        The placement. O(n log n).
    """
    fixed = np.fromiter(sorted(pinned), np.int64)
    cluster = labels.astype(np.int64).copy()
    of_pinned = np.isin(before, fixed)
    owner = np.full(int(cluster.max(initial=-1)) + 1, NO_GROUP, np.int64)
    owner[cluster[of_pinned]] = before[of_pinned]
    stray = (owner[cluster] != NO_GROUP) & (before != NO_GROUP) & ~of_pinned
    if stray.any():  # they stay apart, each with those that it was with
        keys = np.column_stack([cluster[stray], before[stray]])
        pairs, which = np.unique(keys, axis=0, return_inverse=True)
        cluster[stray] = len(owner) + which.ravel()
        owner = np.concatenate([owner, np.full(len(pairs), NO_GROUP, np.int64)])
    number = _by_overlap(cluster, before, owner, of_pinned)
    sizes = np.bincount(cluster, minlength=len(number))
    fresh = np.flatnonzero((number == NO_GROUP) & (sizes > 1))
    number[fresh] = next_group + np.arange(len(fresh))
    alone = (sizes == 1) & (owner == NO_GROUP)
    number[alone] = NO_GROUP
    groups = number[cluster]
    groups[of_pinned] = before[of_pinned]  # whatever a partition made of them
    return _told(groups, before, next_group + len(fresh))


def _by_overlap(cluster: Int64, before: Int64, owner: Int64, of_pinned: NDArray[np.bool_]) -> Int64:
    """Number of each cluster: of the pinned group in it, or of the group that it shares most of."""
    number = owner.copy()
    free = (before != NO_GROUP) & ~of_pinned & (owner[cluster] == NO_GROUP)
    if not free.any():
        return number
    keys = np.column_stack([cluster[free], before[free]])
    pairs, count = np.unique(keys, axis=0, return_counts=True)
    taken: set[int] = set()
    for i in np.argsort(-count, kind="stable"):
        one, group = int(pairs[i, 0]), int(pairs[i, 1])
        if number[one] == NO_GROUP and group not in taken:
            number[one] = group
            taken.add(group)
    return number


def _told(groups: Int64, before: Int64, next_group: int) -> Placement:
    """What became of the groups."""
    found = Placement(groups, next_group)
    known = before != NO_GROUP
    old = np.unique(before[known])
    now = np.unique(groups[groups != NO_GROUP])
    found.new.extend(np.setdiff1d(now, old).tolist())
    found.gone.extend(np.setdiff1d(old, now).tolist())
    pairs = np.unique(np.column_stack([before[known], groups[known]]), axis=0)
    into: dict[int, list[int]] = {}
    out_of: dict[int, list[int]] = {}
    for was, is_now in pairs.tolist():
        into.setdefault(was, []).append(is_now)
        if is_now != NO_GROUP:
            out_of.setdefault(is_now, []).append(was)
    found.split.update({was: some for was, some in into.items() if len(some) > 1})
    found.merged.update({now: some for now, some in out_of.items() if len(some) > 1})
    got = set(np.unique(groups[~known & (groups != NO_GROUP)]).tolist())
    for number in np.intersect1d(old, now).tolist():
        if into[number] == [number] and out_of[number] == [number]:
            found.kept.append(number)
            if number in got:
                found.grown.append(number)
        else:
            found.changed.append(number)
    return found
