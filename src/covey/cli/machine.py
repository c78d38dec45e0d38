"""What a run takes of the machine: expected before, measured after."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from covey.byte_sizes import format_bytes
from covey.resources import memory_bytes
from covey.types import MemoryLimitError

if TYPE_CHECKING:
    from covey.models.refiner import Refiner

_BASE_BYTES = 450 << 20
"""What the interpreter and its libraries take with all of them loaded."""

_JUDGED_ITEMS, _BYTES_PER_JUDGED_ITEM = 25_000, 14_000
"""Items on which scorers and cuts are compared at most, and what each takes."""

_BYTES_PER_NEIGHBOUR = 48
"""What all stages together keep for each entry of the neighbour lists."""


def peak_memory_mb() -> float:
    """The most memory that this process has had resident, in MB (10^6 bytes); 0 if unknown."""
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


def expected_bytes(x: Any, k: int | None, refiner: Refiner | None = None) -> int:
    """Roughly the most memory that grouping the rows of `x` takes, counting `x` itself.

    Within a third of what was measured from 10,000 x 128 to 120,000 x 64 values.

    Args:
        x: (n, d) numbers.
        k: Neighbours per item, or None for as many as `cluster` takes.
        refiner: What refines the rows first.
    """
    from covey.clustering import list_length
    from covey.models.refining_memory import refining_bytes

    n, d = x.shape
    judged = min(n, _JUDGED_ITEMS) * _BYTES_PER_JUDGED_ITEM
    lists = n * _BYTES_PER_NEIGHBOUR * list_length(n, k)
    refining = 0 if refiner is None else refining_bytes(refiner, n)
    return _BASE_BYTES + judged + n * d * (4 + x.itemsize) + lists + refining


def check_memory(x: Any, k: int | None, limit: int | None, refiner: Refiner | None = None) -> None:
    """Refuses work that would take more than the limit, before it is begun.

    Args:
        x: (n, d) numbers.
        k: Neighbours per item, or None.
        limit: Bytes; what the system has if None.
        refiner: What refines the rows first.

    Raises:
        MemoryLimitError: If the limit is below `expected_bytes`.
    """
    source = "--memory-limit is"
    if limit is None:
        total, _ = memory_bytes()
        limit, source = total, "this machine has"
    needed = expected_bytes(x, k, refiner)
    if limit is not None and needed > limit:
        raise MemoryLimitError(
            f"grouping {x.shape[0]:,} x {x.shape[1]} needs about {format_bytes(needed)}, "
            f"{source} {format_bytes(limit)}; lower --k, or use a part of the rows with --mask"
        )
