"""Rows made ready without more copies than needed."""

from __future__ import annotations

import numpy as np
import pytest

from covey.vectors import as_rows, needs_copy, take_rows


def unit(n: int, d: int) -> np.ndarray:
    x = np.random.default_rng(0).normal(size=(n, d)).astype(np.float32)
    return x / np.linalg.norm(x, axis=1, keepdims=True)


def test_rows_of_unit_length_are_used_as_they_lie() -> None:
    x = unit(50, 8)
    assert as_rows(x) is x
    assert as_rows(3 * x, metric="euclidean").flags.c_contiguous
    for other in (2 * x, x.astype(np.float16), np.asfortranarray(x), x[:, ::2], x[::2].T):
        assert needs_copy(other, "cosine")
        assert as_rows(other) is not other


@pytest.mark.parametrize("in_place", [False, True])
@pytest.mark.parametrize("n", [0, 1, 2, 9, 100])
@pytest.mark.parametrize("share", [0.5, 1.0])
@pytest.mark.parametrize("ascending", [False, True])
def test_taken_rows_are_those_named(in_place: bool, n: int, share: float, ascending: bool) -> None:
    rng = np.random.default_rng(n)
    for _ in range(5):
        x = rng.normal(size=(n, 3)).astype(np.float32)
        wanted = rng.permutation(n)[: int(share * n)]
        if ascending:
            wanted = np.sort(wanted)
        kept = x.copy()
        taken = take_rows(x, wanted, in_place=in_place)
        np.testing.assert_array_equal(taken, kept[wanted])
        assert taken.flags.c_contiguous
        if in_place:
            assert taken is x or taken.base is x
        else:
            np.testing.assert_array_equal(x, kept)


def test_all_rows_in_order_are_no_copy() -> None:
    x = unit(20, 4)
    assert take_rows(x, np.arange(20), in_place=False) is x
