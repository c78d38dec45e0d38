"""Blocks that cover all rows once, and rows of length 1."""

import numpy as np
import pytest

from covey.datasets.rows import row_parts, unit_rows


@pytest.mark.parametrize("n", [0, 1, 16_383, 16_384, 16_385, 50_000])
def test_blocks_cover_every_row_once(n):
    taken = np.concatenate([np.arange(n)[part] for part in row_parts(n)] or [np.arange(0)])
    assert (taken == np.arange(n)).all()
    assert max((part.stop - part.start for part in row_parts(n)), default=0) <= 16_384


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_get_length_one_and_zeros_stay(dtype):
    rows = np.array([[3, 4], [0, 0], [-1e-3, 0]], dtype)
    found = unit_rows(rows)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, [[0.6, 0.8], [0, 0], [-1, 0]], rtol=1e-6)
    assert rows[0, 0] == 3
