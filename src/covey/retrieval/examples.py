"""Queries worth looking at: those that went worst, those in the middle, the best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.metrics.retrieval import Identities, Protocol, QueryScores
from covey.retrieval.reid import Ranker
from covey.types import Int64

_LATE = 4


@dataclass(frozen=True, slots=True)
class Example:
    """One query and the beginning of its ranking, without the items that do not count.

    Attributes:
        query: Its number.
        results: (r,) int64 places in the gallery, best first.
        hits: (r,) bool, which of them share the query's identity.
        late: (m,) int64, the first positives that come after those, best first.
        late_ranks: (m,) int64, their ranks from 1.
    """

    query: int
    results: Int64
    hits: NDArray[np.bool_]
    late: Int64
    late_ranks: Int64


def pick_queries(scores: QueryScores, labels: Int64, number: int) -> dict[str, Int64]:
    """Queries with the least, the median and the largest average precision.

    Each group holds an identity once: among queries of one identity the most extreme, or nearest
    to the median, stands for it. Of equal ones the query with the most positives comes first.

    Args:
        scores: q queries.
        labels: (q,) int64 their identities.
        number: Queries of each group at most; none is in two groups.
    """
    counted = np.flatnonzero(scores.counted)
    ap, positives = scores.average_precision[counted], scores.positives[counted]
    median = np.median(ap) if len(ap) else 0.0
    found: dict[str, Int64] = {}
    taken = np.empty(0, np.int64)
    for name, distance in (("worst", ap), ("best", -ap), ("middle", np.abs(ap - median))):
        order = counted[np.lexsort((counted, -positives, distance))]
        order = order[~np.isin(order, taken)]
        _, first = np.unique(labels[order], return_index=True)
        found[name] = order[np.sort(first)[:number]]
        taken = np.append(taken, found[name])
    return {name: found[name] for name in ("worst", "middle", "best")}


def show_queries(
    ranker: Ranker,
    which: Int64,
    gallery: Identities,
    queries: Identities,
    protocol: Protocol,
    *,
    shown: int = 10,
) -> list[Example]:
    """Ranks some queries and says of the first results which are hits. O(n log n) a query."""
    if not len(which):
        return []
    lists, similarities = ranker.rank(which)
    own = ranker.collection.own(which)
    examples = []
    for row, query in enumerate(which):
        ranking = lists.indices[row].astype(np.int64)
        if protocol.list_length is None:
            rest = np.argsort(-similarities[row], kind="stable")
            ranking = np.concatenate([ranking, rest[~np.isin(rest, ranking)]])
        else:
            ranking = ranking[: protocol.list_length]
        same = gallery.labels[ranking] == queries.labels[query]
        counts = (gallery.labels[ranking] >= 0) & (ranking != own[row])
        if protocol.use_cameras and gallery.cameras is not None and queries.cameras is not None:
            camera = queries.cameras[query]
            counts &= ~(same & (gallery.cameras[ranking] == camera) & (camera >= 0))
        ranking, same = ranking[counts], same[counts]
        late = np.flatnonzero(same[shown:])[:_LATE] + shown
        examples.append(Example(int(query), ranking[:shown], same[:shown], ranking[late], late + 1))
    return examples
