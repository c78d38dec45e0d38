"""Where neighbours may be: FAISS proposes rows, `covey.knn` compares and decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import faiss
import numpy as np

from covey.types import Float32, Int64
from covey.vectors import Metric

_TRAIN_ROWS = 80_000
_FAISS_METRIC = {"cosine": faiss.METRIC_INNER_PRODUCT, "euclidean": faiss.METRIC_L2}


class Proposer(Protocol):
    """Anything that names rows which may be near to a query."""

    def propose(self, queries: Float32, width: int) -> Int64:
        """Maps (q, d) queries to (q, width) indices of rows, -1 where there are no more."""


@dataclass(slots=True)
class AllRows:
    """Compares every query with every row. O(q n d), no memory beyond the answer.

    Attributes:
        rows: (n, d) float32, of unit length for the cosine. Not copied.
        metric: "cosine" or "euclidean".
    """

    rows: Float32
    metric: Metric

    def propose(self, queries: Float32, width: int) -> Int64:
        """The `width` nearest rows, up to rounding in blocked products."""
        return faiss.knn(queries, self.rows, width, metric=_FAISS_METRIC[self.metric])[1]


@dataclass(slots=True)
class EveryRow:
    """Names every row, in order: the comparison alone decides, with no rounding before it.

    Attributes:
        n: Number of rows.
    """

    n: int

    def propose(self, queries: Float32, width: int) -> Int64:
        """All rows for each query, whatever `width` is; a view, no memory beyond one list."""
        return np.broadcast_to(np.arange(self.n), (len(queries), self.n))


@dataclass(slots=True)
class InvertedLists:
    """Inverted lists over product codes of 4 bits, scanned in registers.

    Rows are dealt to the nearest of about 2.7 sqrt(n) centres and kept as one 4-bit code for
    every four dimensions (d / 8 bytes a row); a query scans the lists of its `effort` nearest
    centres. (Jegou et al., PAMI 2011; Andre et al., VLDB 2015; FAISS `IndexIVFPQFastScan`.)

    Attributes:
        index: The FAISS index, not trained on labels or on anything but a sample of the rows.
    """

    index: Any
    name = "ivf"

    @classmethod
    def build(cls, rows: Float32, metric: Metric, seed: int) -> InvertedLists:
        """Fits centres and codes to a sample of 80,000 rows and adds all. O(n^1.5 d)."""
        n, d = rows.shape
        lists = min(2 ** round(np.log2(2.7 * np.sqrt(n))), n // 32)
        rng = np.random.default_rng(seed)
        sample = rows[np.sort(rng.choice(n, min(n, _TRAIN_ROWS), replace=False))]
        centres = faiss.Kmeans(
            d,
            lists,
            niter=6,
            spherical=metric == "cosine",
            seed=seed,
            min_points_per_centroid=1,
            max_points_per_centroid=_TRAIN_ROWS,
        )
        centres.train(sample)
        kind = _FAISS_METRIC[metric]
        quantizer = faiss.IndexFlat(d, kind)
        quantizer.add(np.asarray(centres.centroids))
        index = faiss.IndexIVFPQFastScan(quantizer, d, lists, d // _dimensions_a_code(d), 4, kind)
        index.train(sample)
        index.add(rows)
        return cls(index)

    @property
    def efforts(self) -> list[int]:
        """Lists to scan, from cheap to the point where scanning all rows is no dearer."""
        return _ladder(max(8, self.index.nlist // 64), self.index.nlist // 3)

    def set_effort(self, effort: int) -> None:
        """Chooses how many lists a query scans."""
        self.index.nprobe = effort

    def propose(self, queries: Float32, width: int) -> Int64:
        """The `width` rows whose codes come nearest, among the scanned lists."""
        return self.index.search(queries, width)[1]


@dataclass(slots=True)
class Hnsw:
    """A hierarchy of navigable small worlds (Malkov and Yashunin, PAMI 2018), 32 links a row."""

    index: Any
    name = "hnsw"

    @classmethod
    def build(cls, rows: Float32, metric: Metric) -> Hnsw:
        """Links the rows one after the other. Holds a copy of them."""
        index = faiss.IndexHNSWFlat(rows.shape[1], 32, _FAISS_METRIC[metric])
        index.hnsw.efConstruction = 80
        index.add(rows)
        return cls(index)

    @property
    def efforts(self) -> list[int]:
        """Lengths of the queue of a walk."""
        return _ladder(64, 1024)

    def set_effort(self, effort: int) -> None:
        """Chooses how long the queue of a walk is."""
        self.index.hnsw.efSearch = effort

    def propose(self, queries: Float32, width: int) -> Int64:
        """The `width` nearest rows that a walk meets."""
        return self.index.search(queries, width)[1]


def extra_bytes(index: str, n: int, d: int) -> int:
    """Memory in bytes that an approximate index takes on top of the rows."""
    if index == "ivf":
        return n * (d // _dimensions_a_code(d) // 2 + 16) + 8 * d * min(n, _TRAIN_ROWS)
    return n * (4 * d + 300) if index == "hnsw" else 0


def _dimensions_a_code(d: int) -> int:
    """Dimensions that share one code: the largest divisor up to 4, more where d exceeds 512."""
    return max(size for size in range(1, max(4, d // 128) + 1) if d % size == 0)


def _ladder(start: int, last: int) -> list[int]:
    """Powers of two times `start` and the steps half way between, up to `last`."""
    rungs = [start * (2 + half) << step >> 1 for step in range(16) for half in (0, 1)]
    return [rung for rung in rungs if rung <= last]
