"""The rate of each group of a clip, so that the whole comes out as large or as good as is wanted.

Bytes are kept account of: what is behind of what was planned, more or less, is spread over the
frames to come (all of them where their number is known, otherwise a few groups). The logarithm of
the bytes of a frame is taken to rise with the number of the rate in a line through what the last
group took. The first group and the last are searched for, see `rate_search`: where to begin, and
what is left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covey.codec.rate_index import RATES

SLOPE = 3.0e-4
"""Of the logarithm of bytes, per number of a rate."""

_MOST_STEP = 1500  # by which a rate may differ from that of the group before
_AHEAD = 4.0  # groups over which a debt is spread where the end is not known
_LEAST = 0.1  # share of the plain budget that a group gets at least


@dataclass(slots=True)
class Pacer:
    """Keeps account of bytes.

    Attributes:
        budget: Bytes a frame.
        total: Frames of the clip; None where that is not known.
        spent: Bytes so far; whoever writes them knows, and sets it before each group.
        done: Frames so far.
        rate: Of the last group; None before the first.
        per_frame: What a frame of the last group took.
    """

    budget: float
    total: int | None
    spent: float = 0.0
    done: int = 0
    rate: int | None = None
    per_frame: float = 0.0

    def allowed(self, frames: int) -> float:
        """Bytes that the next frames may take."""
        ahead = self._ahead(frames)
        left = self.budget * (self.done + ahead) - self.spent
        return max(_LEAST * self.budget * frames, left * frames / ahead)

    def next_rate(self, frames: int) -> int | None:
        """The rate for the next frames; None before anything is known."""
        if self.rate is None:
            return None
        wanted = self.allowed(frames) / frames
        step = np.log(wanted / max(self.per_frame, 1.0)) / SLOPE
        rate = self.rate + float(np.clip(step, -_MOST_STEP, _MOST_STEP))
        return int(np.clip(round(rate), 0, RATES - 1))

    def take(self, rate: int, frames: int, n_bytes: int) -> None:
        """Learns what frames took."""
        self.rate, self.per_frame = rate, n_bytes / frames
        self.done += frames

    def _ahead(self, frames: int) -> float:
        if self.total is not None:
            return float(max(frames, self.total - self.done))
        return _AHEAD * frames
