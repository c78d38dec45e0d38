"""What scores and cuts meant on labelled groups that a training did not see."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.calibration import Calibration

FEWEST_JUDGES = 50
"""Items that can tell anything."""
_FARTHEST = 8  # times their number

MOST_FALL = 2.0
"""Highest power of growth by which odds are taken to fall."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What refined rows came to on groups that training did not see.

    Attributes:
        n_items: Items of these groups; their neighbours were looked for among themselves.
        calibration: From the score of two neighbours to the share that belonged together.
        cut: (c,) float64, ascending scores below which edges were ignored.
        precision, recall: (c,) float64, BCubed, of the groups at each cut.
        precision_falls, recall_falls: Powers of the growth of a collection by which the odds of
            either fall, at least 0. Measured on these groups and halves of them where they allow
            it; where not, an item is taken to meet that many more strangers and as many of its own.
    """

    n_items: int
    calibration: Calibration
    cut: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    precision_falls: float = 1.0
    recall_falls: float = 0.0

    def among(self, n: int) -> HeldOut:
        """The same for a collection of n items.

        With r times as many items the odds of every precision and probability fall by a power of r,
        and those of recall by another: of a collection of larger and more groups alike nothing
        would change, of one with more groups all that is near a cut has r times as many rivals.
        (Our own assumption; of another kind of growth the two sizes tell nothing.)
        """
        growth = max(n, 1) / max(self.n_items, 1)
        strangers, lost = growth**self.precision_falls, growth**self.recall_falls
        return HeldOut(
            n,
            Calibration(self.calibration.score, diluted(self.calibration.probability, strangers)),
            self.cut,
            diluted(self.precision, strangers),
            diluted(self.recall, lost),
            self.precision_falls,
            self.recall_falls,
        )

    def can_tell_of(self, n: int) -> bool:
        """Whether these groups say anything of a collection of n items.

        A few items find no stranger at any cut, and then none is foreseen among any number of them:
        trained on 12 groups of persons, a model promised a precision of 1 where it was .03. So
        there must be 50, and in the collection at most eight times as many. (Our own bounds.)
        """
        return self.n_items >= FEWEST_JUDGES and n <= _FARTHEST * self.n_items

    @property
    def f(self) -> NDArray[np.float64]:
        """(c,) BCubed F at each cut."""
        total = np.maximum(self.precision + self.recall, 1e-12)
        return np.asarray(2 * self.precision * self.recall / total)

    @property
    def best(self) -> float:
        """Highest BCubed F of any cut."""
        return float(self.f.max())

    @property
    def at_best(self) -> int:
        """Which cut gives it."""
        return int(self.f.argmax())

    def foreseen(self, cut: NDArray[np.float64]) -> NDArray[np.float64]:
        """(c, 2) precision and recall at other cuts: linear between those tried."""
        return np.column_stack(
            [np.interp(cut, self.cut, self.precision), np.interp(cut, self.cut, self.recall)]
        )


def diluted(share: NDArray[np.float64], strangers: float) -> NDArray[np.float64]:
    """A share of right ones where there are so many times as many wrong ones."""
    return share / (share + (1 - share) * strangers)
