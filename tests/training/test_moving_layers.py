"""Scenes that move, and what is said to be true of them."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.video.warp import warp  # noqa: E402
from covey.training.moving_clips import draw_clips  # noqa: E402
from covey.training.moving_layers import moving_scenes, scene_clips  # noqa: E402


@pytest.fixture(scope="module")
def photographs():
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:160, :200] / 30.0
    waves = [
        np.stack([np.sin(a * x + b * y) for a, b in rng.normal(size=(3, 2))], -1) for _ in range(4)
    ]
    return [np.clip(128 + 90 * each, 0, 255).astype(np.uint8) for each in waves]


def test_what_was_seen_is_where_flow_says(photographs) -> None:
    scenes = moving_scenes(photographs, 64, 3, 24, np.random.default_rng(1))
    assert scenes.frames.shape == (24, 3, 3, 64, 64)
    assert 0.002 < scenes.hidden.float().mean() < 0.3
    for t in (1, 2):
        moved = warp(scenes.frames[:, t - 1], scenes.flow[:, t - 1])
        off = (moved - scenes.frames[:, t]).abs().mean(1)
        hidden = scenes.hidden[:, t - 1]
        still = (scenes.frames[:, t - 1] - scenes.frames[:, t]).abs().mean(1)
        assert off[~hidden].median() < 0.01
        assert off[~hidden].mean() < 0.3 * still[~hidden].mean()
        assert off[hidden].mean() > 4 * off[~hidden].mean()


def test_draws_depend_on_the_seed_alone(photographs) -> None:
    one, same, other = (
        moving_scenes(photographs, 32, 2, 2, np.random.default_rng(seed)).frames
        for seed in (5, 5, 6)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


@pytest.mark.parametrize("frames", [1, 2])
def test_few_frames(photographs, frames) -> None:
    scenes = moving_scenes(photographs, 32, frames, 1, np.random.default_rng(0))
    assert scenes.frames.shape == (1, frames, 3, 32, 32)
    assert scenes.flow.shape == (1, frames - 1, 2, 32, 32)
    assert scenes.hidden.dtype == torch.bool
    assert scenes.frames.min() >= 0
    assert scenes.frames.max() <= 1


def test_scenes_as_clips(photographs) -> None:
    told: list[float] = []
    clips = scene_clips(photographs, 32, 3, 11, 0, told.append)
    assert [clip.shape for clip in clips] == [(3, 32, 32, 3)] * 11
    assert all(clip.dtype == np.uint8 for clip in clips)
    assert told[-1] == 1
    assert len({clip.tobytes() for clip in clips}) == 11
    again = scene_clips(photographs, 32, 3, 11, 0)
    for a, b in zip(clips, again, strict=True):
        np.testing.assert_array_equal(a, b)


def test_drawn_clips_are_squares_of_them() -> None:
    clip = np.arange(5)[:, None, None, None] + np.zeros((5, 40, 50, 3), int)
    drawn = draw_clips([clip.astype(np.uint8)], 16, 3, 200, np.random.default_rng(0))
    assert drawn.shape == (200, 3, 3, 16, 16)
    first = (drawn[:, :, 0, 0, 0] * 255).round().int()
    steps = first.diff(dim=1)
    assert (steps[:, 0] == steps[:, 1]).all()
    assert {int(x) for x in steps.unique()} == {-1, 1}
    assert {int(x) for x in first.unique()} == set(range(5))
