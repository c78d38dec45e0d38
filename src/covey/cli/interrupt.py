"""Work that Ctrl-C stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Condition, Event
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from covey.cli.terminal import Terminal
    from covey.io.checkpoints import TrainingFolder

T = TypeVar("T")

_POLL_SECONDS = 0.2
_NAME = "covey-work"


class WriteGate:
    """Lets work write files until it is shut: `with gate:` around each write.

    A thread that dies with the process would leave half a file under a temporary name. Shutting
    waits for writes that have begun and refuses all others, so what is inside should be short.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._inside, self._shut = 0, False

    def __enter__(self) -> None:
        with self._changed:
            if self._shut:
                raise KeyboardInterrupt
            self._inside += 1

    def __exit__(self, *failure: object) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    @property
    def is_shut(self) -> bool:
        """Whether work that is inside should end."""
        return self._shut

    def shut(self) -> None:
        """Lets nobody in any more, and waits for who is inside."""
        with self._changed:
            self._shut = True
            self._changed.wait_for(lambda: not self._inside)


def interruptible(work: Callable[[], T], gate: WriteGate | None = None) -> T:
    """Runs `work` in a thread of its own and waits for it.

    A compiled loop holds off Python's signal handler until it returns, in the main thread only.
    Here the main thread does nothing but wait, so KeyboardInterrupt is raised from this call
    within moments; the work is left to die with the process.

    Args:
        work: Is called once.
        gate: What it writes files through, if it does; shut at an interruption, best within
            `ends_as_if_interrupted`.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def job() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=job, name=_NAME, daemon=True)
    try:
        thread.start()
        while thread.is_alive():
            thread.join(_POLL_SECONDS)
    except KeyboardInterrupt:
        if gate is not None:
            gate.shut()
        raise
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
    """Lets Ctrl-C or SIGTERM end the block, so that what it has put down is taken away.

    While that is done both are ignored: who is in a hurry presses twice.
    """
    before: dict[signal.Signals, Any] = {}

    def end(number: int, frame: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for each in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(each) is not signal.SIG_IGN:
            before[each] = signal.signal(each, end)
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def is_work_left() -> bool:
    """Whether a thread of `interruptible` still runs after its caller was interrupted."""
    return any(thread.name == _NAME for thread in threading.enumerate())
