"""Work that Ctrl-C stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from covey.cli.terminal import Terminal
    from covey.io.checkpoints import TrainingFolder

T = TypeVar("T")

_POLL_SECONDS = 0.2
_NAME = "covey-work"


def interruptible(work: Callable[[], T]) -> T:
    """Runs `work` in a thread of its own and waits for it.

    A compiled loop holds off Python's signal handler until it returns, in the main thread only.
    Here the main thread does nothing but wait, so KeyboardInterrupt is raised from this call
    within moments; the work is left to die with the process.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def job() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=job, name=_NAME, daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_POLL_SECONDS)
    if errors:
        raise errors[0]
    return results[0]


def resumable(work: Callable[[], T], kept: TrainingFolder, stopped: Event, terminal: Terminal) -> T:
    """Runs a training; where it is interrupted, what it kept stays and the user is told so.

    Args:
        work: The training.
        kept: Where its checkpoints are.
        stopped: Is set at once, so that nothing more is said by what still runs.
        terminal: Where the user is told.
    """
    try:
        return interruptible(work)
    except KeyboardInterrupt:
        stopped.set()
        kept.close()
        if kept.begun:
            terminal.remark(f"covey: the same command goes on from {kept.folder}")
        raise


@contextmanager
def ends_as_if_interrupted() -> Iterator[None]:
    """Lets SIGTERM end the block as Ctrl-C does, so that what it has put down is taken away."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def is_work_left() -> bool:
    """Whether a thread of `interruptible` still runs after its caller was interrupted."""
    return any(thread.name == _NAME for thread in threading.enumerate())
