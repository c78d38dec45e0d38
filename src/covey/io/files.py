"""Looking at a user's file before it is read, and saying in one line why it cannot be."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from covey.types import InputError, MemoryLimitError

_SHOWN_NAMES = 8


def paths_in(folder: Path, suffixes: Collection[str], what: str) -> list[Path]:
    """Files of a folder and those in it, hidden ones left out, by name.

    Args:
        folder: The folder.
        suffixes: Of the files that are taken, in small letters.
        what: They are, for messages.

    Raises:
        InputError: If there are none.
    """
    if not folder.is_dir():
        why = "is a file" if folder.exists() else "there is no such folder"
        raise InputError(f"{folder}: {why}; name a folder of {what}")
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes and path.name[0] != "."
    )
    if not found:
        raise InputError(
            f"{folder}: holds no {what}; their names end in {', '.join(sorted(suffixes))}"
        )
    return found


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turns what the operating system says about `path` into one line.

    Raises:
        InputError: If the file is missing, a folder, closed to this user or unreadable.
        MemoryLimitError: If what it holds does not fit in memory.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise InputError(f"{path}: no such file; check the spelling") from None
    except IsADirectoryError:
        raise InputError(f"{path}: is a folder; name a file in it") from None
    except PermissionError:
        raise InputError(
            f"{path}: permission denied; make it readable for this user (chmod u+r)"
        ) from None
    except MemoryError as error:
        raise MemoryLimitError(
            f"{path}: does not fit in memory; save it as float32 or float16 .npy, which is "
            "mapped instead of read"
        ) from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def file_size(path: Path) -> int:
    """Bytes in `path`, once it is known to be a regular file that opens and is not empty.

    Raises:
        InputError: If it is missing, a folder, no regular file, unreadable or empty.
    """
    with reading(path):
        status = os.stat(path)
        if stat.S_ISDIR(status.st_mode):
            raise IsADirectoryError
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path}: is not a regular file; save the data to a file first")
        with open(path, "rb"):
            pass
    if status.st_size == 0:
        raise InputError(f"{path}: is empty (0 bytes); write it again")
    return status.st_size


def shown(value: object, width: int = 40) -> str:
    """`value` quoted on one line and cut at `width` characters, for an error message."""
    text = repr(value)
    return text if len(text) <= width else text[: width - 4] + "..." + text[-1]


def listed(names: Iterable[object]) -> str:
    """The first few of `names`, separated by commas, and how many more there are."""
    names = list(names)
    text = ", ".join(str(name) for name in names[:_SHOWN_NAMES])
    more = len(names) - _SHOWN_NAMES
    return f"{text} and {more} more" if more > 0 else text


def pick(
    path: Path,
    wanted: str | None,
    names: list[str],
    fitting: list[str],
    what: str,
    *,
    option: str = "--column",
) -> str:
    """The one of `names` that is meant: `wanted`, or else the only one in `fitting`.

    Args:
        path: The file, for the message.
        wanted: The name that the user gave, or None.
        names: Every name in the file.
        fitting: The names that could be meant.
        what: What a name stands for ("array", "column").
        option: How the user may say which, for the message.

    Raises:
        InputError: If `wanted` is not there, or the choice is not plain.
    """
    if wanted is not None:
        if wanted not in names:
            raise InputError(
                f"{path}: has no {what} {shown(wanted)}; it has {listed(names) or 'none'}"
            )
        return wanted
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise InputError(
            f"{path}: several {what}s could be the one: {listed(fitting)}; name it with {option}"
        )
    raise InputError(
        f"{path}: no {what} fits; it has {listed(names) or 'none'}; name one with {option}"
    )
