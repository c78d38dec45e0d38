"""Work in a process of its own: what it takes of memory is its own, and Ctrl-C ends it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from covey.types import CoveyError, MemoryLimitError

_POLL_SECONDS = 0.2


def in_child(work: Callable[..., Any], *given: Any, tell: Callable[[str, float], None]) -> Any:
    """Runs `work(*given, tell=...)` in a new process and waits for it.

    The child ends when this process does, however that ends.

    Args:
        work: A function of a module.
        given: What it is given; it and the result are pickled.
        tell: Called with what the child tells.

    Returns:
        What it gave, and the most memory that the child had resident, in MB; 0 if unknown.

    Raises:
        CoveyError: What it raised of that kind; `MemoryLimitError` if memory ran out or the child
            was killed, as systems do that are out of it.
        RuntimeError: If it failed otherwise, with the child's traceback as a note.
    """
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_run, args=(there, work, given), daemon=True)
    child.start()
    there.close()
    try:
        while True:
            if not here.poll(_POLL_SECONDS):
                continue
            kind, *rest = here.recv()
            if kind == "told":
                tell(*rest)
            elif kind == "done":
                return rest[0], rest[1]
            else:
                raise _error(*rest)
    except EOFError:
        child.join()
        if child.exitcode == -signal.SIGKILL:
            raise MemoryLimitError(
                "the process that did it was killed, as systems do that are out of memory"
            ) from None
        raise RuntimeError(f"the process that did it ended with {child.exitcode}") from None
    finally:
        child.terminate()
        child.join()
        here.close()


def _error(error: CoveyError | str, told: str = "") -> Exception:
    """What the child failed by: an error of ours, or any other in words and its traceback."""
    if isinstance(error, CoveyError):
        return error
    found = RuntimeError(error)
    found.add_note(told)
    return found


def _run(there: Connection, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    from covey.cli.machine import peak_memory_mb

    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        result = work(*given, tell=lambda stage, done: there.send(("told", stage, done)))
        there.send(("done", result, peak_memory_mb()))
    except (KeyboardInterrupt, BrokenPipeError):  # nobody waits any more
        pass
    except CoveyError as error:
        there.send(("failed", error))
    except MemoryError as error:
        there.send(("failed", MemoryLimitError(f"memory ran out: {error}")))
    except Exception as error:
        there.send(("failed", f"{type(error).__name__}: {error}", traceback.format_exc()))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
