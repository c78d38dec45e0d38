"""The rate of each group of a clip, so that the whole comes out as large as is wanted.

Bytes are kept account of: what is behind of what was planned, more or less, is spread over the
frames to come (all of them where their number is known, otherwise a few groups). The logarithm of
the bytes of a frame is taken to rise with the number of the rate in a line through what the last
group took. The first group and the last are searched for, see `rate_search`: where to begin, and
what is left; so is one that takes much more than it may.
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
        per_frame: Bytes a frame that were planned.
        limit: Bytes of all; None where only those of a frame are set.
        total: Frames of the clip, as far as that is known; it may be wrong.
        spent: Bytes so far; whoever writes them knows, and sets it before each group.
        done: Frames so far.
        rate: Of the last group; None before the first.
        took: What a frame of the last group took.
    """

    per_frame: float
    limit: float | None = None
    total: int | None = None
    spent: float = 0.0
    done: int = 0
    rate: int | None = None
    took: float = 0.0

    def allowed(self, frames: int, *, last: bool = False) -> float:
        """Bytes that the next frames may take.

        Args:
            frames: How many.
            last: Whether nothing follows them: they get what is left.
        """
        ahead = float(frames) if last else self._ahead(frames)
        planned = self.per_frame * (self.done + ahead) if self.limit is None else self.limit
        share = (planned - self.spent) * frames / ahead
        least = 0.0 if self.limit is not None else _LEAST * self.per_frame * frames
        return max(least, share)

    def next_rate(self, frames: int) -> int | None:
        """The rate for the next frames; None before anything is known."""
        if self.rate is None:
            return None
        wanted = max(self.allowed(frames) / frames, 1.0)
        step = np.log(wanted / max(self.took, 1.0)) / SLOPE
        rate = self.rate + float(np.clip(step, -_MOST_STEP, _MOST_STEP))
        return int(np.clip(round(rate), 0, RATES - 1))

    def take(self, rate: int, frames: int, n_bytes: int) -> None:
        """Learns what frames took."""
        self.rate, self.took = rate, n_bytes / frames
        self.done += frames

    def _ahead(self, frames: int) -> float:
        """Frames over which what is left is spread: to the end as it was told, or some groups."""
        left = 0 if self.total is None else self.total - self.done
        return float(left) if left > frames else _AHEAD * frames
