"""Items that are most like one: by the lists of the last run, or compared with all others."""

from __future__ import annotations

import numpy as np

from covey.store.review import Review
from covey.types import Float32


def nearest_items(review: Review, item: int, k: int) -> list[tuple[int, float]]:
    """Items and similarities, the most similar first.

    Args:
        review: The project.
        item: One of its items.
        k: How many at most.

    Returns:
        Cosines, or minus distances. Of items of the last run as many as its lists hold; those that
        came later are not in these lists, and are compared with everything themselves.
    """
    run = review.last_run()
    if run is not None and item < run.n:
        lists = run.knn()
        near, similar = lists.indices[item], lists.similarities[item]
        inside = (near >= 0) & (near != item)
        return list(zip(near[inside][:k].tolist(), similar[inside][:k].tolist(), strict=True))
    similar = _compared(review, item)
    similar[item] = -np.inf
    count = min(k, len(similar) - 1)
    best = np.argpartition(-similar, count)[:count] if count < len(similar) else np.arange(0)
    best = best[np.lexsort((best, -similar[best]))]
    return list(zip(best.tolist(), similar[best].tolist(), strict=True))


def _compared(review: Review, item: int) -> Float32:
    """(n,) similarity of each item to one."""
    own = review.items.rows([item])[0]
    found = np.empty(review.items.n, np.float32)
    start = 0
    for rows in review.items.blocks():
        part = found[start : start + len(rows)]
        if review.project.metric == "cosine":
            lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows)) * np.sqrt(own @ own)
            part[:] = np.clip(rows @ own / np.maximum(lengths, np.float32(1e-30)), -1, 1)
        else:
            part[:] = -np.sqrt(np.square(rows - own).sum(axis=1))
        start += len(rows)
    return found
