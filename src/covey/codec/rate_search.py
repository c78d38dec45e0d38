"""The rate at which a picture, or many, come out as large or as good as is wanted.

What is measured (bytes, dB) rises with the number of the rate but for small steps back, and its
logarithm or itself nearly in a line. So the next rate to try is where a line between the two ends
meets the target, drawn towards the middle where an end stays for long (Illinois: Dowell and
Jarratt, BIT 1971), and half of what is left where even that is slow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from covey.codec.rate_index import RATES

Made = TypeVar("Made")
"""What is made at a rate."""

_SLOW = 6  # tries after which what is left is halved


@dataclass(frozen=True, slots=True)
class Found(Generic[Made]):
    """Where a search ended.

    Attributes:
        rate: Number.
        value: What was measured there.
        made: What was made there.
        passes: How often something was made.
        met: Whether the value is on the side of the target that was wanted.
    """

    rate: int
    value: float
    made: Made
    passes: int
    met: bool


def largest_below(
    make: Callable[[int], tuple[float, Made]],
    target: float,
    *,
    slack: float = 0.005,
    first: int | None = None,
) -> Found[Made]:
    """The highest rate whose value is at most a target: the best picture of a size.

    Args:
        make: Gives the value above 0, rising with the rate, and what was made.
        target: Above 0.
        slack: It is enough to come within this share below the target.
        first: Rate to try first; the middle if None.

    Returns:
        The best that was made; if even the lowest rate is above the target, that one, not met.
    """
    return _search(
        make, lambda value: float(np.log(value / target)), -slack, 0.0, first, least=True
    )


def smallest_above(
    make: Callable[[int], tuple[float, Made]],
    target: float,
    *,
    slack: float = 0.02,
    first: int | None = None,
) -> Found[Made]:
    """The lowest rate whose value is at least a target: the smallest file of a quality.

    Args:
        make: Gives the value, rising with the rate, and what was made.
        target: Of the value.
        slack: It is enough to come within so much above the target.
        first: Rate to try first; the middle if None.

    Returns:
        The smallest that was made; if even the highest rate is below, that one, not met.
    """
    return _search(make, lambda value: value - target, 0.0, slack, first, least=False)


def _search(
    make: Callable[[int], tuple[float, Made]],
    off: Callable[[float], float],
    low: float,
    high: float,
    first: int | None,
    *,
    least: bool,
) -> Found[Made]:
    """Looks for a rate whose value is off by at least `low` and at most `high`.

    `least` says on which side a value counts as met: at most 0, or at least 0.
    """
    tried: dict[int, tuple[float, float, Made]] = {}

    def at(rate: int) -> float:
        if rate not in tried:
            value, made = make(rate)
            tried[rate] = (off(value), value, made)
        return tried[rate][0]

    def found(rate: int) -> Found[Made]:
        error, value, made = tried[rate]
        met = error <= 0 if least else error >= 0
        return Found(rate, value, made, len(tried), met)

    guess = RATES // 2 if first is None else int(np.clip(first, 0, RATES - 1))
    if low <= at(guess) <= high:
        return found(guess)
    below, above = (0, guess) if at(guess) > 0 else (guess, RATES - 1)
    end = below if above == guess else above
    if low <= at(end) <= high or (at(end) > 0) == (at(guess) > 0):
        return found(end)
    weights = [at(below), at(above)]
    stays, moved = 0, 0
    while above - below > 1:
        share = weights[0] / (weights[0] - weights[1])
        if stays > _SLOW:
            share = 0.5
        middle = int(np.clip(round(below + share * (above - below)), below + 1, above - 1))
        error = at(middle)
        if low <= error <= high:
            return found(middle)
        side = 1 if error > 0 else -1
        if side > 0:
            above, weights[1] = middle, error
        else:
            below, weights[0] = middle, error
        if side == moved:
            weights[0 if side > 0 else 1] /= 2
        stays, moved = stays + 1, side
    return found(below if least else above)
