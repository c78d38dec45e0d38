"""How far what was promised is from what is true, read from the results of `universal.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHARES = ("precision", "recall")


def calibration_error(bins: Mapping[str, Any]) -> float:
    """Mean gap between the probability of edges and the share that is true, weighted by edges.

    The same number as `covey.metrics.edges.expected_calibration_error`, from the bins that a
    result keeps: sum_b count_b / m |expected_b - observed_b|.

    Args:
        bins: `count`, `expected` and `observed`, one entry a bin; the last two are None where
            the count is 0.

    Returns:
        In [0, 1]; NaN where there are no edges.
    """
    edges = sum(bins["count"])
    if not edges:
        return float("nan")
    rows = zip(bins["count"], bins["expected"], bins["observed"], strict=True)
    return sum(count * abs(said - seen) for count, said, seen in rows if count) / edges


def shortfalls(entry: Mapping[str, Any]) -> dict[str, float]:
    """True minus promised BCubed precision and recall: below 0 where too much was promised."""
    return {share: entry["bcubed"][share] - entry[f"expected_{share}"] for share in SHARES}
