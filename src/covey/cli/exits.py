"""How a run ends: every failure as one line on stderr and one exit code.

0 done, 1 unexpected failure, 2 usage, 3 bad input, 4 not enough memory, 5 missing extra,
130 interrupted. The traceback is shown with `--debug` only.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from covey.cli.interrupt import is_work_left

USAGE = 2
OUT_OF_MEMORY = 4
INTERRUPTED = 130


def run_process() -> None:
    """Runs the command line and ends the process.

    A process that was interrupted does not wait for a compiled loop that still runs in another
    thread, and ends at once: whatever was being written has been cleared away by then.
    """
    code = run(sys.argv[1:])
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    if code == INTERRUPTED:
        if is_work_left():
            os._exit(code)
        # CPython remembers a Ctrl-C that passed through `exec` of a string, as when a named tuple
        # is made, and would end by SIGINT in place of this code; the next `exec` forgets it.
        exec("")
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Runs the command line with these arguments and returns the exit code; raises nothing."""
    try:
        from covey.cli.app import app

        code = app(args=list(arguments), prog_name="covey", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        code = INTERRUPTED
    except SystemExit as end:  # typer's answer to a reader of stdout that went away
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except Exception as error:
        if not _came_of_interrupt(error):
            return explain(error, arguments)
        code = INTERRUPTED
    if code == INTERRUPTED:
        _say("interrupted: nothing was left half-written")
    return code if isinstance(code, int) else 0


def explain(error: Exception, arguments: Sequence[str]) -> int:
    """Says in one line on stderr what went wrong, and returns the exit code."""
    from covey.types import CoveyError

    if "--debug" in arguments:
        traceback.print_exception(error)
    if isinstance(error, CoveyError):
        _say(str(error))
        return error.exit_code
    if hasattr(error, "format_message"):  # typer's own, for what it could not parse
        _say(_as_usage(error))
        return USAGE
    if isinstance(error, MemoryError):
        _say("not enough memory; lower --k, close other programs, or take a machine with more")
        return OUT_OF_MEMORY
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        _say(f"{where}{error.strerror or error}")
        return 1
    more = "" if "--debug" in arguments else "; --debug shows the traceback"
    _say(f"unexpected {type(error).__name__}: {error}{more}")
    return 1


def _came_of_interrupt(error: BaseException | None) -> bool:
    """Whether Ctrl-C is behind it: a compiler or importer may have made another error of it."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _as_usage(error: Any) -> str:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "covey"
    message = error.format_message().rstrip(".").replace("Value error, ", "")
    return f"{message[:1].lower()}{message[1:]}; see {command} --help"


def _say(message: str) -> None:
    line = " ".join(message.split())
    with suppress(OSError, ValueError):
        print(f"covey: {line}", file=sys.stderr)
