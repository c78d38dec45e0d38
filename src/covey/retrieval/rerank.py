"""Re-rankings by name: one contract for every way to put the results of a query in order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol, get_args

import numpy as np

from covey.resources import available_threads
from covey.retrieval.collection import BLOCK, Collection
from covey.retrieval.diffusion import Diffusion
from covey.retrieval.k_reciprocal import KReciprocal
from covey.retrieval.profiles import Profiles
from covey.retrieval.query_expansion import QueryExpansion
from covey.threads import bounded_threads
from covey.types import Int64, KnnGraph, UsageError

RerankingName = Literal["k-reciprocal", "query-expansion", "diffusion", "profiles"]
RERANKINGS: tuple[RerankingName, ...] = get_args(RerankingName)

DEPTH = 200
"""Results of a search that are put in order anew, at least."""


class Reranking(Protocol):
    """What has looked at a collection beforehand and orders the results of its queries.

    Whatever learns better embeddings needs none of this: see `refined`.
    """

    def rerank(self, which: Int64, first: KnnGraph) -> KnnGraph:
        """Gives new lists for some queries.

        Args:
            which: (b,) int64 queries, by their number in the collection.
            first: (b, l) places in the gallery and cosines, descending, ties by index.

        Returns:
            Lists of the same shape by a score of its own, larger is closer: descending, ties by
            index. What no list names comes after the list, in the order that it had.
        """


def prepare_reranking(
    name: RerankingName, collection: Collection, *, threads: int | None = None
) -> Reranking:
    """Makes a re-ranking ready at its published parameters.

    Args:
        name: "k-reciprocal" (Zhong et al., 2017), "query-expansion" (alpha-QE), "diffusion"
            (Iscen et al., 2017) or "profiles" (multiple tests without training).
        collection: Queries and gallery.
        threads: Of the neighbour search; all cores if None.

    Raises:
        UsageError: If the name is unknown.
    """
    if name == "k-reciprocal":
        return KReciprocal.prepare(collection, threads=threads)
    if name == "query-expansion":
        return QueryExpansion(collection)
    if name == "diffusion":
        return Diffusion.prepare(collection, threads=threads)
    if name == "profiles":
        return Profiles.prepare(collection)
    raise UsageError(f"unknown re-ranking {name!r}: choose one of {', '.join(RERANKINGS)}")


def order_anew(
    name: RerankingName,
    collection: Collection,
    first: KnnGraph,
    *,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> KnnGraph:
    """Puts the results of all queries in order, a block of them at a time.

    Args:
        name: As for `prepare_reranking`.
        collection: Queries and gallery.
        first: (q, l) first lists of all queries.
        threads: At most so many; all cores if None.
        progress: Called with the share done, from 0 to 1.

    Raises:
        UsageError: If the name is unknown.
    """
    with bounded_threads(threads or available_threads()):
        return in_blocks(prepare_reranking(name, collection, threads=threads), first, progress)


def in_blocks(
    reranking: Reranking, first: KnnGraph, progress: Callable[[float], None] | None = None
) -> KnnGraph:
    """The new lists of all queries, whose first lists these are."""
    indices, scores = np.empty_like(first.indices), np.empty_like(first.similarities)
    for start in range(0, first.n, BLOCK):
        block = slice(start, start + BLOCK)
        part = KnnGraph(first.indices[block], first.similarities[block])
        found = reranking.rerank(np.arange(start, start + part.n), part)
        indices[block], scores[block] = found.indices, found.similarities
        if progress is not None:
            progress(min(1.0, (start + BLOCK) / first.n))
    return KnnGraph(indices, scores)
