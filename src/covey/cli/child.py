"""Work in a process of its own: what it takes of memory is its own, and Ctrl-C ends it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from covey.types import CoveyError

_POLL_SECONDS = 0.2


def in_child(work: Callable[..., Any], *given: Any, tell: Callable[[str, float], None]) -> Any:
    """Runs `work(*given, tell=...)` in a new process and waits for it.

    Args:
        work: A function of a module.
        given: What it is given; it and the result are pickled.
        tell: Called with what the child tells.

    Returns:
        What it gave, and the most memory that the child had resident, in MB; 0 if unknown.

    Raises:
        CoveyError: What it raised; of another kind, or if the child was killed, one that says so.
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
                raise rest[0]
    except EOFError:
        child.join()
        raise CoveyError(
            f"the process that did the work ended with {child.exitcode}, maybe for lack of memory"
        ) from None
    finally:
        child.terminate()
        child.join()
        here.close()


def _run(there: Connection, work: Callable[..., Any], given: tuple[Any, ...]) -> None:
    from covey.cli.machine import peak_memory_mb

    try:
        result = work(*given, tell=lambda stage, done: there.send(("told", stage, done)))
        there.send(("done", result, peak_memory_mb()))
    except KeyboardInterrupt:
        pass
    except CoveyError as error:
        there.send(("failed", error))
    except BaseException as error:
        there.send(("failed", CoveyError(f"{type(error).__name__}: {error}")))
