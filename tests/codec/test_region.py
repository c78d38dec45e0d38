"""Masks become maps of rates."""

from __future__ import annotations

import numpy as np
import pytest

from covey.codec.region import region_rates
from covey.types import UsageError


@pytest.mark.parametrize("size", [(1, 1), (32, 64), (33, 64), (100, 70)])
def test_squares_that_a_mask_touches_are_better(size) -> None:
    rng = np.random.default_rng(0)
    mask = rng.random(size) < 0.002
    mask[-1, -1] = True
    rates = region_rates(mask, 10)
    for number in (0, 4000, 8500, 8999):
        found = rates(number)
        assert found.shape == (-(-size[0] // 32), -(-size[1] // 32))
        for (row, column), rate in np.ndenumerate(found):
            part = mask[32 * row : 32 * row + 32, 32 * column : 32 * column + 32]
            assert rate == (min(number + 900, 8999) if part.any() else number)


@pytest.mark.parametrize("gain", [-1, 101, float("nan")])
def test_gains_out_of_range_are_refused(gain) -> None:
    with pytest.raises(UsageError, match="gain of a region"):
        region_rates(np.ones((4, 4), bool), gain)
