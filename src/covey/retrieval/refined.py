"""Queries and gallery as a refiner sees them: each item in the light of its nearest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from covey.models.refiner import Refiner
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
        refiner: By `covey.training.refiner`.
        threads: At most so many.
        memory_limit: Bytes that a search of neighbours may take.
        seed: Of that search.
        tick: Called with the share done.

    Raises:
        InputError: If the refiner was trained on embeddings of other dimensions.
        MissingExtraError: If torch is not installed.
    """
    refiner.check(collection.gallery.shape[1])
    gallery = refiner.prepare(collection.gallery)
    asked = None if collection.queries is None else refiner.prepare(collection.queries)
    if not refiner.uses_network:
        return Collection(gallery, asked)
    n, q = len(gallery), 0 if asked is None else len(asked)

    def local_sets(items: Collection, first: int) -> IntArray:
        """Each item asked, whose row in the pool the first is, and its nearest in the gallery."""
        near, _ = search(
            items,
            max(1, refiner.members - 1),
            threads=threads,
            memory_limit=memory_limit,
            seed=seed,
        )
        own = first + np.arange(near.n, dtype=np.int64)[:, None]
        return np.hstack([own, near.indices])[:, : refiner.members]

    def part(start: int, count: int) -> Callable[[float], None]:
        return lambda done: tick((start + done * count) / (n + q))

    sets = local_sets(Collection(gallery), 0)
    refined = refiner.refine_sets(gallery, sets, threads=threads, tick=part(0, n))
    if asked is None:
        return Collection(refined)
    sets = local_sets(Collection(gallery, asked), n)
    pool = np.concatenate([gallery, asked])
    return Collection(refined, refiner.refine_sets(pool, sets, threads=threads, tick=part(n, q)))
