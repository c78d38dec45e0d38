from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from covey.clustering import cluster
from covey.io.report.groups import group
from covey.io.report.verdict import agreement_sentence, judge


@pytest.mark.parametrize(
    ("precision", "recall", "agreement", "level"),
    [
        (0.99, 0.97, 0.9, "trust"),
        (0.99, 0.97, 0.5, "look"),
        (0.99, 0.97, 0.2, "doubt"),
        (0.99, 0.97, float("nan"), "trust"),
        (0.99, 0.8, 0.9, "look"),
        (0.99, 0.2, 0.9, "doubt"),
        (0.85, 0.95, 0.9, "look"),
        (0.85, 0.4, 0.9, "doubt"),
        (0.5, 0.99, 0.9, "doubt"),
        (float("nan"), 0.9, 0.9, "look"),
    ],
)
def test_levels(digits, precision: float, recall: float, agreement: float, level: str) -> None:
    report = replace(
        digits[0].report,
        expected_precision=precision,
        expected_recall=recall,
        agreement=agreement,
    )
    assert judge(report, group(digits[0])).level == level


def test_weak_agreement_comes_first(digits) -> None:
    report = replace(digits[0].report, agreement=0.12)
    verdict = judge(report, group(digits[0]))
    assert "there may be no groups here" in verdict.heading
    assert "agree on the clusters by 12%" in verdict.sentence
    assert "mean little" in agreement_sentence(0.12)
    assert "from other signs" in agreement_sentence(0.9)
    assert "groups with labels" in agreement_sentence(0.9, by_labels=True)


def test_few_items_are_not_called_groupless(result_from) -> None:
    result = result_from([0, 0, 0, 1, 1], [(0, 1, 0.9), (1, 2, 0.9), (3, 4, 0.9)])
    report = replace(result.report, agreement=0.0)
    verdict = judge(report, group(result))
    assert verdict.level == "look"
    assert "5 items without repeats: too few" in verdict.sentence


def test_repeats_count_once_as_in_the_notes() -> None:
    few = cluster(np.repeat(np.random.default_rng(0).normal(size=(12, 32)), 4, axis=0))
    assert few.report.n_unique == 12
    assert any("Only 12 items without repeats" in note for note in few.report.notes)
    verdict = judge(few.report, group(few))
    assert verdict.level == "look"
    assert "12 items without repeats" in verdict.sentence


def test_noise_is_told_from_groups() -> None:
    noise = cluster(np.random.default_rng(0).normal(size=(300, 32)))
    assert judge(noise.report, group(noise)).level == "doubt"
