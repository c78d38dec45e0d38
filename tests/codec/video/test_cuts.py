"""Where a scene begins."""

from __future__ import annotations

import numpy as np

from covey.codec.video.cuts import CutFinder


def _found(frames: list[np.ndarray]) -> list[bool]:
    finder = CutFinder()
    return [finder.begins(frame) for frame in frames]


def test_scenes_that_follow_another(smooth) -> None:
    a, b = smooth(80, 120, 1), smooth(80, 120, 2)
    frames = [np.roll(a, n, 1) for n in range(5)] + [np.roll(b, n, 1) for n in range(5)]
    assert _found(frames) == [True] + 4 * [False] + [True] + 4 * [False]


def test_fast_motion_is_no_cut(smooth) -> None:
    frames = [np.roll(smooth(80, 120), 12 * n, 1) for n in range(8)]
    assert sum(_found(frames)) <= 2


def test_a_still_scene_and_a_slow_fade(smooth) -> None:
    a = smooth(80, 120).astype(np.float32)
    assert _found([a.astype(np.uint8)] * 4) == [True, False, False, False]
    fade = [(a * (1 - n / 40)).astype(np.uint8) for n in range(40)]
    assert sum(_found(fade)) == 1


def test_tiny_frames() -> None:
    frames = [np.full((3, 2, 3), v, np.uint8) for v in (0, 0, 200, 200)]
    assert _found(frames) == [True, False, True, False]
