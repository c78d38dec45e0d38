"""Two bytes that tell drift from rounding."""

from __future__ import annotations

import numpy as np
import pytest

from covey.codec.video.digest import TOLERANCE, apart, digest


def test_the_same_on_every_machine() -> None:
    frame = (np.arange(2 * 40 * 30 * 3) * 7919 % 256).astype(np.uint8).reshape(2, 40, 30, 3)
    assert [digest(frame[0], 0), digest(frame[0], 1), digest(frame[1], 0)] == GOLDEN


GOLDEN = [48612, 30283, 63123]


def _off(deviation: float, seeds: range, size: int = 64) -> np.ndarray:
    found = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        frame = rng.integers(40, 216, (size, size, 3)).astype(np.uint8)
        noise = np.round(rng.normal(0, deviation, frame.shape))
        other = np.clip(frame + noise, 0, 255).astype(np.uint8)
        found.append(apart(digest(frame, seed), digest(other, seed)))
    return np.array(found)


def test_equal_frames_are_not_apart() -> None:
    assert not _off(0, range(20)).any()


def test_rounding_passes() -> None:
    """One pixel in a hundred a level off, in one direction or the other."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        frame = rng.integers(1, 255, (64, 64, 3)).astype(np.uint8)
        flips = rng.choice([-1, 0, 1], frame.shape, p=[0.005, 0.99, 0.005])
        other = (frame + flips).astype(np.uint8)
        assert apart(digest(frame, seed), digest(other, seed)) <= TOLERANCE


def test_drift_does_not_pass_for_long() -> None:
    off = _off(4.0, range(400))
    passed = (off <= TOLERANCE).mean()
    assert passed < 0.1
    runs = (off <= TOLERANCE).astype(int)
    assert max(map(len, "".join(map(str, runs)).split("0"))) <= 4


def test_other_frame_numbers_have_other_signs() -> None:
    frame = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    assert len({digest(frame, number) for number in range(50)}) > 40


@pytest.mark.parametrize("size", [(1, 1, 3), (1, 7, 3), (700, 3, 3)])
@pytest.mark.parametrize("value", [0, 255])
def test_any_size(size, value) -> None:
    assert 0 <= digest(np.full(size, value, np.uint8), 10**6) <= 65535


def test_sums_go_around() -> None:
    assert apart(0x00FF, 0x0001) == 1.0
    assert apart(0x8000, 0x7F00) == 0.5
    assert apart(0, 0x8080) == 64.0
