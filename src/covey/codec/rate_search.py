"""The rate at which a picture, or many, come out as large or as good as is wanted.

What is measured (bytes, dB) rises with the number of the rate but for small steps back, and its
logarithm or itself nearly in a line. So the next rate to try is where a line through what was tried
meets the target: first of a slope as codecs have it, then through the last two, and as soon as the
target lies between two through these, drawn towards the middle where an end stays for long
(Illinois: Dowell and Jarratt, BIT 1971). Half of what is left is tried where even that is slow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from covey.codec.rate_index import RATES

Made = TypeVar("Made")
"""What is made at a rate."""

_SLOW = 7  # tries after which what is left is halved
_STEEPER = 2  # that a slope may be, or less steep, than that of codecs
_SIZE_SLOPE, _PSNR_SLOPE = 3.5e-4, 1.8e-3  # of the logarithm of bytes, of dB, per number


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
    line = _Line(-slack, 0.0, _SIZE_SLOPE)
    return _search(make, lambda value: float(np.log(value / target)), line, first, least=True)


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
    line = _Line(0.0, slack, _PSNR_SLOPE)
    return _search(make, lambda value: value - target, line, first, least=False)


def _search(
    make: Callable[[int], tuple[float, Made]],
    off: Callable[[float], float],
    line: _Line,
    first: int | None,
    *,
    least: bool,
) -> Found[Made]:
    """Looks for a rate whose value is off by what the line allows.

    `least` says on which side a value counts as met: at most 0, or at least 0.
    """
    tried: dict[int, tuple[float, float, Made]] = {}
    rate = RATES // 2 if first is None else int(np.clip(first, 0, RATES - 1))
    while line.above - line.below > 1:
        value, made = make(rate)
        error = off(value)
        tried[rate] = (error, value, made)
        if line.low <= error <= line.high:
            break
        line.take(rate, error)
        rate = line.next()
    else:
        inside = [each for each in (line.below, line.above) if each in tried]
        rate = inside[0] if least else inside[-1]
    error, value, made = tried[rate]
    return Found(rate, value, made, len(tried), error <= 0 if least else error >= 0)


class _Line:
    """Where to try next.

    Attributes:
        low, high: Errors that are good enough.
        below, above: Rates between which they must be; what is outside of all at first.
    """

    def __init__(self, low: float, high: float, slope: float) -> None:
        self.low, self.high, self.below, self.above = low, high, -1, RATES
        self._aim, self._slope = (low + high) / 2, slope
        self._weights: dict[int, float] = {}  # errors at the ends, as they count
        self._moved, self._tries = 0, 0

    def take(self, rate: int, error: float) -> None:
        """Learns of an error that is not good enough."""
        side = 1 if error > self.high else -1
        last = self.above if side > 0 else self.below
        weight = error - self._aim
        if side in self._weights and -side not in self._weights:
            slope = (weight - self._weights[side]) / (rate - last)
            self._slope = float(np.clip(slope, self._slope / _STEEPER, self._slope * _STEEPER))
        if side == self._moved and -side in self._weights:
            self._weights[-side] /= 2
        self._weights[side] = weight
        if side > 0:
            self.above = rate
        else:
            self.below = rate
        self._moved, self._tries = side, self._tries + 1

    def next(self) -> int:
        """A rate between both ends."""
        if self._tries > _SLOW:
            wanted = (self.below + self.above) / 2
        elif len(self._weights) == 2:
            share = self._weights[-1] / (self._weights[-1] - self._weights[1])
            wanted = self.below + share * (self.above - self.below)
        else:
            (side,) = self._weights
            end = self.above if side > 0 else self.below
            wanted = end - self._weights[side] / self._slope
        return int(np.clip(round(wanted), self.below + 1, max(self.below + 1, self.above - 1)))
