"""Integer tables."""

from __future__ import annotations

import numpy as np
import pytest

from covey.codec.entropy.tables import TOTAL, Tables, as_frequencies, logistic_tables


def test_tables_of_logistic_laws() -> None:
    scales = np.geomspace(0.05, 120, 64)
    tables = logistic_tables(scales)
    tables.check()
    for number, scale in enumerate(scales):
        found = tables.of(number)
        r = int(tables.radius[number])
        assert len(found) == 2 * r + 2
        assert found.sum() == TOTAL
        assert found.min() >= 1
        assert found[r] >= found[:-1].max() - 1
        if scale < 60:
            assert found[-1] < TOTAL / 2000
        middle = np.tanh(0.25 / scale)
        assert found[r] / TOTAL == pytest.approx(middle, abs=0.04)


@pytest.mark.parametrize("size", [1, 2, 3, 2048])
def test_frequencies(size) -> None:
    share = np.random.default_rng(0).random(size) ** 8
    found = as_frequencies(share)
    assert (found.sum(), found.min() >= 1) == (TOTAL, True)


def _bad(**changes) -> Tables:
    tables = logistic_tables(np.array([0.1, 1.0, 5.0]))
    return Tables(**{"frequencies": tables.frequencies, "radius": tables.radius} | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"radius": np.array([1, 2, -1], np.int32)},
        {"radius": np.array([1, 2, 2000], np.int32)},
        {"radius": np.array([[1]], np.int32)},
        {"frequencies": np.ones(5, np.int32)},
    ],
)
def test_tables_that_do_not_fit_are_refused(changes) -> None:
    with pytest.raises(ValueError, match=r"[Tt]ables|radii"):
        _bad(**changes).check()


def test_a_frequency_of_0_is_refused() -> None:
    tables = _bad()
    frequencies = tables.frequencies.copy()
    frequencies[0], frequencies[1] = 0, frequencies[1] + frequencies[0]
    with pytest.raises(ValueError, match="above 0"):
        Tables(frequencies, tables.radius).check()
