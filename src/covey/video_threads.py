"""How many groups of a clip are worked on at a time, so that memory holds them."""

from __future__ import annotations

from covey.codec.video.groups import most_frames
from covey.resources import memory_bytes

_WORK = 800
"""Bytes a pixel of a frame that the networks take while they code, at most about."""


def threads_that_fit(height: int, width: int, group: int, wanted: int) -> int:
    """Threads for a clip, each with a group of its own; fewer than wanted where memory is short.

    Args:
        height, width: Pixels of a frame.
        group: Frames of a group, at most.
        wanted: Threads, at least 1.

    Returns:
        At least 1, whatever that takes.
    """
    _, free = memory_bytes()
    if free is None:
        return wanted
    area = height * width
    pixels = 3 * area * min(group, most_frames(height, width))
    fit = (free - pixels) // (_WORK * area + pixels)  # one more group waits for its turn
    return max(1, min(wanted, fit))
