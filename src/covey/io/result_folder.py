"""A folder of results: it appears whole, and a later run replaces only what it writes itself."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from covey.io.atomic import atomic_folder
from covey.io.files import listed
from covey.types import UsageError

MARK = "summary.json"
"""Where this file is, an earlier run wrote its results."""


def check_result_folder(path: Path, names: Sequence[str], *, force: bool = False) -> None:
    """Refuses a folder in which entries that Covey did not write would be replaced.

    Args:
        path: The folder, which need not exist.
        names: Entries that will be written.
        force: Replace files of these names whoever wrote them.

    Raises:
        UsageError: If `path` is a file, cannot be made or written in, or would lose such entries.
    """
    if path.is_dir():
        taken = [name for name in names if (path / name).exists()]
        if taken and not (path / MARK).is_file() and not force:
            raise UsageError(
                f"{path}: holds {listed(taken)} that no earlier run wrote; choose another folder, "
                "or allow it with --force"
            )
        writable = path
    elif path.exists():
        raise UsageError(f"{path}: is a file; name a folder, or a .csv or .parquet file")
    else:
        writable = path.absolute().parent
        if not writable.is_dir():
            raise UsageError(f"{path}: there is no folder {path.parent}; make it first")
    if not os.access(writable, os.W_OK | os.X_OK):
        raise UsageError(f"{path}: permission denied in {writable}; choose another folder")


@contextmanager
def result_folder(path: Path) -> Iterator[Path]:
    """Gives a temporary folder to fill; its entries become those of `path` when the block ends.

    A new folder appears in one step. In a folder that exists, entries of the same name are
    replaced one by one, and nothing else is touched.
    """
    if not path.is_dir():
        with atomic_folder(path) as temporary:
            yield temporary
        return
    token = secrets.token_hex(6)
    temporary, aside = path / f".covey.{token}.tmp", path / f".covey.{token}.old"
    temporary.mkdir()
    try:
        yield temporary
        aside.mkdir()
        for entry in sorted(temporary.iterdir()):
            _replace(entry, path / entry.name, aside / entry.name)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(aside, ignore_errors=True)


def _replace(entry: Path, target: Path, aside: Path) -> None:
    """Moves `entry` to `target`; a folder there steps aside first, and comes back on failure."""
    if not target.is_dir() or target.is_symlink():
        os.replace(entry, target)
        return
    os.rename(target, aside)
    try:
        os.rename(entry, target)
    except BaseException:
        os.rename(aside, target)
        raise
