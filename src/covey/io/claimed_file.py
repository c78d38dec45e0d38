"""A file that one process writes at a time, by a lock that the kernel takes back."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from covey.types import UsageError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@contextmanager
def claimed_file(path: Path) -> Iterator[None]:
    """Keeps other processes that ask out of a file while the block runs; makes it if it is not.

    The lock is one of the kernel (`flock`) on the file itself, whatever name it gets meanwhile. The
    kernel takes it back when the process ends, however it ends. Where there is no such lock nobody
    is kept out: on Windows, whose Python has no `fcntl`, and on file systems that refuse it.

    Raises:
        UsageError: If another process holds it; nothing of it is changed.
    """
    if fcntl is None:
        yield
        return
    handle = _hold(path)
    try:
        yield
    finally:
        os.close(handle)


def _hold(path: Path) -> int:
    """The open file that is locked."""
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise UsageError(
                f"{path}: is being written by another process; wait until that ends, or choose "
                "another name"
            ) from None
        except OSError:
            return handle
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                return handle
        os.close(handle)  # who held it before gave it another name
