"""What held-out groups told, carried over to collections of other sizes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from covey.calibration import Calibration
from covey.models.held_out import HeldOut, diluted


@pytest.fixture
def held() -> HeldOut:
    return HeldOut(
        100,
        Calibration(np.array([0.1, 0.6]), np.array([0.2, 1.0])),
        np.array([0.2, 0.4, 0.8]),
        np.array([0.5, 0.8, 1.0]),
        np.array([0.9, 0.75, 0.3]),
    )


@pytest.mark.parametrize("strangers", [0.5, 1, 3, 40])
def test_strangers_multiply_and_own_ones_do_not(strangers: float) -> None:
    right, wrong = np.array([0, 1, 8, 10]), np.array([10, 9, 2, 0])
    found = diluted(right / 10, strangers)
    np.testing.assert_allclose(found, right / (right + wrong * strangers))


def test_twice_as_many_items(held) -> None:
    more = held.among(200)
    assert more.n_items == 200
    np.testing.assert_allclose(more.precision, [0.5 / 1.5, 0.8 / 1.2, 1.0])
    np.testing.assert_allclose(more.calibration.probability, [0.2 / 1.8, 1.0])
    for kept in ("cut", "recall"):
        np.testing.assert_array_equal(getattr(more, kept), getattr(held, kept))
    np.testing.assert_array_equal(more.calibration.score, held.calibration.score)


def test_as_many_items_change_nothing_and_the_way_does_not_matter(held) -> None:
    np.testing.assert_allclose(held.among(100).precision, held.precision)
    np.testing.assert_allclose(
        held.among(700).among(30).precision, held.among(30).precision, rtol=1e-12
    )
    assert (held.among(30).precision >= held.precision).all()
    np.testing.assert_array_equal(held.among(0).precision, held.among(1).precision)


def test_falls_are_powers_of_growth(held) -> None:
    slow = replace(held, precision_falls=0.5, recall_falls=0.25)
    more = slow.among(1600)
    np.testing.assert_allclose(more.precision, diluted(held.precision, 4.0))
    np.testing.assert_allclose(more.recall, diluted(held.recall, 2.0))
    np.testing.assert_allclose(more.calibration.probability, [0.2 / (0.2 + 0.8 * 4), 1.0])
    np.testing.assert_allclose(more.among(100).recall, held.recall)
    assert (slow.among(25).recall > held.recall).all()


def test_best_cut_moves_up_among_more(held) -> None:
    assert [held.among(n).at_best for n in (10, 100, 5000)] == [0, 1, 2]
    for n in (10, 100, 5000):
        there = held.among(n)
        f = [2 * p * r / (p + r) for p, r in zip(there.precision, there.recall, strict=True)]
        np.testing.assert_allclose(there.f, f)
        assert there.best == max(f)
        assert there.f[there.at_best] == there.best


def test_nothing_right_at_all(held) -> None:
    none = HeldOut(9, held.calibration, held.cut, np.zeros(3), np.zeros(3))
    assert none.f.tolist() == [0, 0, 0]
    assert (none.best, none.at_best) == (0, 0)


def test_foreseen_is_linear_between_cuts_and_constant_outside(held) -> None:
    found = held.foreseen(np.array([-1.0, 0.2, 0.3, 0.7, 0.8, 1.0]))
    np.testing.assert_allclose(
        found,
        [[0.5, 0.9], [0.5, 0.9], [0.65, 0.825], [0.95, 0.4125], [1.0, 0.3], [1.0, 0.3]],
    )
