"""Searches for the rate that meets a target."""

from __future__ import annotations

import numpy as np
import pytest

from covey.codec.rate_search import largest_below, smallest_above


def _curves() -> list:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=9000) * 3e-4
    return [
        lambda r: 3000 * np.exp(r / 2600),
        lambda r: 3000 * np.exp(r / 2600 + noise[r]),
        lambda r: 500 + 40 * np.sqrt(r + 1) * (1 + (r > 4000)),
        lambda r: np.exp(1 + (r / 9000) ** 4 * 8),
    ]


@pytest.mark.parametrize("curve", range(4))
def test_sizes(curve) -> None:
    size = _curves()[curve]
    passes = []
    for target in np.geomspace(float(size(0)) * 1.02, float(size(8999)) * 0.98, 25):
        seen = []

        def make(rate: int, seen=seen) -> tuple[float, str]:
            assert rate not in seen, "nothing is made twice"
            seen.append(rate)
            return float(size(rate)), f"at {rate}"

        found = largest_below(make, float(target))
        assert found.met
        assert found.made == f"at {found.rate}"
        assert found.value <= target
        steps = np.array(
            [size(r) for r in range(max(0, found.rate - 1), min(9000, found.rate + 3))]
        )
        assert found.value >= 0.995 * target or (steps > target).any()
        assert found.passes == len(seen)
        passes.append(len(seen))
    assert np.mean(passes) < (3.2, 3.2, 8, 7)[curve]
    assert max(passes) < 20


def test_qualities() -> None:
    def make(rate: int) -> tuple[float, int]:
        return 25 + 15 * (rate / 8999) ** 0.8, rate

    for target in (25.5, 31.7, 39.9):
        found = smallest_above(make, target)
        assert found.met
        assert target <= found.value < target + 0.02
        assert found.passes < 7


def test_targets_out_of_reach() -> None:
    small = largest_below(lambda rate: (1000.0 + rate, None), 10.0)
    assert (small.rate, small.met) == (0, False)
    large = largest_below(lambda rate: (1000.0 + rate, None), 1e9)
    assert (large.rate, large.met) == (8999, True)
    low = smallest_above(lambda rate: (20 + rate / 1000, None), 5.0)
    assert (low.rate, low.met) == (0, True)
    high = smallest_above(lambda rate: (20 + rate / 1000, None), 99.0)
    assert (high.rate, high.met) == (8999, False)


def test_a_good_first_guess_is_enough() -> None:
    found = largest_below(lambda rate: (1000.0 + rate, None), 5003.0, first=4000)
    assert (found.rate, found.passes) == (4000, 1)


def test_a_jump_over_the_target() -> None:
    found = largest_below(lambda rate: (100.0 if rate < 777 else 200.0, None), 150.0)
    assert (found.rate, found.met) == (776, True)
    found = smallest_above(lambda rate: (30.0 if rate < 777 else 40.0, None), 35.0)
    assert (found.rate, found.met) == (777, True)
