"""One process at a time in a folder of work, by a lock that the kernel takes back."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from covey.types import UsageError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
"""Name of the file that is locked."""

_WAY_OUT = "wait until that ends, or name another folder as --work"
_LONGEST = 200  # bytes of the name of a holder
_ATTEMPTS = 1_000  # more come to nothing where the folder is a link to nowhere


class HeldError(UsageError):
    """Another process holds the folder: `holder`, in words."""

    holder = "another process"


@contextmanager
def locked_folder(folder: Path, *, what: str = "") -> Iterator[None]:
    """Makes a folder if there is none, and keeps other processes out of it while the block runs.

    The lock is one of the kernel (`flock`) on a file in the folder, which says who holds it. The
    kernel takes it back when the process ends, however it ends, so the file that a killed one left
    is in nobody's way. Where there is no such lock nobody is kept out: on Windows, whose Python has
    no `fcntl`, and on file systems that refuse it.

    In the end the file is removed, and the folder with it if nothing else is there.

    Args:
        folder: Its parent exists, and may be written to.
        what: Is done there, told to others beside the process.

    Raises:
        HeldError: If another process holds it; the message names that.
    """
    handle = None
    if fcntl is None:
        folder.mkdir(exist_ok=True)
    else:
        handle = _hold(folder, what)
    try:
        yield
    finally:
        if handle is not None:
            with suppress(OSError):  # as long as it is held, so that it is nobody else's
                (folder / LOCK).unlink()
            os.close(handle)
        with suppress(OSError):  # it is not empty, or a link
            folder.rmdir()


def _hold(folder: Path, what: str) -> int:
    """The open file that is locked.

    Who held it before may remove file and folder at any moment: then it begins anew, as a file that
    has no name any more keeps nobody out.
    """
    path = folder / LOCK
    for _ in range(_ATTEMPTS):
        with suppress(FileExistsError):
            os.mkdir(folder)
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, _LONGEST, 0).decode(errors="replace").strip()
            os.close(handle)
            held = HeldError(f"{folder}: is in use by {holder or HeldError.holder}; {_WAY_OUT}")
            held.holder = holder or HeldError.holder
            raise held from None
        except OSError:
            return handle
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(path)):
                os.ftruncate(handle, 0)
                told = f"{f'{what}, ' if what else ''}process {os.getpid()} on "
                os.pwrite(handle, f"{told}{socket.gethostname()}".encode(), 0)
                return handle
        os.close(handle)
    raise UsageError(f"{folder}: cannot be a folder there; name another one as --work")
