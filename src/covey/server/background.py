"""Work in a thread of its own, whose failure is told and does not stay unseen."""

from __future__ import annotations

import threading
from collections.abc import Callable

from covey.server.problems import Problem, problem_of

WORK = "covey-work"
"""Name of threads that may be left to die with the process."""


def in_background(work: Callable[[], None], failed: Callable[[Problem], None]) -> None:
    """Begins some work and returns.

    Args:
        work: Is called once.
        failed: Is called with the problem if the work raises, or cannot even begin.
    """

    def go() -> None:
        try:
            work()
        except BaseException as error:
            failed(problem_of(error))

    try:
        threading.Thread(target=go, name=WORK, daemon=True).start()
    except (RuntimeError, MemoryError) as error:  # there are too many threads
        failed(problem_of(error))
