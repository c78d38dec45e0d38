"""How early a ranking names what belongs with a query: average precision, INP, CMC.

The standard protocol of re-identification leaves out what the query's own camera has seen of the
query's own identity, counts every positive of the gallery and looks at the whole ranking (Zheng et
al., "Scalable Person Re-identification: A Benchmark", ICCV 2015). The protocol of lists is that of
the evaluation that was published with B-Attention (Wang et al., NeurIPS 2022): lists of 1,023, no
cameras, average precision over the positives that a list holds. Its figures are higher where lists
are too short to hold all positives and queries without any in the list are left out, so the two
must not be compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from covey.types import Float32, InputError, Int64, IntArray, UsageError

Float64 = NDArray[np.float64]

CMC_RANKS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Protocol:
    """What counts.

    Attributes:
        name: What it is called in options and results.
        use_cameras: Whether items of the query's identity from the query's camera are taken out.
        list_length: The ranking ends here, and average precision is over the positives before
            the end; None looks at the whole ranking and at all positives of the gallery.
    """

    name: str
    use_cameras: bool
    list_length: int | None


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (Protocol("standard", True, None), Protocol("list-1023", False, 1023))
}
STANDARD, LIST_1023 = PROTOCOLS.values()


@dataclass(frozen=True, slots=True)
class Identities:
    """Who and where: what a protocol has to know about items.

    Attributes:
        labels: (n,) int64. Negative ones are unknown: such a query is not asked, and such an item
            of the gallery is taken out of every ranking.
        cameras: (n,) int64, or None where there are none. Negative ones are unknown, and differ
            from every other.
    """

    labels: Int64
    cameras: Int64 | None = None

    def __post_init__(self) -> None:
        if self.cameras is not None and self.cameras.shape != self.labels.shape:
            raise InputError(
                f"there are {len(self.labels)} labels and {len(self.cameras)} cameras; give both "
                "for every item"
            )

    @classmethod
    def of(cls, labels: ArrayLike, cameras: ArrayLike | None = None) -> Identities:
        """From anything that holds whole numbers.

        Raises:
            InputError: If the lengths differ, or something is no vector of integers.
        """
        seen = None if cameras is None else _as_codes(cameras, "cameras")
        return cls(_as_codes(labels, "labels"), seen)

    def take(self, which: Int64) -> Identities:
        """Those of some items."""
        return Identities(self.labels[which], None if self.cameras is None else self.cameras[which])


@dataclass(frozen=True, slots=True)
class QueryScores:
    """How each query fared; queries that do not count have NaN.

    Attributes:
        average_precision: (q,) float64, mean over the positives of the precision at their ranks;
            a positive that the ranking never names has precision 0.
        inverse_penalty: (q,) float64, positives over the rank of the last one, 0 if it is never
            named: INP, of which mINP is the mean (Ye et al., PAMI 2021, section 3.4).
        first_hit: (q,) int64, rank of the first positive from 1; 0 if there is none.
        positives: (q,) int64, how many there were to find.
        asked: (q,) bool, whether the query has a label.
    """

    average_precision: Float64
    inverse_penalty: Float64
    first_hit: Int64
    positives: Int64
    asked: NDArray[np.bool_]

    @classmethod
    def joined(cls, parts: list[QueryScores]) -> QueryScores:
        """Several blocks of queries, one after the other."""
        names = ("average_precision", "inverse_penalty", "first_hit", "positives", "asked")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))

    @property
    def counted(self) -> NDArray[np.bool_]:
        """(q,) bool, which queries have something to find."""
        return ~np.isnan(self.average_precision)


@dataclass(frozen=True, slots=True)
class RetrievalScores:
    """Means over the queries that count.

    Attributes:
        protocol: Name of the protocol.
        mean_ap: mAP, in [0, 1]; NaN where no query counts, like the others.
        mean_inp: mINP, in [0, 1].
        cmc: Rank to share of queries whose first positive stands at that rank or before.
        queries: Queries that count.
        skipped: Labelled queries without a positive, which do not count.
        per_query: Each query.
    """

    protocol: str
    mean_ap: float
    mean_inp: float
    cmc: dict[int, float]
    queries: int
    skipped: int
    per_query: QueryScores

    def as_dict(self) -> dict[str, Any]:
        """The means, under the names that papers use."""
        return {
            "protocol": self.protocol,
            "mAP": self.mean_ap,
            "mINP": self.mean_inp,
            "cmc": {str(rank): share for rank, share in self.cmc.items()},
            "n_queries": self.queries,
            "n_skipped": self.skipped,
        }


def judge_rankings(
    lists: IntArray,
    queries: Identities,
    gallery: Identities,
    *,
    similarities: Float32 | None = None,
    own: Int64 | None = None,
    protocol: Protocol = STANDARD,
) -> QueryScores:
    """Scores a block of queries.

    A ranking is the items of a list, in that order, and after them the rest of the gallery by
    similarity, ties by index. Both parts are optional: lists of no columns leave the similarities
    to decide alone, and without similarities the ranking ends with the list.

    Args:
        lists: (b, l) places in the gallery, best first, none twice; -1 stands for nothing.
        queries: b items.
        gallery: n items.
        similarities: (b, n) float32, larger is closer. A protocol of lists does not read them.
        own: (b,) place of each query itself in the gallery, taken out of its ranking; -1 or None
            where it is not there.
        protocol: What counts.

    Returns:
        A score for each query. O(b (l + n log p)) time for p positives, O(n) memory: whole
        rankings of 100,000 items are scored without being sorted.

    Raises:
        UsageError: If shapes differ.
        InputError: If a list points past the gallery.
    """
    b, n = len(queries.labels), len(gallery.labels)
    if similarities is None or protocol.list_length is not None:
        similarities = np.empty((b, 0), np.float32)
    elif similarities.shape != (b, n):
        raise UsageError(f"similarities have shape {similarities.shape}, not {(b, n)}")
    if lists.ndim != 2 or len(lists) != b:
        raise UsageError(f"lists have shape {lists.shape}, not ({b}, l)")
    if lists.size and int(lists.max()) >= n:
        raise InputError(f"a list names item {lists.max()} of a gallery of {n}")
    if protocol.list_length is not None:
        lists = lists[:, : protocol.list_length]
    known = queries.cameras is not None and gallery.cameras is not None
    use_cameras = protocol.use_cameras and known
    ap, inp, first, positives = _judge(
        np.ascontiguousarray(lists, np.int32),
        np.ascontiguousarray(similarities, np.float32),
        queries.labels,
        _cameras(queries, use_cameras),
        gallery.labels,
        _cameras(gallery, use_cameras),
        np.full(b, -1, np.int64) if own is None else own.astype(np.int64),
        protocol.list_length is None,
    )
    return QueryScores(ap, inp, first, positives, queries.labels >= 0)


def summarise(scores: QueryScores, protocol: Protocol = STANDARD) -> RetrievalScores:
    """Means over the queries that count; NaN where there are none."""
    counted = scores.counted
    number = int(counted.sum())

    def mean(values: NDArray[Any]) -> float:
        return float(values[counted].mean()) if number else float("nan")

    return RetrievalScores(
        protocol.name,
        mean(scores.average_precision),
        mean(scores.inverse_penalty),
        {r: mean((scores.first_hit >= 1) & (scores.first_hit <= r)) for r in CMC_RANKS},
        number,
        int((scores.asked & ~counted).sum()),
        scores,
    )


def _as_codes(values: ArrayLike, what: str) -> Int64:
    array = np.asarray(values)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise InputError(
            f"{what} must be integers, one per item, got shape {array.shape} of {array.dtype}"
        )
    return array.astype(np.int64)


def _cameras(items: Identities, used: bool) -> Int64:
    if not used or items.cameras is None:
        return np.full(len(items.labels), -1, np.int64)
    return items.cameras


@njit(cache=True, nogil=True)
def _judge(
    lists: IntArray,
    similarities: Float32,
    query_label: Int64,
    query_camera: Int64,
    label: Int64,
    camera: Int64,
    own: Int64,
    whole: bool,
) -> tuple[Float64, Float64, Int64, Int64]:
    """Ranks positives by counting what stands before them."""
    b, n = len(query_label), len(label)
    ap = np.full(b, np.nan)
    inp = np.full(b, np.nan)
    first = np.zeros(b, np.int64)
    positives = np.zeros(b, np.int64)
    named_by = np.full(n, -1, np.int64)  # the last query whose list names an item
    for q in range(b):
        mine, seen_by = query_label[q], query_camera[q]
        if mine < 0:
            continue
        total = 0
        for j in range(n):
            if label[j] == mine and j != own[q] and not (seen_by >= 0 and camera[j] == seen_by):
                total += 1
        rank, hits, last, precision = 0, 0, 0, 0.0
        for c in range(lists.shape[1]):
            j = lists[q, c]
            if j < 0:
                continue
            named_by[j] = q
            if j == own[q] or label[j] < 0:
                continue
            if label[j] == mine:
                if seen_by >= 0 and camera[j] == seen_by:
                    continue
                hits += 1
                precision += hits / (rank + 1)
                last = rank + 1
                if hits == 1:
                    first[q] = last
            rank += 1
        if similarities.shape[1] and hits < total:
            left = np.empty(total - hits, np.int64)
            filled = 0
            for j in range(n):
                if (
                    label[j] == mine
                    and j != own[q]
                    and not (seen_by >= 0 and camera[j] == seen_by)
                    and named_by[j] != q
                ):
                    left[filled] = j
                    filled += 1
            values = similarities[q][left]
            order = np.argsort(-values, kind="mergesort")
            left, values = left[order], values[order]
            before = np.zeros(filled + 1, np.int64)  # others that stand just before each positive
            lowest = values[filled - 1]
            for j in range(n):
                s = similarities[q, j]
                if s < lowest:  # comes after all positives, as most do where the search is good
                    continue
                if label[j] < 0 or label[j] == mine or named_by[j] == q or j == own[q]:
                    continue
                low, high = 0, filled
                while low < high:
                    middle = (low + high) // 2
                    v = values[middle]
                    if s > v or (s == v and j < left[middle]):
                        high = middle
                    else:
                        low = middle + 1
                before[low] += 1
            for t in range(filled):
                rank += before[t]
                hits += 1
                precision += hits / (rank + 1)
                last = rank + 1
                if hits == 1:
                    first[q] = last
                rank += 1
        positives[q] = total if whole else hits
        if positives[q]:
            ap[q] = precision / positives[q]
            inp[q] = hits / last if hits == positives[q] else 0.0
    return ap, inp, first, positives
