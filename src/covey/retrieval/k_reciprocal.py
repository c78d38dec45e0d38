"""k-reciprocal encoding: results whose reciprocal neighbours are those of the query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.sparse import csr_array

from covey.graph import local_sets
from covey.knn import build_knn_graph
from covey.retrieval.collection import Collection, sorted_lists
from covey.similarity.jaccard import expanded_reciprocal_sets
from covey.types import Float32, Int64, IntArray, KnnGraph, UsageError


@dataclass(frozen=True, slots=True)
class KReciprocal:
    """Mixes the cosine with the Jaccard index of encoded neighbourhoods.

    Over gallery and queries together, R*(i) is the expanded set of k1-reciprocal neighbours (see
    `similarity.jaccard`) and

        V_ij      = exp(-(1 - s_ij)) for j in R*(i), else 0, each row scaled to the sum 1
        V_i      <- mean of V_j over i and its nearest neighbours, k2 items together
        J(i, j)   = sum_m min(V_im, V_jm) / sum_m max(V_im, V_jm)
        score     = (1 - lambda) J(i, j) + lambda s_ij

    (Zhong et al., "Re-ranking Person Re-identification with k-reciprocal Encoding", CVPR 2017,
    equations 3 to 12, with their k1 = 20, k2 = 6 and lambda = .3. In the place of their squared
    distance over the largest one stands 1 - s.)

    Attributes:
        collection: Queries and gallery.
        encoding: (n [+ q], n [+ q]) sparse float32, the rows V.
        start, items, weight: Columns of V, of the gallery alone: column m has `weight` at `items`
            from start[m] to start[m + 1].
        mix: lambda.
    """

    collection: Collection
    encoding: csr_array
    start: Int64
    items: IntArray
    weight: Float32
    mix: float

    @classmethod
    def prepare(
        cls,
        collection: Collection,
        *,
        k1: int = 20,
        k2: int = 6,
        mix: float = 0.3,
        threads: int | None = None,
    ) -> KReciprocal:
        """Encodes every item: a neighbour search, and O(n k1 (k1 + d)) time and memory.

        Raises:
            UsageError: If an option is out of range.
        """
        if k1 < 1 or k2 < 1 or not 0 <= mix <= 1:
            raise UsageError(
                f"k1 and k2 must be positive and mix in [0, 1], got {k1}, {k2} and {mix}"
            )
        rows = collection.pool
        lists = local_sets(build_knn_graph(rows, max(k1, k2 - 1), threads=threads))
        sets = lists[:, : k1 + 1]
        half = min(round(k1 / 2) + 1, sets.shape[1])
        start, members = expanded_reciprocal_sets(sets, half)
        values = _weigh(rows, start, members)
        size = (len(rows), len(rows))
        encoding = csr_array((values, members, start), shape=size)
        near = lists[:, :k2]
        width = near.shape[1]
        ends = np.arange(len(rows) + 1) * width
        mean = csr_array(
            (np.full(near.size, 1 / width, np.float32), near.ravel(), ends), shape=size
        )
        encoding = csr_array(mean @ encoding)
        columns = encoding[: len(collection.gallery)].tocsc()
        return cls(
            collection,
            encoding,
            columns.indptr.astype(np.int64),
            columns.indices,
            columns.data,
            mix,
        )

    def rerank(self, which: Int64, first: KnnGraph) -> KnnGraph:
        """The same lists in another order. O(k1^2) a query where few share many neighbours."""
        own = self.encoding[self.collection.places(which)]
        overlap = _overlap(
            own.indptr.astype(np.int64),
            own.indices,
            own.data,
            self.start,
            self.items,
            self.weight,
            np.ascontiguousarray(first.indices, np.int32),
            len(self.collection.gallery),
        )
        jaccard = overlap / (2 - overlap)
        mix = np.float32(self.mix)
        return sorted_lists(first.indices, (1 - mix) * jaccard + mix * first.similarities)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract"})
def _weigh(rows: Float32, start: Int64, members: IntArray) -> Float32:
    values = np.empty(len(members), np.float32)
    for i in range(len(rows)):
        total = np.float32(0)
        for at in range(start[i], start[i + 1]):
            dot = np.float32(0)
            for t in range(rows.shape[1]):
                dot += rows[i, t] * rows[members[at], t]
            values[at] = np.exp(dot - np.float32(1))
            total += values[at]
        for at in range(start[i], start[i + 1]):
            values[at] /= total
    return values


@njit(cache=True, nogil=True)
def _overlap(
    own_start: Int64,
    own_column: IntArray,
    own_weight: Float32,
    start: Int64,
    items: IntArray,
    weight: Float32,
    lists: IntArray,
    n: int,
) -> Float32:
    """(b, l) sums of the smaller of two weights, query and entry of its list."""
    out = np.empty(lists.shape, np.float32)
    shared = np.zeros(n, np.float32)
    for q in range(len(lists)):
        for at in range(own_start[q], own_start[q + 1]):
            m = own_column[at]
            for other in range(start[m], start[m + 1]):
                shared[items[other]] += min(own_weight[at], weight[other])
        for c in range(lists.shape[1]):
            out[q, c] = min(shared[lists[q, c]], np.float32(1))
        for at in range(own_start[q], own_start[q + 1]):
            m = own_column[at]
            for other in range(start[m], start[m + 1]):
                shared[items[other]] = 0
    return out
