"""How well edge weights tell pairs that belong together from pairs that do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from covey.types import Edges, InputError, Int64, UsageError


@dataclass(frozen=True, slots=True)
class Reliability:
    """What edges promise against what they keep, in bins of equal width.

    Attributes:
        bounds: (b + 1,) float64, bounds of the bins from 0 to 1; the last bin holds 1 itself.
        count: (b,) int64, edges in each bin.
        expected: (b,) float64, mean probability of the bin's edges, NaN where there are none.
        observed: (b,) float64, share of them whose ends belong together, NaN where there are none.
    """

    bounds: NDArray[np.float64]
    count: Int64
    expected: NDArray[np.float64]
    observed: NDArray[np.float64]


def average_precision(edges: Edges, labels: ArrayLike) -> float:
    """Area under precision over recall when edges are taken from the heaviest down.

    AP = sum_t (R_t - R_{t-1}) P_t over the distinct weights t, so equal weights count as one
    step and their order does not matter. Recall is over the true edges among `edges`, not over
    all true pairs.

    Args:
        edges: m edges; their probability is used where they have one, otherwise their score.
        labels: (n,) integers, negative for unknown; edges with an unknown end are left out.

    Returns:
        In [0, 1]; NaN where no edge is true. O(m log m) time.

    Raises:
        InputError: If an edge points past `labels`.
    """
    return ranked_precision(*_judged(edges, labels))


def ranked_precision(weight: NDArray[np.floating[Any]], true: NDArray[np.bool_]) -> float:
    """The same of (m,) weights and whether each is of what belongs together."""
    if not true.any():
        return float("nan")
    order = np.argsort(weight, kind="stable")[::-1]
    last_of_tie = np.append(np.flatnonzero(np.diff(weight[order])), len(order) - 1)
    found = np.cumsum(true[order])[last_of_tie]
    precision = found / (last_of_tie + 1)
    return float((np.diff(found, prepend=0) * precision).sum() / found[-1])


def reliability(edges: Edges, labels: ArrayLike, *, bins: int = 10) -> Reliability:
    """Compares the mean probability of edges with the share that is true, bin by bin.

    Args:
        edges: Calibrated edges.
        labels: (n,) integers, negative for unknown; edges with an unknown end are left out.
        bins: Number of bins of equal width.

    Returns:
        One row a bin. O(m) time.

    Raises:
        UsageError: If the edges carry no probability, or `bins` is not positive.
        InputError: If an edge points past `labels`, or a probability lies outside [0, 1].
    """
    if edges.probability is None:
        raise UsageError("these edges carry no probability: calibrate them first")
    if bins < 1:
        raise UsageError(f"bins must be at least 1, got {bins}")
    probability, true = _judged(edges, labels)
    outside = ~((probability >= 0) & (probability <= 1))
    if outside.any():
        raise InputError(
            f"{np.count_nonzero(outside)} edge probabilities lie outside [0, 1], "
            f"the first is {probability[outside][0]}"
        )
    which = np.minimum((probability * bins).astype(np.int64), bins - 1)
    count = np.bincount(which, minlength=bins)
    with np.errstate(invalid="ignore"):
        expected = np.bincount(which, weights=probability, minlength=bins) / count
        observed = np.bincount(which, weights=true, minlength=bins) / count
    return Reliability(np.linspace(0, 1, bins + 1), count, expected, observed)


def expected_calibration_error(edges: Edges, labels: ArrayLike, *, bins: int = 10) -> float:
    """Mean gap between probability and truth over the bins, weighted by their edges.

    ECE = sum_b count_b / m |expected_b - observed_b|. (Naeini, Cooper and Hauskrecht, AAAI 2015.)

    Args:
        edges: Calibrated edges.
        labels: (n,) integers, negative for unknown; edges with an unknown end are left out.
        bins: Number of bins of equal width.

    Returns:
        In [0, 1]; NaN where no edge has two known ends.

    Raises:
        UsageError, InputError: As `reliability`.
    """
    table = reliability(edges, labels, bins=bins)
    filled = table.count > 0
    if not filled.any():
        return float("nan")
    gap = np.abs(table.expected[filled] - table.observed[filled])
    return float(np.average(gap, weights=table.count[filled]))


def _judged(edges: Edges, labels: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Weight and truth of the edges whose two ends are known."""
    known_as = np.asarray(labels)
    if edges.m and max(int(edges.source.max()), int(edges.target.max())) >= len(known_as):
        raise InputError(
            f"an edge points to item {max(edges.source.max(), edges.target.max())}, "
            f"but there are {len(known_as)} labels"
        )
    source, target = known_as[edges.source], known_as[edges.target]
    known = (source >= 0) & (target >= 0)
    return edges.weight[known].astype(np.float64), (source == target)[known]
