"""Re-identification: whole rankings of all queries, scored a block at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from covey.metrics.retrieval import (
    STANDARD,
    Identities,
    Protocol,
    QueryScores,
    RetrievalScores,
    judge_rankings,
    summarise,
)
from covey.resources import available_threads
from covey.retrieval.collection import BLOCK, Collection
from covey.retrieval.rerank import Reranking
from covey.threads import bounded_threads
from covey.types import Float32, Int64, KnnGraph, UsageError

LIST_LENGTH = 1023
"""Results that a re-ranking may put in order; what comes after keeps the order of the cosine."""


@dataclass(frozen=True, slots=True)
class Ranker:
    """Rankings of any queries of a collection.

    Attributes:
        collection: Queries and gallery.
        reranking: What puts the first results in order, or None.
        depth: How many those are.
    """

    collection: Collection
    reranking: Reranking | None = None
    depth: int = LIST_LENGTH

    def rank(self, which: Int64) -> tuple[KnnGraph, Float32]:
        """The first results of some queries, and their (b, n) cosines, which order the rest."""
        similarities = self.collection.compare(which)
        first = self.collection.best(similarities, self.depth)
        if self.reranking is not None:
            first = self.reranking.rerank(which, first)
        return first, similarities


def score_retrieval(
    ranker: Ranker,
    gallery: Identities,
    *,
    queries: Identities | None = None,
    protocol: Protocol = STANDARD,
    threads: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> RetrievalScores:
    """Asks every query with a label and scores its ranking.

    Args:
        ranker: Rankings of q queries among n items.
        gallery: n identities.
        queries: q identities; those of the gallery where each item is a query to the others.
        protocol: What counts.
        threads: At most so many; all cores if None.
        progress: Called with the share done, from 0 to 1.

    Returns:
        Means and the scores of each query. O(q n (d + log p)) time; memory is that of 256 rows
        of n similarities and their lists.

    Raises:
        UsageError: If numbers of items differ.
    """
    collection = ranker.collection
    asked = gallery if queries is None else queries
    if len(gallery.labels) != len(collection.gallery) or len(asked.labels) != collection.n_queries:
        raise UsageError(
            f"{len(gallery.labels)} identities of the gallery and {len(asked.labels)} of queries "
            f"do not fit {len(collection.gallery)} items and {collection.n_queries} queries"
        )
    parts = []
    with bounded_threads(threads or available_threads()):
        for start in range(0, collection.n_queries, BLOCK):
            which = np.arange(start, min(start + BLOCK, collection.n_queries))
            lists, similarities = _lists(ranker, which, protocol)
            parts.append(
                judge_rankings(
                    lists,
                    asked.take(which),
                    gallery,
                    similarities=similarities,
                    own=collection.own(which),
                    protocol=protocol,
                )
            )
            if progress is not None:
                progress(min(1.0, (start + BLOCK) / collection.n_queries))
    return summarise(QueryScores.joined(parts), protocol)


def _lists(ranker: Ranker, which: Int64, protocol: Protocol) -> tuple[np.ndarray, Float32]:
    """What `judge_rankings` needs; nothing is sorted where similarities decide alone."""
    if ranker.reranking is None and protocol.list_length is None:
        return np.empty((len(which), 0), np.int32), ranker.collection.compare(which)
    first, similarities = ranker.rank(which)
    return first.indices, similarities
