"""Times the stages of a long job and passes progress on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str, float], None]
"""Called as `progress(stage, fraction)`, fraction in [0, 1]."""


class StageClock:
    """Times stages and passes progress on."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._stage = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times what runs inside."""
        self._stage = name
        began = time.perf_counter()
        self.tick(0.0)
        yield
        self.tick(1.0)
        self.seconds[name] = time.perf_counter() - began

    def tick(self, done: float) -> None:
        """Reports the share of the current stage that is done."""
        if self._progress is not None:
            self._progress(self._stage, done)

    def part(self, number: int, parts: int) -> Callable[[float], None]:
        """Gives a `tick` for one of several parts of the current stage."""
        return lambda done: self.tick((number + done) / parts)
