"""The search of squares finds motion that is known."""

from __future__ import annotations

import numpy as np
import pytest

from covey.codec.video.block_search import REACH, block_motion


@pytest.mark.parametrize("shift", [(0, 0), (5, -9), (-3, 2), (REACH - 2, 4), (0, -REACH + 3)])
def test_shifts(smooth, shift) -> None:
    dy, dx = shift
    large = smooth(192, 224)
    before = large[32:160, 32:192]
    frame = large[32 + dy : 160 + dy, 32 + dx : 192 + dx]
    flow = block_motion(np.ascontiguousarray(frame), np.ascontiguousarray(before))
    assert flow.shape == (2, 16, 20)
    inner = flow[:, 5:-5, 5:-5]
    if abs(dy) + abs(dx) < 20:
        assert (inner[0] == dx).mean() > 0.95
        assert (inner[1] == dy).mean() > 0.95
    assert np.median(flow[0]) == dx
    assert np.median(flow[1]) == dy


def test_quarters(smooth) -> None:
    """A frame that is the mean of two neighbours lies half a pixel away."""
    large = smooth(128, 160).astype(np.float32)
    for share, expected in ((0.5, 0.5), (0.25, 0.25)):
        frame = (1 - share) * large[:, :-32] + share * large[:, 1:-31]
        flow = block_motion(np.round(frame).astype(np.uint8), large[:, :-32].astype(np.uint8))
        assert abs(float(np.median(flow[0])) - expected) <= 0.25
        assert float(np.median(flow[1])) == 0


def test_plain_frames_stand_still() -> None:
    plain = np.full((64, 96, 3), 90, np.uint8)
    assert not block_motion(plain, plain).any()


def test_noise_does_not_leave_the_picture() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 256, (2, 32, 64, 3)).astype(np.uint8)
    flow = block_motion(a, b)
    assert np.isfinite(flow).all()
    assert np.abs(flow).max() <= REACH + 6
