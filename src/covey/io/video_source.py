"""What frames come from: any film or folder of frames looks like this."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from types import TracebackType
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Frame = tuple[int, Pixels]
"""Time stamp in steps of the time base, and (h, w, 3) RGB."""

SUFFIXES = (".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".ts", ".webm", ".y4m")
"""Of files that are taken for films by their names."""

MOST_PIXELS = 2**25
"""Of a frame, unless more are allowed."""


class VideoSource(Protocol):
    """Frames of one size, upright, as often as they are asked for.

    Attributes:
        name: For messages.
        width, height: Pixels.
        frame_rate: Frames a second, nominally.
        time_base: Seconds that a step of a time stamp takes.
        expected_frames: About how many there are, or None.
        notes: What of it is not kept; more may be told while frames are read.
    """

    name: str
    width: int
    height: int
    frame_rate: Fraction
    time_base: Fraction
    expected_frames: int | None
    notes: list[str]

    def frames(self, start: int = 0) -> Iterator[Frame]:
        """Frames in order, their time stamps rising, one at a time in memory.

        Args:
            start: How many are skipped.

        Raises:
            InputError: If a frame has another size than the first.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
