"""Frames of real clips to learn from, drawn by a seed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Clip = NDArray[np.uint8]
"""(frames, h, w, 3), one after another."""


def draw_clips(
    clips: Sequence[Clip], size: int, frames: int, count: int, rng: np.random.Generator
) -> Tensor:
    """Draws squares of frames, forwards and backwards in time, turned and mirrored.

    Args:
        clips: Each of at least `frames` frames, at least `size` wide and high.
        size: Pixels in a row.
        frames: Of each.
        count: How many.
        rng: Source of the draw; each frame of all clips is as likely.

    Returns:
        (count, frames, 3, size, size) float32 in [0, 1].
    """
    lengths = np.array([len(clip) for clip in clips], np.float64)
    chosen = rng.choice(len(clips), size=count, p=lengths / lengths.sum())
    drawn = [_square(clips[number], size, frames, rng) for number in chosen]
    return torch.from_numpy(np.stack(drawn).astype(np.float32) / np.float32(255))


def _square(clip: Clip, size: int, frames: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    length, height, width = clip.shape[:3]
    first = int(rng.integers(length - frames + 1))
    row, column = (int(rng.integers(most - size + 1)) for most in (height, width))
    part = clip[first : first + frames, row : row + size, column : column + size]
    if rng.random() < 0.5:
        part = part[::-1]
    part = np.rot90(part, int(rng.integers(4)), axes=(1, 2))
    if rng.random() < 0.5:
        part = part[:, :, ::-1]
    return np.ascontiguousarray(part.transpose(0, 3, 1, 2))
