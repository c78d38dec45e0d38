"""What the benches of pictures and of clips share: names of formats, the folder, the machine."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from covey.types import UsageError

JSON, PAGE, SHEET = "bench.json", "bench.html", "prediction.png"
"""Files of the folder."""


class Asked(Protocol):
    """What can be compared with."""

    @property
    def name(self) -> str:
        """Of the setting."""
        ...

    def why_missing(self) -> str:
        """Why it cannot be used here, in words; empty if it can."""
        ...


Kind = TypeVar("Kind", bound=Asked)


def chosen(
    names: str | None, known: Mapping[str, Sequence[Kind]]
) -> tuple[list[Kind], dict[str, str]]:
    """What is compared with, and why others are not there.

    Args:
        names: With commas; all if None.
        known: By the names that users give them.

    Raises:
        UsageError: If one that was asked for is unknown or not there.
    """
    asked = list(dict.fromkeys(map(str.strip, names.lower().split(",")))) if names else [*known]
    for name in asked:
        if name not in known:
            raise UsageError(f"--formats: {name!r} is none of {', '.join(known)}")
    there: list[Kind] = []
    missing: dict[str, str] = {}
    for name in asked:
        for each in known[name]:
            why = each.why_missing()
            if not why:
                there.append(each)
            elif names:
                raise UsageError(f"--formats: {name} cannot be written: {why}")
            else:
                missing[each.name] = why
    return there, missing


def check_out(out: Path | None) -> None:
    """Refuses a folder that cannot be written, before any work is done."""
    from covey.io.result_folder import check_result_folder

    if out is not None:
        if out.exists() and not out.is_dir():
            raise UsageError(f"{out}: is a file; name a folder")
        check_result_folder(out, ())


def machine(*libraries: str) -> dict[str, str]:
    """Processor, system and versions of these libraries, in words."""
    from importlib.metadata import version

    from covey.resources import available_threads, processor_name

    return {
        "processor": f"{processor_name()}, {available_threads()} cores",
        "system": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        **{name: version(name) for name in libraries},
    }
