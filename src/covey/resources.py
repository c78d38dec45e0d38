"""What this process may take: cores and memory, within the limits of its container."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from joblib import cpu_count

from covey.byte_sizes import format_bytes
from covey.types import MemoryLimitError


def available_threads() -> int:
    """Cores that this process may use, by its CPU affinity and the quota of its container."""
    return int(cpu_count())


def processor_name(root: str = "/") -> str:
    """What the processor calls itself, or its architecture where nobody says.

    Args:
        root: The folder that holds `proc`.
    """
    for line in _lines(f"{root}/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def memory_bytes(root: str = "/") -> tuple[int | None, int | None]:
    """Bytes of memory: all there is, and what new work may take; None where unknown.

    On Linux what `/proc/meminfo` says, or less where a control group of this process (version 1
    or 2) or one around it sets a limit. Cached files count as free, as the kernel drops them.

    Args:
        root: The folder that holds `proc` and `sys`.
    """
    machine = _numbers(f"{root}/proc/meminfo")
    total, available = machine.get("MemTotal"), machine.get("MemAvailable")
    if total is None or available is None:
        return None, None
    total, available = total << 10, available << 10
    for limit, used in _group_limits(root):
        total, available = min(total, limit), min(available, max(0, limit - used))
    return total, available


def require_memory(work: str, needed: int, limit: int | None, *, remedy: str) -> None:
    """Refuses work that would take too much memory, before it is begun.

    Args:
        work: What needs it, as the subject of a sentence.
        needed: Bytes.
        limit: Bytes that it may take; what is available if None.
        remedy: What the user can do about it.

    Raises:
        MemoryLimitError: If more is needed than there is.
    """
    source = "the limit is"
    if limit is None:
        (_, limit), source = memory_bytes(), "the system has"
    if limit is not None and needed > limit:
        raise MemoryLimitError(
            f"{work} needs about {format_bytes(needed)}, {source} {format_bytes(limit)}: {remedy}"
        )


def _group_limits(root: str) -> Iterator[tuple[int, int]]:
    """Yields (limit, bytes used without cached files) of the control groups of this process.

    Inside a container the paths that `/proc/self/cgroup` gives may be those of the host; the
    container's own limit then stands at the top, which the walk upwards ends with.
    """
    for line in _lines(f"{root}/proc/self/cgroup"):
        _, controllers, path = line.rstrip("\n").split(":", 2)
        if controllers == "":
            top, limit_name, used_name, prefix = "", "memory.max", "memory.current", ""
        elif "memory" in controllers.split(","):
            top, prefix = "/memory", "total_"
            limit_name, used_name = "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        path = path.rstrip("/")
        while True:
            folder = f"{root}/sys/fs/cgroup{top}{path}"
            limit, used = _number(f"{folder}/{limit_name}"), _number(f"{folder}/{used_name}")
            if limit is not None and used is not None:
                kept = _numbers(f"{folder}/memory.stat")
                cached = sum(kept.get(f"{prefix}{age}_file", 0) for age in ("active", "inactive"))
                yield limit, max(0, used - cached)
            if not path:
                break
            path = path.rpartition("/")[0]


def _lines(path: str) -> list[str]:
    """Lines of a file of the kernel, none where there is no such file."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readlines()
    except OSError:
        return []


def _numbers(path: str) -> dict[str, int]:
    """The numbers of lines like `name: 12 kB` or `name 12`."""
    words = [line.replace(":", " ").split() for line in _lines(path)]
    return {word[0]: int(word[1]) for word in words if len(word) > 1 and word[1].isdecimal()}


def _number(path: str) -> int | None:
    """The one number of a file, None where it is missing or says `max`."""
    text = "".join(_lines(path)).strip()
    return int(text) if text.isdecimal() else None
