"""A small codec of random weights, and pictures."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def body(small_body):
    return small_body


@pytest.fixture(scope="session")
def codec(small_codec):
    return small_codec


@pytest.fixture(scope="session")
def smooth():
    """(height, width) of pixels to a picture that is neither flat nor noise."""

    def make(height: int, width: int, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[:height, :width] / 40.0
        waves = [np.sin(a * x + b * y + c) for a, b, c in rng.normal(size=(3, 3)) * 2]
        noise = rng.normal(size=(height, width, 3)) * 6
        return np.clip(128 + 80 * np.stack(waves, -1) + noise, 0, 255).astype(np.uint8)

    return make
