"""From scores to probabilities, and from probabilities to one cut, without labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.types import Int64


@dataclass(frozen=True, slots=True)
class CutCurve:
    """What the partition looks like at each cut that was tried, finest last.

    Attributes:
        cut: (c,) float64, ascending edge-weight cuts.
        n_clusters: (c,) int64, clusters with singletons counted.
        n_singletons: (c,) int64.
        largest: (c,) int64, items in the largest cluster.
        precision, recall: (c,) float64, expected pairwise precision and recall, NaN if unknown.
        chosen: Index of the cut that was taken.
    """

    cut: NDArray[np.float64]
    n_clusters: Int64
    n_singletons: Int64
    largest: Int64
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    chosen: int
