"""Squares that are drawn."""

from __future__ import annotations

import numpy as np
import pytest

from covey.training.drawn_pages import drawn_page


@pytest.mark.parametrize("size", [32, 128])
def test_pages_are_pictures_and_follow_from_the_seed(size) -> None:
    pages = [drawn_page(size, np.random.default_rng(seed)) for seed in range(40)]
    again = [drawn_page(size, np.random.default_rng(seed)) for seed in range(40)]
    for page, same in zip(pages, again, strict=True):
        assert page.shape == (3, size, size)
        assert page.dtype == np.float32
        assert 0 <= page.min() <= page.max() <= 1
        np.testing.assert_array_equal(page, same)
    assert len({page.tobytes() for page in pages}) > 35


def test_pages_have_edges_and_flat_parts() -> None:
    pages = np.stack([drawn_page(128, np.random.default_rng(seed)) for seed in range(60)])
    rise = np.abs(np.diff(pages, axis=3)).max(axis=1)
    assert (rise > 0.2).any(axis=(1, 2)).mean() > 0.7
    assert (rise < 0.01).mean() > 0.6
