"""How links come out on the way of a training, of what is learned from and of what is not.

Where the first rises on and the second falls, the network learns its items by heart: what learning
from graphs that are heavy with large groups is said to end in. (Yang et al., 2021, arXiv
2107.02477.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.metrics.edges import ranked_precision
from covey.types import Float32

_CERTAIN = 1e-7  # float32 probabilities of 0 and 1 count as so far from it


@dataclass(frozen=True, slots=True)
class LinkFit:
    """How well links are told apart, each as its centre sees it.

    Attributes:
        loss: Mean cross-entropy, whatever loss is trained on.
        average_precision: Of the links by their probability, NaN where none is within a group.
    """

    loss: float
    average_precision: float


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A training at one step.

    Attributes:
        step: Steps done.
        learned: Links of items that are learned from.
        watched: Links of items of other groups, if any are watched.
    """

    step: int
    learned: LinkFit
    watched: LinkFit | None


def judge_links(scores: Float32, same: NDArray[np.bool_]) -> LinkFit:
    """Compares probabilities of links with what they are.

    Args:
        scores: Probabilities, at least one, in any shape.
        same: As many, whether both ends are of one group.
    """
    right = np.where(same, scores, 1 - scores).astype(np.float64)
    loss = -np.log(np.maximum(right, _CERTAIN)).mean()
    return LinkFit(float(loss), ranked_precision(scores.ravel(), same.ravel()))
