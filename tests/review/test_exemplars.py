"""Items that stand for a group."""

import numpy as np
import pytest

from covey.review.exemplars import exemplars


def two_kinds(metric: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of 200 of one kind and 100 of another, all of the former stronger than of the latter."""
    rng = np.random.default_rng(0)
    kind = np.repeat([0, 1], [200, 100])
    x = 5 * rng.normal(size=(2, 16))[kind] + rng.normal(size=(300, 16))
    if metric == "cosine":
        x *= rng.uniform(0.1, 9, (300, 1))
    return x.astype(np.float32), np.linspace(1, 0, 300).astype(np.float32)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_both_kinds_are_shown_though_the_strongest_are_of_one(metric: str) -> None:
    x, strength = two_kinds(metric)
    members = np.arange(300)
    found = exemplars(members, strength, lambda items: x[items], 4, metric=metric)
    assert len(set(found)) == 4
    assert {item >= 200 for item in found[:2]} == {True, False}


def test_a_stray_is_not_shown() -> None:
    x, strength = two_kinds("cosine")
    x[299] = -x[:200].mean(axis=0)
    found = exemplars(np.arange(300), strength, lambda items: x[items], 2)
    assert 299 not in found


def test_of_few_all_are_shown_the_strongest_first_and_no_row_is_read() -> None:
    strength = np.array([0.1, 0.9, 0.5], np.float32)

    def rows(items: np.ndarray) -> np.ndarray:
        raise AssertionError("not needed")

    assert exemplars(np.array([4, 6, 8]), strength, rows, 4) == [6, 8, 4]
    assert exemplars(np.empty(0, np.int64), strength[:0], rows, 4) == []


def test_equal_rows_come_by_strength_and_number() -> None:
    x = np.ones((6, 3), np.float32)
    strength = np.array([0.5, 0.9, 0.9, 0.1, 0.1, 0.1], np.float32)
    assert exemplars(np.arange(6), strength, lambda items: x[items], 3) == [1, 2, 0]


def test_of_many_a_few_rows_are_read() -> None:
    read = []

    def rows(items: np.ndarray) -> np.ndarray:
        read.append(len(items))
        return np.random.default_rng(1).normal(size=(len(items), 4)).astype(np.float32)

    strength = np.linspace(0, 1, 10_000).astype(np.float32)
    assert len(exemplars(np.arange(10_000), strength, rows, 4)) == 4
    assert read == [64]
