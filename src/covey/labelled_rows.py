"""Labelled items as a training wants them: each row once, whole groups drawn or held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.types import Float32, InputError, Int64, IntArray
from covey.vectors import as_rows, group_equal_rows, take_rows

_FEWEST = 3  # groups of two items or more that are worth holding out


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


def check_enough_groups(name: str, labels: Int64) -> None:
    """Refuses labels that do not show what belongs together and what does not.

    Args:
        name: Of the collection, for the message.
        labels: (n,) groups of different rows, negative for those of nobody.

    Raises:
        InputError: If fewer than two groups have two items.
    """
    counts = np.unique(labels[labels >= 0], return_counts=True)[1]
    several = int(np.count_nonzero(counts > 1))
    if several < 2:
        raise InputError(
            f"{name}: {several} of {len(counts)} groups have two different items or more; "
            "to learn what belongs together takes at least two such groups"
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


def whole_groups(labels: Int64, most: int, seed: int) -> NDArray[np.bool_]:
    """(n,) whether an item's group is drawn: random ones, until they hold `most` items."""
    _, code, counts = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(counts))
    before = np.cumsum(counts[order]) - counts[order]
    drawn = np.zeros(len(counts), np.bool_)
    drawn[order[before < most]] = True
    return drawn[code]


def held_out(labels: Int64, seed: int, one_in: int = 5) -> NDArray[np.bool_]:
    """(n,) whether an item's group is held out: one in so many, with company and without alike.

    None where fewer than three groups with company would be.
    """
    found, code, counts = np.unique(labels, return_inverse=True, return_counts=True)
    held = np.zeros(len(found), np.bool_)
    rng = np.random.default_rng(seed)
    for several in (True, False):
        groups = rng.permutation(np.flatnonzero((counts > 1) == several))
        if several and len(groups) < _FEWEST * one_in:
            break
        held[groups[: len(groups) // one_in]] = True
    return held[code]
