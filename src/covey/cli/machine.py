"""What the machine has and what this process took of it."""

from __future__ import annotations

import os
import sys
from typing import Any

from covey.types import MemoryLimitError

_BASE_BYTES = 400 << 20
"""What the interpreter and its libraries take with all of them loaded."""

_BYTES_PER_NEIGHBOUR = 160
"""What the stages after the search take at their peak for each entry of the neighbour lists."""


def peak_memory_mb() -> float:
    """The most memory that this process has had resident, in MB (10^6 bytes); 0 if unknown."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


def memory_bytes() -> tuple[int | None, int | None]:
    """Bytes of memory: all there is, and what new work may take; None where unknown."""
    found: dict[str, int] = {}
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                name, amount = line.split(":")
                found[name] = int(amount.split()[0]) << 10
    except (OSError, ValueError):
        pass
    return found.get("MemTotal"), found.get("MemAvailable")


def threads() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def expected_bytes(x: Any, k: int | None) -> int:
    """Roughly the most memory that grouping the rows of `x` takes, counting `x` itself.

    Args:
        x: (n, d) numbers.
        k: Neighbours per item; 80 is assumed for None.
    """
    n, d = x.shape
    return _BASE_BYTES + n * (4 * d + x.itemsize * d + _BYTES_PER_NEIGHBOUR * (k or 80))


def check_memory(x: Any, k: int | None, limit: int | None) -> None:
    """Refuses work that would take more than the limit, before it is begun.

    Args:
        x: (n, d) numbers.
        k: Neighbours per item, or None.
        limit: Bytes; what the system has if None.

    Raises:
        MemoryLimitError: If the limit is below `expected_bytes`.
    """
    source = "--memory-limit is"
    if limit is None:
        total, _ = memory_bytes()
        limit, source = total, "this machine has"
    needed = expected_bytes(x, k)
    if limit is not None and needed > limit:
        raise MemoryLimitError(
            f"grouping {x.shape[0]:,} x {x.shape[1]} needs about {needed / 1e9:.1f} GB, {source} "
            f"{limit / 1e9:.1f} GB; lower --k, or use a part of the rows with --mask"
        )
