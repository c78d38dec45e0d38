"""Small films, written and read."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from covey.io.video_source import Frame
from covey.io.videos import open_video
from covey.io.videos_out import write_video


@pytest.fixture(scope="session")
def film_rate() -> Fraction:
    """Frames a second of what `write_film` writes."""
    return Fraction(30_000, 1001)


@pytest.fixture(scope="session")
def ball_frames() -> Callable[..., list[Frame]]:
    """`ball_frames(count, width, height)`: a soft ball that moves, time stamps from 0 on."""

    def make(count: int, width: int = 48, height: int = 32) -> list[Frame]:
        y, x = np.mgrid[:height, :width].astype(float)
        found = []
        for at in range(count):
            ball = np.exp(-((x - width / 4 - 2 * at) ** 2 + (y - height / 2) ** 2) / 60)
            pixels = np.stack([60 + 150 * ball, 200 - 120 * ball, 90 + 2.0 * x], -1)
            found.append((at, pixels.clip(0, 255).astype(np.uint8)))
        return found

    return make


@pytest.fixture(scope="session")
def write_film(film_rate) -> Callable[..., Path]:
    """`write_film(out, frames, audio, **options)`: writes them by `write_video`, all of them."""

    def write(out: Path, frames: list[Frame], audio: IO[bytes] | None = None, **options) -> Path:
        height, width = frames[0][1].shape[:2]
        wanted = {"time_base": 1 / film_rate, "frame_rate": film_rate, "size": (width, height)}
        assert write_video(out, iter(frames), audio=audio, **(wanted | options)) == len(frames)
        return out

    return write


@pytest.fixture(scope="session")
def read_film() -> Callable[..., list[Frame]]:
    """`read_film(path, start)`: the frames of a film or folder, each of its size."""

    def read(path: Path, start: int = 0) -> list[Frame]:
        with open_video(path) as source:
            found = list(source.frames(start))
            assert all(pixels.shape == (source.height, source.width, 3) for _, pixels in found)
        return found

    return read


@pytest.fixture(scope="session")
def most_levels() -> Callable[[list[Frame], list[Frame]], int]:
    """`most_levels(found, wanted)`: by how many levels a value differs at most."""

    def worst(found: list[Frame], wanted: list[Frame]) -> int:
        assert len(found) == len(wanted)
        pairs = zip(found, wanted, strict=True)
        return max(int(np.abs(a.astype(int) - b).max()) for (_, a), (_, b) in pairs)

    return worst
