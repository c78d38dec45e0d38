"""Where a coder spends its time: functions that are clocked while they run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

Parts = Mapping[str, Sequence[tuple[Any, str]]]
"""Functions of each part, as their holders and names; none calls another one."""


@contextmanager
def clocked(
    parts: Parts, took: dict[str, float], calls: dict[str, int] | None = None
) -> Iterator[None]:
    """Adds seconds of the processor that parts take while the block runs, and how often they do."""
    with ExitStack() as stack:
        for part, functions in parts.items():
            for holder, name in functions:
                work = _timed(getattr(holder, name), part, took, calls)
                stack.enter_context(patch.object(holder, name, work))
        yield


def _timed(
    work: Callable[..., Any], part: str, took: dict[str, float], calls: dict[str, int] | None
) -> Callable[..., Any]:
    def timed(*given: Any, **named: Any) -> Any:
        began = time.thread_time()
        try:
            return work(*given, **named)
        finally:
            took[part] += time.thread_time() - began
            if calls is not None:
                calls[part] += 1

    return timed
