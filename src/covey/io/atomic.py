"""Writing so that a name never stands for half a file, whatever interrupts the write.

What is written goes to a temporary name in the same folder, is flushed to the disk, and only then
takes its final name in one step. An exception, a keyboard interrupt included, removes the temporary
file; a killed process leaves one behind (`.NAME.*.tmp*`), and the old file whole.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from covey.types import CoveyError, UsageError

_REMOVALS = 100  # of a folder that files still come to
_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG, errno.EROFS}


@contextmanager
def atomic_file(path: str | Path) -> Iterator[Path]:
    """Gives a temporary path to write to, which becomes `path` when the block ends well.

    A symbolic link at `path` is followed; the mode of a file that is replaced is kept.

    Raises:
        UsageError: If `path` cannot be a file there: no such folder, a folder, a device.
        CoveyError: If the disk is full or fails; `path` is then as it was.
    """
    final = Path(os.path.realpath(path))
    _check_target(Path(path), final)
    temporary = final.with_name(f".{final.stem}.{secrets.token_hex(6)}.tmp{final.suffix}")
    with _cleared(Path(path), temporary):
        with _creating(Path(path)):
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        yield temporary
        if final.exists():
            shutil.copymode(final, temporary)
        _flush(temporary)
        os.replace(temporary, final)
        _flush(final.parent)


@contextmanager
def atomic_folder(path: str | Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Gives a temporary folder to fill, which becomes `path` when the block ends well.

    A folder that is replaced steps aside under a temporary name first and comes back if the new
    one cannot take its place; it is removed last.

    Raises:
        UsageError: If `path` exists and `overwrite` is not set, or its parent does not exist.
        CoveyError: If the disk is full or fails; `path` is then as it was.
    """
    final = Path(os.path.realpath(path))
    if final.exists() and not (overwrite and final.is_dir()):
        raise UsageError(f"{path}: exists already; choose another name, or allow --overwrite")
    token = secrets.token_hex(6)
    temporary = final.with_name(f".{final.name}.{token}.tmp")
    aside = final.with_name(f".{final.name}.{token}.old")
    with _cleared(Path(path), temporary):
        with _creating(Path(path)):
            temporary.mkdir()
        yield temporary
        for folder, _, names in os.walk(temporary):
            for name in names:
                if not os.path.islink(os.path.join(folder, name)):
                    _flush(Path(folder, name))
            _flush(Path(folder))
        if final.exists():
            os.rename(final, aside)
        try:
            os.rename(temporary, final)
        except BaseException:
            if aside.exists():
                os.rename(aside, final)
            raise
        _flush(final.parent)
    if aside.exists():
        shutil.rmtree(aside)


@contextmanager
def scratch_folder(near: Path) -> Iterator[Path]:
    """Gives a hidden folder for files on the way, which is gone when the block ends.

    Threads that still write there then fail, as work does that dies with the process.

    Args:
        near: The folder lies in this one or, as long as it is not there, in the next one above.
    """
    above = near.absolute()
    while not above.is_dir():
        above = above.parent
    with _creating(near):
        folder = Path(tempfile.mkdtemp(".tmp", ".covey-", above))
    try:
        yield folder
    finally:
        gone = folder.with_name(f"{folder.name}.gone")  # under a name that nobody writes to
        with suppress(OSError):
            os.rename(folder, gone)
        for _ in range(_REMOVALS):
            for each in (gone, folder):
                shutil.rmtree(each, ignore_errors=True)
            if not (gone.exists() or folder.exists()):
                break


def is_half_written(name: str) -> bool:
    """Whether a killed process left a file or folder of this name behind."""
    return name.startswith(".") and ".tmp" in name


def _check_target(path: Path, final: Path) -> None:
    try:
        mode = os.stat(final).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path}: is a folder; name a file to write")
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path}: is no regular file; name a file to write")


@contextmanager
def _creating(path: Path) -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(
            f"{path}: cannot be written: there is no folder {path.parent}; make it first"
        ) from None
    except PermissionError:
        raise UsageError(
            f"{path}: cannot be written: permission denied in {path.parent}; choose another folder"
        ) from None


@contextmanager
def _cleared(path: Path, temporary: Path) -> Iterator[None]:
    """Removes `temporary` if the block fails, and says in one line if the disk was the reason."""
    try:
        yield
    except BaseException as error:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            with suppress(OSError):
                temporary.unlink()
        if isinstance(error, OSError) and error.errno in _DISK_ERRORS:
            raise CoveyError(
                f"{path}: could not be written: {error.strerror}; what was there is unchanged"
            ) from error
        raise


def _flush(path: Path) -> None:
    """Has the disk keep `path`, a file or a folder, before going on."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders
    flags = os.O_RDWR if os.name == "nt" else os.O_RDONLY
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
