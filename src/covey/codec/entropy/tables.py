"""Frequencies of whole numbers, as integers: what the coder knows of a value is a table's number.

A table of radius r gives the frequencies of -r ... r, and at the end that of an escape, which
stands for all others. Frequencies of a table sum to 2^16 and none is 0. Tables are part of a
model's weights and are read from there, never computed again: a function that another machine
rounds otherwise would make streams that it cannot read.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from covey.types import Int64

TOTAL = 1 << 16
MOST_RADIUS = 1023
_PRIOR = 1000.0  # values that the law counts for where tables are fitted
_TAIL = 2.0**-13  # of values beyond the radius, at most, where that allows


@dataclass(frozen=True, slots=True)
class Tables:
    """Frequencies of all tables; the first one is of values that are always 0, and is not coded.

    Attributes:
        frequencies: int32, those of all tables one after another.
        radius: (tables,) int32.
    """

    frequencies: NDArray[np.int32]
    radius: NDArray[np.int32]

    @property
    def start(self) -> Int64:
        """(tables + 1,) where each begins."""
        return np.concatenate([[0], np.cumsum(2 * self.radius.astype(np.int64) + 2)])

    def of(self, number: int) -> NDArray[np.int32]:
        """(2 radius + 2,) frequencies of one."""
        start = self.start
        return self.frequencies[start[number] : start[number + 1]]

    def check(self) -> None:
        """Refuses tables that a coder could not use.

        Raises:
            ValueError: If anything does not fit.
        """
        if self.radius.ndim != 1 or len(self.radius) < 2 or self.frequencies.ndim != 1:
            raise ValueError("tables must be a list of frequencies and one of radii")
        if (self.radius < 0).any() or (self.radius > MOST_RADIUS).any():
            raise ValueError(f"radii of tables must lie in [0, {MOST_RADIUS}]")
        if len(self.frequencies) != self.start[-1]:
            raise ValueError("tables are not as long as their radii say")
        sums = np.add.reduceat(self.frequencies.astype(np.int64), self.start[:-1])
        if (self.frequencies < 1).any() or (sums != TOTAL).any():
            raise ValueError(f"frequencies of a table must be above 0 and sum to {TOTAL}")


def logistic_tables(scales: NDArray[np.float64]) -> Tables:
    """Tables of logistic laws around 0, of values that are a step of 1 wide.

    Args:
        scales: (tables,) ascending.
    """
    radius, frequencies = [], []
    for scale in scales:
        r = int(np.clip(np.ceil(scale * np.log(1 / _TAIL)), 1, MOST_RADIUS))
        edges = np.arange(-r, r + 2) - 0.5
        share = np.diff(1 / (1 + np.exp(np.clip(-edges / scale, -700, 700))))
        radius.append(r)
        frequencies.append(as_frequencies(np.append(share, max(0.0, 1 - share.sum()))))
    return Tables(np.concatenate(frequencies), np.array(radius, np.int32))


def fitted_tables(law: Tables, counts: Int64) -> Tables:
    """Tables of how often values came, the law before it counted in as so many values more.

    Args:
        law: What the values were coded by.
        counts: As long as its frequencies; values of either sign count for both.

    Returns:
        Of the same radii; the first, which is not coded, as it is.
    """
    frequencies = law.frequencies.copy()
    for number, (a, b) in enumerate(pairwise(law.start.tolist())):
        if number:
            some = counts[a : b - 1]
            both = np.append((some + some[::-1]) / 2, counts[b - 1])
            frequencies[a:b] = as_frequencies(both + law.frequencies[a:b] * (_PRIOR / TOTAL))
    return Tables(frequencies, law.radius)


def as_frequencies(share: NDArray[np.float64]) -> NDArray[np.int32]:
    """Shares as whole numbers above 0 that sum to `TOTAL`: 1 each, and the rest in proportion.

    What rounding down leaves goes to those that it took most from.
    """
    exact = share / share.sum() * (TOTAL - len(share))
    found = 1 + np.floor(exact).astype(np.int64)
    left = TOTAL - int(found.sum())
    found[np.argsort(np.floor(exact) - exact, kind="stable")[:left]] += 1
    return found.astype(np.int32)
