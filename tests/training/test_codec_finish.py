"""What is measured of a trained codec: counts by hand, errors by finite differences."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.entropy.tables import TOTAL, Tables, as_frequencies, fitted_tables  # noqa: E402
from covey.codec.rate_index import LEVELS  # noqa: E402
from covey.training.codec_finish import (  # noqa: E402
    _CountingCoder,
    finished_codec,
    pixel_errors,
)


def _tables() -> Tables:
    shares = [[1, 8, 1, 1], [1, 4, 1, 1], [1, 2, 9, 2, 1, 1]]
    parts = [as_frequencies(np.array(each, np.float64)) for each in shares]
    return Tables(np.concatenate(parts), np.array([1, 1, 2], np.int32))


def test_counts_are_those_of_a_loop() -> None:
    rng = np.random.default_rng(0)
    tables = _tables()
    table = rng.integers(0, 3, 400).astype(np.uint8)
    values = np.where(table == 0, 0, rng.integers(-5, 6, 400)).astype(np.int32)
    coder = _CountingCoder(tables)
    coder.writer().write(values, table)
    expected = np.zeros(len(tables.frequencies), np.int64)
    for value, number in zip(values.tolist(), table.tolist(), strict=True):
        radius = int(tables.radius[number])
        place = value + radius if abs(value) <= radius else 2 * radius + 1
        expected[int(tables.start[number]) + place] += 1
    np.testing.assert_array_equal(coder.counts, expected)


def test_fitted_tables_go_from_the_law_to_the_counts() -> None:
    tables = _tables()
    none = fitted_tables(tables, np.zeros(len(tables.frequencies), np.int64))
    assert np.abs(none.frequencies - tables.frequencies).max() <= 2  # rounded again
    counts = np.zeros(len(tables.frequencies), np.int64)
    a, b = tables.start[2], tables.start[3]
    counts[a:b] = [0, 10**7, 10**7, 3 * 10**7, 0, 0]
    fitted = fitted_tables(tables, counts)
    fitted.check()
    np.testing.assert_array_equal(fitted.of(1), none.of(1))
    share = fitted.of(2) / TOTAL
    np.testing.assert_allclose(share, [0, 0.4, 0.2, 0.4, 0, 0], atol=1e-3)  # both signs alike


def test_errors_are_those_of_a_change_in_one_latent(small_body) -> None:
    """Of a synthesis that is linear: its blocks' way is cut, and the rest has one column each."""
    from copy import deepcopy

    body = deepcopy(small_body)
    with torch.no_grad():
        body.synthesis.last.weight.zero_()
    photograph = np.random.default_rng(1).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    found = pixel_errors(body, [photograph], 64, np.random.default_rng(2))
    assert found.shape == (LEVELS, 16)
    gain = body.synthesis.gain.factors(torch.arange(float(LEVELS))).detach().numpy()
    column = body.synthesis.linear.weight.detach().square().sum((0, 2, 3)).numpy()
    np.testing.assert_allclose(found, gain**2 * column, rtol=0.25)  # 512 draws of signs each


def test_a_finished_codec_is_sound_and_the_same_again(small_body) -> None:
    photograph = np.random.default_rng(1).integers(0, 256, (96, 96, 3)).astype(np.uint8)
    told: list[float] = []
    one = finished_codec(small_body, [photograph], 0, {"it": "is"}, told.append)
    two = finished_codec(small_body, [photograph], 0, {"it": "is"})
    assert one.mark == two.mark
    assert one.about == {"it": "is"}
    assert told[-1] == 1
    one.coder.tables.check()
    assert (one.errors > 0).all()
