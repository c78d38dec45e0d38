"""What it takes to refine a collection, told before it is taken."""

from __future__ import annotations

from covey.models.b_attention_config import BATCH_BYTES, BAttentionConfig
from covey.models.refiner import Refiner
from covey.resources import require_memory


def refining_bytes(refiner: Refiner, n: int, queries: int = 0) -> int:
    """Memory in bytes on top of the rows, and of the search for neighbours among them.

    Whitened rows, neighbour lists and local sets or graph, rows mapped to the width, a batch, and
    what comes out; where edges are weighed by the network, also what it reads.

    Args:
        refiner: By `covey.training.refiner`.
        n: Items.
        queries: Further ones, which are nobody's neighbours.
    """
    asked = n + queries
    whitened = 0 if refiner.whitening is None else 4 * asked * refiner.network.inputs
    if not refiner.uses_network:
        return whitened
    config, out = refiner.network, 4 * asked * refiner.dimensions if refiner.refines else 0
    if isinstance(config, BAttentionConfig):
        lists = 16 * config.tests * max(n, queries)
        return whitened + lists + 4 * n * config.width + BATCH_BYTES + out
    return whitened + config.bytes_among(n) + out


def require_refining_memory(
    refiner: Refiner, n: int, queries: int = 0, *, limit: int | None = None, held: int = 0
) -> None:
    """Refuses to refine so many items where it would take too much memory.

    Args:
        refiner, n, queries: As for `refining_bytes`.
        limit: Bytes that may be taken; what the system has if None.
        held: Bytes that are taken already and count towards the limit.

    Raises:
        MemoryLimitError: If more is needed.
    """
    require_memory(
        f"refining {n + queries:,} items",
        refining_bytes(refiner, n, queries) + (0 if limit is None else held),
        limit,
        remedy="take fewer items at a time, or leave the model out",
    )
