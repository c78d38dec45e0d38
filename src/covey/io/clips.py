"""Clips that a codec learns from: short sequences of frames out of films."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from covey.io.files import paths_in
from covey.io.video_source import SUFFIXES, Frame
from covey.io.videos import open_video
from covey.training.moving_clips import Clip
from covey.types import InputError

_EVERY = 40  # frames from one sequence to the next
_MOST = 12  # sequences of a film


def clip_paths(folder: Path) -> list[Path]:
    """Films of a folder and those in it, by name.

    Raises:
        InputError: If there are none.
    """
    return paths_in(folder, SUFFIXES, "films")


def read_clips(
    paths: Sequence[Path],
    frames: int,
    least: int,
    *,
    tell: Callable[[float], None] = lambda done: None,
) -> list[Clip]:
    """Reads sequences of each film, one of every 40 frames from its beginning, at most a dozen.

    Args:
        paths: The films.
        frames: Of a sequence.
        least: Pixels in a row and a column that each must have; smaller ones are left out.
        tell: Called with the share done.

    Returns:
        (frames, h, w, 3) uint8 each.

    Raises:
        InputError: If a film cannot be read, or none is large enough.
    """
    found: list[Clip] = []
    for number, path in enumerate(paths):
        with open_video(path) as source:
            if min(source.width, source.height) >= least:
                found += _sequences(source.frames(), frames)
        tell((number + 1) / len(paths))
    if not found:
        raise InputError(f"no film has frames of at least {least} x {least} pixels")
    return found


def _sequences(source: Iterator[Frame], frames: int) -> list[Clip]:
    found: list[Clip] = []
    some: list[np.ndarray] = []
    for number, (_, pixels) in enumerate(source):
        if number % _EVERY < frames:
            some.append(pixels)
        if len(some) == frames:
            found.append(np.stack(some))
            some = []
        if len(found) == _MOST:
            break
    return found
