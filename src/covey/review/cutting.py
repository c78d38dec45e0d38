"""A group as a hierarchy: into how many parts it would fall, and whether it may be two.

Members are joined by average linkage on their edges alone; undoing the last joins one by one cuts
the group finer and finer. Parts that no edge ties come apart first.
"""

from __future__ import annotations

from collections.abc import Iterable

import numba as nb
import numpy as np
from numpy.typing import NDArray

from covey.partition.average_linkage import average_linkage
from covey.partition.hierarchy import Tree, cut_tree
from covey.review.changes import NO_GROUP
from covey.review.item_links import ItemLinks
from covey.review.state import ReviewState
from covey.review.suggestions import LEAST_CHANCE, Suggestion, harmonic, mean_of_best
from covey.types import Edges, Float32, Int64

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
    edges = _inner(members, np.zeros(len(members), np.int64), links)
    reach = max(1, int(np.diff(links.start).max(initial=1)))
    tree = average_linkage(edges, len(members), cut=_LIGHTEST, reach=reach).tree
    assert tree is not None
    return tree


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
    """Groups that may be two: whose halves are tied less well than one group is.

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
    if not asked:
        return []
    members = np.concatenate([sorted(state.groups[number].members) for number in asked])
    members = members[members < links.n]
    if not len(members):
        return []
    order = np.argsort(members)
    members = members[order]
    group = state.group_of[members]
    edges = _inner(members, group, links)
    reach = max(1, int(np.diff(links.start).max(initial=1)))
    tree = average_linkage(edges, len(members), cut=_LIGHTEST, reach=reach).tree
    assert tree is not None
    smaller = _halves(group, _below_the_roots(tree, len(members)))
    return _told(members, group, smaller, edges)


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


@nb.njit(cache=True, nogil=True)
def _below_the_roots(tree: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """The highest row below the last one of its tree, or the item itself, that each item is in."""
    t = tree.shape[0]
    top, has_parent = np.arange(n + t), np.zeros(n + t, np.bool_)
    for row in range(t):
        has_parent[int(tree[row, 0])] = has_parent[int(tree[row, 1])] = True
    for row in range(t - 1, -1, -1):
        if has_parent[n + row]:
            top[int(tree[row, 0])] = top[n + row]
            top[int(tree[row, 1])] = top[n + row]
    return top[:n]


def _halves(group: Int64, part: Int64) -> NDArray[np.bool_]:
    """Whether each member is not in the largest part of its group."""
    parts = int(part.max(initial=0)) + 1
    pairs, which, size = np.unique(group * parts + part, return_inverse=True, return_counts=True)
    owner = pairs // parts
    order = np.lexsort((pairs, -size, owner))
    first = np.ones(len(order), np.bool_)
    first[1:] = owner[order][1:] != owner[order][:-1]
    largest = np.zeros(len(pairs), np.bool_)
    largest[order[first]] = True
    return ~largest[which]


def _told(
    members: Int64, group: Int64, smaller: NDArray[np.bool_], edges: Edges
) -> list[Suggestion]:
    numbers, own = np.unique(group, return_inverse=True)
    half = 2 * own + smaller
    sizes = np.bincount(half, minlength=2 * len(numbers))
    one = np.concatenate([edges.source, edges.target])
    other = np.concatenate([edges.target, edges.source])
    chance: Float32 = np.tile(edges.score, 2)
    between = (half[one] != half[other]) & smaller[one]
    tied = np.zeros(len(numbers))
    for (a, _), mean in mean_of_best(
        one[between], half[one[between]], half[other[between]], chance[between], sizes
    ):
        tied[a // 2] = mean
    order = np.argsort(own, kind="stable")
    members, lesser = members[order], smaller[order]
    starts = np.searchsorted(own[order], np.arange(len(numbers) + 1))
    found = []
    for at, number in enumerate(numbers.tolist()):
        rest, some = int(sizes[2 * at]), int(sizes[2 * at + 1])
        apart = 1 - float(tied[at])
        if number == NO_GROUP or not some or apart < LEAST_CHANCE:
            continue
        mine = slice(starts[at], starts[at + 1])
        items = tuple(members[mine][lesser[mine]].tolist())
        gain = apart * harmonic(rest, some)
        found.append(Suggestion(f"mixed:{number}", "mixed", (number,), items, apart, gain))
    return found
