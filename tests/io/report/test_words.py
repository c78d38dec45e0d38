from __future__ import annotations

import pytest

from covey import scoring
from covey.io.report.words import SCORERS, count, cut_name, percent, safe, seconds


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (1.0, "100%"),
        (0.99999, "99.9%"),
        (0.994, "99.4%"),
        (0.5, "50%"),
        (0.004, "under 1%"),
        (0.0, "0%"),
        (float("nan"), "unknown"),
    ],
)
def test_percent_never_rounds_to_certainty(share: float, told: str) -> None:
    assert percent(share) == told


def test_counts_and_seconds() -> None:
    assert [count(1, "item"), count(1797, "item")] == ["1 item", "1,797 items"]
    assert cut_name(0.65279) == "0.653"
    assert [seconds(s) for s in (0.041, 12.34, 250)] == ["0.04 s", "12.3 s", "4 min 10 s"]


def test_every_scorer_has_a_name_in_words() -> None:
    assert SCORERS.keys() == set(scoring.SCORERS)


def test_safe_cuts_before_it_escapes() -> None:
    assert safe("<" * 10, most=3) == "&lt;&lt;…"
