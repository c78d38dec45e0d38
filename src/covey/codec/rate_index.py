"""Names of the rates of one network: 9000 steps between ten levels.

A rate is an interval between two neighbouring levels and a mix of both. The index t in [0, 9) of a
rate is that of the level below and the share of the one above; larger is better and takes more
bits. (Interpolation Variable Rate Image Compression, Sun et al., ACM MM 2021: its a is 1 - share
here. Numbers from our notes on the published code.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.types import UsageError

LEVELS = 10
MIXES = 1000
"""Steps between two levels."""

RATES = (LEVELS - 1) * MIXES

Numbers = int | NDArray[np.int64]
"""Number of a rate in [0, 8999], or one for each place of a map."""

PAPER_LAMBDAS = (50.0, 160.0, 300.0, 480.0, 710.0, 1000.0, 1350.0, 1780.0, 2302.0, 2915.0)
"""Weights of the mean squared error of values in [0, 1], of the published levels."""

LAMBDAS = tuple(float(x) for x in np.geomspace(40, 6400, LEVELS).round(1))
"""The same for the default body: each level 1.76 times the one below."""


@dataclass(frozen=True, slots=True, order=True)
class RateIndex:
    """One of the `RATES`.

    Attributes:
        interval: The level below, from 0.
        mix: Thousandths of the level above, in [0, 999].
    """

    interval: int
    mix: int

    def __post_init__(self) -> None:
        if not (0 <= self.interval < LEVELS - 1 and 0 <= self.mix < MIXES):
            raise UsageError(
                f"a rate is an interval of 0 to {LEVELS - 2} and a mix of 0 to {MIXES - 1}, got "
                f"{self.interval} and {self.mix}"
            )

    @classmethod
    def of(cls, number: int) -> RateIndex:
        """From its number in [0, 8999].

        Raises:
            UsageError: If there is none of this number.
        """
        if not 0 <= number < RATES:
            raise UsageError(f"a rate is a number of 0 to {RATES - 1}, got {number}")
        return cls(*divmod(number, MIXES))

    @property
    def number(self) -> int:
        """From 0 to 8999."""
        return self.interval * MIXES + self.mix

    @property
    def t(self) -> float:
        """As networks take it, in [0, 9)."""
        return self.number / MIXES


def lambda_at(t: float, lambdas: Sequence[float], *, linear: bool = False) -> float:
    """The weight of the distortion between two levels.

    Args:
        t: Index, in [0, levels - 1].
        lambdas: Of the levels.
        linear: As published; mended, logarithms are interpolated, so that equal steps are equal
            ratios.
    """
    at = np.arange(len(lambdas))
    if linear:
        return float(np.interp(t, at, lambdas))
    return float(np.exp(np.interp(t, at, np.log(lambdas))))
