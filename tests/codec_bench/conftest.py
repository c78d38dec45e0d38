"""A small clip, for tests of what codes clips."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from covey.codec_bench.held_clip import HeldClip


@pytest.fixture(scope="session")
def waves() -> Callable[..., HeldClip]:
    """`waves(count, height, width)`: three colours that move apart under noise that stays."""

    def make(count: int, height: int = 48, width: int = 64) -> HeldClip:
        noise = np.random.default_rng(0).normal(scale=4, size=(height, width, 3))
        y, x = np.mgrid[:height, :width] / 6.0
        found = []
        for n in range(count):
            colours = np.stack([np.sin(x * a + y + n / 3) for a in (1, 2, 3)], -1)
            found.append(np.clip(128 + 90 * colours + noise, 0, 255).astype(np.uint8))
        return HeldClip("waves", found)

    return make
