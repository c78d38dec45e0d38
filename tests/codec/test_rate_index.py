"""Names of rates, and the weights of the distortion between levels."""

from __future__ import annotations

import numpy as np
import pytest

from covey.codec.rate_index import (
    LAMBDAS,
    LEVELS,
    PAPER_LAMBDAS,
    RATES,
    RateIndex,
    lambda_at,
)
from covey.types import UsageError


def test_there_are_nine_thousand():
    assert RATES == 9000
    found = [RateIndex.of(number) for number in range(RATES)]
    assert found == sorted(set(found))
    assert [each.number for each in found] == list(range(RATES))
    t = np.array([each.t for each in found])
    np.testing.assert_allclose(t, np.arange(9000) / 1000)


@pytest.mark.parametrize("number", [-1, 9000])
def test_others_are_refused(number):
    with pytest.raises(UsageError, match="0 to 8999"):
        RateIndex.of(number)


@pytest.mark.parametrize(("interval", "mix"), [(-1, 0), (9, 0), (0, 1000), (0, -1)])
def test_others_are_refused_by_parts(interval, mix):
    with pytest.raises(UsageError, match="interval of 0 to 8 and a mix of 0 to 999"):
        RateIndex(interval, mix)


def test_lambdas_are_those_of_levels_and_between_them():
    for lambdas in (LAMBDAS, PAPER_LAMBDAS):
        assert len(lambdas) == LEVELS
        for level, each in enumerate(lambdas):
            assert lambda_at(level, lambdas) == pytest.approx(each)
            assert lambda_at(level, lambdas, linear=True) == pytest.approx(each)
    assert lambda_at(0.5, PAPER_LAMBDAS, linear=True) == pytest.approx(105)
    assert lambda_at(0.5, PAPER_LAMBDAS) == pytest.approx((50 * 160) ** 0.5)
