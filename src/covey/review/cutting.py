"""A group as a hierarchy: into how many parts it would fall, and whether it may be two.

Members are joined by average linkage on their edges alone; undoing the last joins one by one cuts
the group finer and finer. Parts that no edge ties come apart first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.partition.average_linkage import average_linkage
from covey.partition.hierarchy import Tree, cut_tree
from covey.review.chances import MIXED, chances, mixed_signs
from covey.review.changes import NO_GROUP
from covey.review.halves import smaller_halves
from covey.review.item_links import ItemLinks
from covey.review.state import ReviewState
from covey.review.suggestions import LEAST_CHANCE, Suggestion, harmonic
from covey.review.ties import ties_between
from covey.types import Edges, Int64

_LIGHTEST = 1e-6  # mean chance at which members still join
FEWEST = 4
"""Members of a group that may be suggested to be two."""


def inner_tree(members: Int64, links: ItemLinks) -> Tree:
    """Joins the members of a group.

    Args:
        members: (s,) sorted items.
        links: Edges.

    Returns:
        (t, 4) in linkage layout over positions among the members; a forest where t < s - 1.
    """
    return _tree(_inner(members, np.zeros(len(members), np.int64), links), len(members), links)


def cut_into(members: Int64, tree: Tree, parts: int) -> list[list[int]]:
    """The group in so many parts, or as many as nothing ties, if those are more.

    Args:
        members: (s,) sorted items.
        tree: Of `inner_tree`.
        parts: From 1 to s.

    Returns:
        Items of each part, the largest first, equal ones by their first item.
    """
    kept = max(0, len(members) - parts)
    labels = cut_tree(tree[:kept], len(members))
    found: dict[int, list[int]] = {}
    for item, label in zip(members.tolist(), labels.tolist(), strict=True):
        found.setdefault(label, []).append(item)
    return sorted(found.values(), key=lambda part: (-len(part), part[0]))


def mixed_groups(
    state: ReviewState, links: ItemLinks, of: Iterable[int] | None = None
) -> list[Suggestion]:
    """Groups that may be two: whose halves are tied less well than those of one group.

    Args:
        state: The review.
        links: Edges.
        of: Only these groups; None for all.

    Returns:
        In no order.
    """
    numbers = list(state.groups) if of is None else list(of)
    asked = [
        number
        for number in numbers
        if len(state.groups[number].members) >= FEWEST
        and not state.groups[number].hidden
        and f"mixed:{number}" not in state.rejected
    ]
    parted = halved_groups(state, links, asked)
    chance = chances(parted.signs, MIXED)
    found = []
    for at in np.flatnonzero(chance >= LEAST_CHANCE).tolist():
        number, sure = int(parted.group[at]), float(chance[at])
        items = tuple(parted.smaller[parted.start[at] : parted.start[at + 1]].tolist())
        gain = sure * harmonic(len(state.groups[number].members) - len(items), len(items))
        found.append(Suggestion(f"mixed:{number}", "mixed", (number,), items, sure, gain))
    return found


@dataclass(frozen=True, slots=True)
class Parted:
    """Groups in two.

    Attributes:
        group: (g,) int64, ascending; without those of which the run knew less than two items.
        start: (g + 1,) int64 offsets into `smaller`.
        smaller: Items of the smaller half of each, ascending.
        signs: (g, 3) that they are two.
    """

    group: Int64
    start: Int64
    smaller: Int64
    signs: NDArray[np.float64]


def halved_groups(state: ReviewState, links: ItemLinks, of: Sequence[int]) -> Parted:
    """Parts groups where they hang together least.

    Args:
        state: The review.
        links: Edges; items that came later are left out.
        of: Groups.
    """
    placed = state.group_of[: links.n]
    members = np.flatnonzero(np.isin(placed, np.array(of, np.int64)))
    group, own, count = np.unique(placed[members], return_inverse=True, return_counts=True)
    if (count < 2).any():
        return halved_groups(state, links, group[count >= 2].tolist())
    edges = _inner(members, own, links)
    smaller = smaller_halves(members, own, edges, _tree(edges, len(members), links), links)
    half = np.full(links.n, NO_GROUP)
    half[members] = 2 * own + smaller
    one, other = members[edges.source], members[edges.target]
    sizes = np.bincount(half[members], minlength=2 * len(group))
    ties = ties_between(one, other, half, edges.score, sizes)
    tie, back = np.zeros((2, len(group)))
    tie[ties.small // 2], back[ties.small // 2] = ties.tie, ties.back
    order = np.lexsort((members, own))
    order = order[smaller[order]]
    start = np.searchsorted(own[order], np.arange(len(group) + 1))
    return Parted(group, start, members[order], mixed_signs(tie, back, links.leak))


def _tree(edges: Edges, n: int, links: ItemLinks) -> Tree:
    reach = max(1, int(np.diff(links.start).max(initial=1)))
    tree = average_linkage(edges, n, cut=_LIGHTEST, reach=reach).tree
    assert tree is not None
    return tree


def _inner(members: Int64, group: Int64, links: ItemLinks) -> Edges:
    """Edges between members of one group, by their positions."""
    inside = members[members < links.n]
    place = np.full(links.n, -1, np.int64)
    place[inside] = np.flatnonzero(members < links.n)
    one, other, chance = links.of(inside)
    a, b = place[one], place[other]
    kept = (b >= 0) & (a < b)
    a, b, chance = a[kept], b[kept], chance[kept]
    same = group[a] == group[b]
    return Edges(a[same], b[same], np.maximum(chance[same], np.float32(_LIGHTEST)))
