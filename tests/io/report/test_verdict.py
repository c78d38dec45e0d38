from __future__ import annotations

from dataclasses import replace

import pytest

from covey.io.report.groups import group
from covey.io.report.verdict import judge


@pytest.mark.parametrize(
    ("precision", "recall", "level"),
    [
        (0.99, 0.97, "trust"),
        (0.99, 0.8, "look"),
        (0.99, 0.2, "doubt"),
        (0.85, 0.95, "look"),
        (0.85, 0.4, "doubt"),
        (0.5, 0.99, "doubt"),
        (float("nan"), 0.9, "look"),
    ],
)
def test_levels(digits, precision: float, recall: float, level: str) -> None:
    report = replace(digits[0].report, expected_precision=precision, expected_recall=recall)
    assert judge(report, group(digits[0])).level == level
