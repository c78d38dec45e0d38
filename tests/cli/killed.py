"""Commands of Covey in processes of their own that are killed: `python killed.py`, one line a wish.

Each is a fork of this process, which imports whatever one that came to its end did: so the others
begin at once. A wish is a JSON object with `arguments`, and when to kill with SIGKILL: `write`,
before the write of that number (a folder made or renamed, a file flushed or removed, a statement of
SQL), or `seconds` after it began. The answer is its exit code, or -9.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import Any

_WRITES = {
    *("execute", "executemany", "mkdir", "rename", "replace", "fsync"),
    *("unlink", "rmdir", "remove", "pwrite", "ftruncate", "flock"),
}


def _end_at(write: int) -> None:
    """Kills this process before a write of any of its threads."""
    seen = 0

    def count(frame: FrameType, event: str, called: Any) -> None:
        nonlocal seen
        if event != "c_call" or called.__name__ not in _WRITES:
            return
        owner = called.__module__ or type(called.__self__).__module__
        if owner in ("posix", "sqlite3", "fcntl"):
            seen += 1
            if seen == write:
                os.kill(os.getpid(), signal.SIGKILL)

    threading.setprofile(count)
    sys.setprofile(count)


def _command(wish: dict[str, Any]) -> int:
    from covey.cli.exits import run

    silent = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(silent, stream)
    if wish.get("write") is not None:
        _end_at(wish["write"])
    return run(wish["arguments"])


def _answer(wish: dict[str, Any]) -> int:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        code, before = 99, set(sys.modules)
        try:
            code = _command(wish)
            sys.setprofile(None)
            os.write(writer, "\n".join(set(sys.modules) - before).encode()[:60_000])
        finally:
            os._exit(code)
    os.close(writer)
    if wish.get("seconds") is not None:
        time.sleep(wish["seconds"])
        os.kill(child, signal.SIGKILL)
    with open(reader, encoding="utf-8") as told:
        names = told.read().split()
    for name in names:
        with suppress(Exception):
            import_module(name)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    import covey.cli.app
    import covey.cli.info
    import covey.io.embeddings
    import covey.store.adding
    import covey.store.running  # noqa: F401

    for line in sys.stdin:
        print(_answer(json.loads(line)), flush=True)
