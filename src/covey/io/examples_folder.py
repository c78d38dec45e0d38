"""The folder in which a long training keeps its examples, for the run that goes on after it."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from covey import __version__
from covey.io.atomic import atomic_file, is_half_written
from covey.io.files import listed
from covey.io.folder_lock import LOCK, locked_folder
from covey.types import InputError, UsageError

PLAN = "plan.json"
"""Says what the examples were made for."""

_ENTRIES = {"edges", "cuts", PLAN, LOCK}
_BLOCK_BYTES = 1 << 22


@contextmanager
def claim_examples(work: Path, out: Path, sets: Path, plan: Mapping[str, Any]) -> Iterator[None]:
    """Makes the folder of examples for these sets and this plan, or finds it made for them.

    A folder without examples is free: a run that refused a set leaves it, and the set is mended.
    Other processes are kept out of it while the block runs, as `locked_folder` says.

    Args:
        work: The folder.
        out: Where the model goes.
        sets: Folder of labelled sets.
        plan: Whatever decides on the examples.

    Raises:
        InputError: If `sets` is no folder, or a file in it cannot be read.
        UsageError: If `work` cannot be made, holds something else, or another process works there.
    """
    if work.resolve() == out.resolve():
        raise UsageError(f"{work}: is where the model goes; name another folder as --work")
    if not work.absolute().parent.is_dir() or (work.exists() and not work.is_dir()):
        raise UsageError(f"{work}: cannot be a folder there; name another one as --work")
    if not sets.is_dir():
        raise InputError(f"{sets}: is no folder; name one with labelled sets")
    sums = {path.name: _checksum(path) for path in sorted(sets.glob("*.npz"))}
    own = json.dumps({"covey": __version__, "sets": sums, "plan": dict(plan)})
    found = {entry.name for entry in work.iterdir()} if work.is_dir() else set()
    if foreign := sorted(name for name in found - _ENTRIES if not is_half_written(name)):
        raise UsageError(
            f"{work}: holds {listed(foreign)} that no training wrote; name another folder as --work"
        )
    with locked_folder(work):
        path = work / PLAN
        begun = any(work.glob("*/*.npz"))
        if begun and not (path.is_file() and path.read_bytes() == own.encode()):
            raise UsageError(
                f"{work}: holds examples of other sets or another plan; remove it, or name another "
                "folder as --work"
            )
        with atomic_file(path) as temporary:
            temporary.write_text(own, encoding="utf-8")
        yield


def _checksum(path: Path) -> int:
    """CRC-32 of the content: arrays of one shape have files of one size, whatever they hold."""
    found = 0
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                found = zlib.crc32(block, found)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read: {error.strerror}; mend it, or take it out of the folder"
        ) from None
    return found
