"""Labelled items as a training wants them: each row once, groups drawn or held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.types import Float32, InputError, Int64, IntArray
from covey.vectors import as_rows, group_equal_rows, take_rows

_FEWEST = 3  # groups of two items or more that are worth holding out
_GIANTS = 10  # so many groups, of any size, fit into what is drawn


@dataclass(frozen=True, slots=True)
class LabelledRows:
    """Embeddings with their groups.

    Attributes:
        rows: (n, d) float32 of unit length.
        labels: (n,) int64 group of each.
    """

    rows: Float32
    labels: Int64

    def of(self, chosen: NDArray[np.bool_]) -> LabelledRows:
        """The rows that are chosen."""
        return LabelledRows(self.rows[chosen], self.labels[chosen])

    def together(self, centres: IntArray, others: IntArray) -> NDArray[np.bool_]:
        """(b, h) whether each centre (b,) is of one group with others (b, h); nobody's never."""
        own = self.labels[centres][:, None]
        shared: NDArray[np.bool_] = (self.labels[others] == own) & (own >= 0)
        return shared


def check_enough_groups(
    name: str, labels: Int64, fewest: int = 2, *, hint: str = "label more"
) -> None:
    """Refuses labels that do not show what belongs together and what does not.

    Args:
        name: Of the collection, for the message.
        labels: (n,) groups of different rows, negative for those of nobody.
        fewest: Groups of two items that are needed.
        hint: The way out, for the message.

    Raises:
        InputError: If fewer groups have two items.
    """
    counts = np.unique(labels[labels >= 0], return_counts=True)[1]
    several = int(np.count_nonzero(counts > 1))
    if several < fewest:
        raise InputError(
            f"{name}: {several} of {len(counts)} groups have two different items or more; to learn "
            f"what belongs together takes at least {fewest} such groups: {hint}"
        )


def different_rows(x: NDArray[Any], labels: NDArray[np.integer[Any]]) -> tuple[Float32, Int64]:
    """Unit rows, each once and none of zeros, and their groups from 0, -1 for those of nobody.

    Of equal rows the first that belongs to somebody tells the group.
    """
    usable = x.any(axis=1)
    if not usable.all():
        x, labels = x[usable], labels[usable]
    rows = as_rows(x)
    first, row, _ = group_equal_rows(rows)
    known = np.flatnonzero(labels >= 0)
    codes = np.unique(labels[known], return_inverse=True)[1]
    groups = np.full(len(first), -1, np.int64)
    groups[row[known[::-1]]] = codes[::-1]
    return take_rows(rows, first, in_place=False), groups


def draw_groups(items: LabelledRows, most: int, seed: int) -> tuple[LabelledRows, str]:
    """Leaves so many items that they are affordable: random groups, whole unless they are giants.

    A group keeps a tenth of what may be had at most, or more where all groups fit cut to one size:
    so no group alone fills the places, and however large they are, ten or all of them are there.
    Items that are alone in their group take the part that they have of all items, half at most.

    Shuffling the items draws the same ones, as a hash of their content puts them in the order that
    the seed then mixes; new names for the groups draw the same where they sort alike.

    Args:
        items: n items, no two equal.
        most: Items to leave, at most.
        seed: Of the draw.

    Returns:
        The items in their order, all where there are no more than `most`; and in words what was
        left out, empty where nothing was.
    """
    n = len(items.rows)
    if n <= most:
        return items, ""
    rng = np.random.default_rng(seed)
    _, row, key = group_equal_rows(items.rows)
    place = np.empty(n, np.int64)
    place[np.argsort(key[row], kind="stable")] = rng.permutation(n)
    _, code, counts = np.unique(items.labels, return_inverse=True, return_counts=True)
    alone = int(np.count_nonzero(counts == 1))
    room = most - min(alone, most // 2, most * alone // n)
    several = rng.permutation(np.flatnonzero(counts > 1))
    largest = max(1, room // _GIANTS, _common_size(counts[several], room))
    sizes = np.minimum(counts[several], largest)
    drawn = several[np.cumsum(sizes) <= room]
    quota = np.zeros(len(counts), np.int64)
    quota[drawn] = largest
    order = np.lexsort((place, code))
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n) - np.repeat(np.cumsum(counts) - counts, counts)
    chosen = rank < quota[code]
    lone = np.flatnonzero(counts[code] == 1)
    chosen[lone[np.argsort(place[lone])[: most - np.count_nonzero(chosen)]]] = True
    told = f"{np.count_nonzero(chosen):,} of {n:,} items were drawn"
    if thinned := int(np.count_nonzero(counts[drawn] > largest)):
        told += f"; groups that had more than {largest:,} were thinned to that: {thinned:,}"
    return items.of(chosen), told


def _common_size(counts: Int64, room: int) -> int:
    """The largest size that groups may be cut to so that all of them fit."""
    ascending = np.sort(counts)
    left = np.arange(len(ascending), 0, -1)
    level = (room - np.cumsum(ascending) + ascending) // left
    over = np.flatnonzero(ascending > level)
    return int(level[over[0]]) if len(over) else int(ascending.max(initial=0))


def fewest_to_hold_out(one_in: int) -> int:
    """Groups of two items or more from which one in so many is held out."""
    return _FEWEST * one_in


def held_out(labels: Int64, seed: int, one_in: int = 5) -> NDArray[np.bool_]:
    """(n,) whether an item's group is held out: one in so many, with company and without alike.

    None where fewer than three groups with company would be, see `fewest_to_hold_out`.
    """
    found, code, counts = np.unique(labels, return_inverse=True, return_counts=True)
    held = np.zeros(len(found), np.bool_)
    rng = np.random.default_rng(seed)
    for several in (True, False):
        groups = rng.permutation(np.flatnonzero((counts > 1) == several))
        if several and len(groups) < fewest_to_hold_out(one_in):
            break
        held[groups[: len(groups) // one_in]] = True
    return held[code]


def in_folds(labels: Int64, seed: int, most: int = 4) -> Int64:
    """(n,) int64 the fold of each item: whole groups, with company and without dealt out alike.

    Args:
        labels: (n,) groups.
        seed: Draws them.
        most: Folds where the groups suffice for three with company in each; otherwise half as many,
            and so on.

    Returns:
        Folds from 0; 0 throughout where not even two can be made.
    """
    found, code, counts = np.unique(labels, return_inverse=True, return_counts=True)
    several = np.count_nonzero(counts > 1)
    while most > 1 and several < fewest_to_hold_out(most):
        most //= 2
    fold = np.zeros(len(found), np.int64)
    rng = np.random.default_rng(seed)
    for company in (True, False):
        groups = rng.permutation(np.flatnonzero((counts > 1) == company))
        fold[groups] = np.arange(len(groups)) % max(most, 1)
    return fold[code]
