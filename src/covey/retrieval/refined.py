"""Queries and gallery as a refiner sees them: each item in the light of its nearest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from covey.models.refiner import Refiner
from covey.models.refining_memory import require_refining_memory
from covey.retrieval.collection import Collection
from covey.retrieval.search import search
from covey.types import IntArray


def refine_collection(
    collection: Collection,
    refiner: Refiner,
    *,
    threads: int | None = None,
    memory_limit: int | None = None,
    seed: int = 0,
    tick: Callable[[float], None] = lambda done: None,
) -> Collection:
    """Gives the collection whose cosines are those of refined embeddings.

    The local set of an item of the gallery is made of its nearest there; that of a query that is
    not in the gallery of itself and its nearest in the gallery. So what one query gives does not
    depend on which others are asked.

    Args:
        collection: n items and their queries.
        refiner: By `covey.training.refiner`, a B-Attention one or any that refines nothing.
        threads: At most so many.
        memory_limit: Bytes that refining may take, and each search of neighbours, on top of the
            collection; what is available if None.
        seed: Of that search.
        tick: Called with the share done.

    Raises:
        InputError: If the refiner was trained on embeddings of other dimensions.
        MemoryLimitError: If more memory is needed than there is; raised before it is taken.
        MissingExtraError: If torch is not installed.
    """
    refiner.check(collection.gallery.shape[1])
    reach = refiner.network.reach
    n, q = len(collection.gallery), 0 if collection.queries is None else len(collection.queries)
    require_refining_memory(refiner, n, q, limit=memory_limit)
    gallery = refiner.prepare(collection.gallery)
    asked = None if collection.queries is None else refiner.prepare(collection.queries)
    if not refiner.refines:
        return Collection(gallery, asked)

    def nearest(items: Collection) -> IntArray:
        """For each item asked its nearest in the gallery, as many as a local set has others."""
        near, _ = search(
            items,
            max(1, reach),
            threads=threads,
            memory_limit=memory_limit,
            seed=seed,
        )
        return near.indices[:, :reach]

    def part(start: int, count: int) -> Callable[[float], None]:
        return lambda done: tick((start + done * count) / (n + q))

    sets = np.hstack([np.arange(n)[:, None], nearest(Collection(gallery))])
    refined = refiner.refine_sets(gallery, sets, threads=threads, tick=part(0, n))
    if asked is None:
        return Collection(refined)
    sets = nearest(Collection(gallery, asked))
    found = refiner.refine_sets(gallery, sets, seeds=asked, threads=threads, tick=part(n, q))
    return Collection(refined, found)
