"""The nearest items of a gallery for each query, by an exact search or a measured index."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
from numba import njit

from covey.candidates import AllRows, Hnsw, InvertedLists, Proposer, extra_bytes
from covey.knn import IndexName, KnnInfo, build_knn_graph_with_info
from covey.neighbours import Sample
from covey.resources import available_threads, require_memory
from covey.retrieval.collection import Collection
from covey.threads import bounded_threads
from covey.types import Float32, Int64, IntArray, KnnGraph, UsageError

Progress = Callable[[float], None]

_EXACT_WORK = 1e12  # q n d up to which "auto" compares all, as in covey.knn
_WORTH_AN_INDEX = 2_000
_SAMPLE = 1_000
_SPARE = 8  # proposals beyond k, so that rounding in FAISS does not decide who is in
_WIDTH = 8  # proposals of an approximate index, times k


def search(
    collection: Collection,
    k: int,
    *,
    index: IndexName = "auto",
    recall: float = 0.97,
    threads: int | None = None,
    memory_limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[KnnGraph, KnnInfo]:
    """Finds the k items of the gallery that are most like each query.

    Where every item is a query, this is `build_knn_graph`. Otherwise FAISS proposes, and one
    kernel compares query and proposals anew, so that equal rows have equal similarities.

    Args:
        collection: Queries and gallery.
        k: Items for each query; all that there are where there are not so many.
        index: "auto" is exact while q n d <= 1e12 and "ivf" beyond. Below 2,000 items the search
            is always exact.
        recall: Least share of the true items that "ivf" and "hnsw" must find among those of up
            to 1,000 queries (see `neighbours.Sample`); the search is widened until they do, and
            exact where no width suffices.
        threads: At most so many, in every library; all cores if None.
        memory_limit: Bytes that this call may take; what there is if None.
        seed: Draws the sample and the training rows of an index.
        progress: Called with the share done, from 0 to 1.

    Returns:
        Row q of the graph names places in the gallery: similarity descending, ties by index. And
        how they were found. Exact takes O(q n d) time and 8 q k bytes.

    Raises:
        UsageError: If an option is out of range.
        MemoryLimitError: If more memory is needed than there is; raised before it is taken.
    """
    if collection.queries is None:
        return build_knn_graph_with_info(
            collection.gallery,
            k,
            index=index,
            recall=recall,
            threads=threads,
            memory_limit=memory_limit,
            seed=seed,
            progress=progress,
        )
    if k < 1 or not 0 < recall <= 1:
        raise UsageError(f"k must be positive and recall in (0, 1], got {k} and {recall}")
    began = time.perf_counter()
    queries, gallery = collection.queries, collection.gallery
    (n, d), q = gallery.shape, len(queries)
    k = min(k, n)
    if index == "auto":
        index = "exact" if float(q) * n * d <= _EXACT_WORK else "ivf"
    if n < _WORTH_AN_INDEX:
        index = "exact"
    if index not in ("exact", "ivf", "hnsw"):
        raise UsageError(f"index must be 'auto', 'exact', 'ivf' or 'hnsw', got {index!r}")
    require_memory(
        "the search",
        8 * q * k + extra_bytes(index, n, d),
        memory_limit,
        remedy="lower k, or ask fewer queries at a time",
    )
    tell = progress or (lambda done: None)
    with bounded_threads(threads or available_threads()):
        everything = AllRows(gallery, "cosine")
        if index != "exact":
            rng = np.random.default_rng(seed)
            asked = np.sort(rng.choice(q, min(q, _SAMPLE), replace=False))
            sample = _draw_sample(queries, gallery, asked, k, rng)
            for proposer in _widening(index, gallery, seed):
                found = _compare(queries[asked], gallery, proposer, _WIDTH * k, k)
                reached = _recall(found, sample)
                if reached >= recall:
                    lists = _compare(queries, gallery, proposer, _WIDTH * k, k, tell)
                    return lists, KnnInfo(index, reached, time.perf_counter() - began)
        lists = _compare(queries, gallery, everything, k + _SPARE, k, tell)
    return lists, KnnInfo("exact", 1.0, time.perf_counter() - began)


def _widening(index: str, gallery: Float32, seed: int) -> Iterator[Proposer]:
    """Yields one index again and again, each time searching wider."""
    proposer: InvertedLists | Hnsw
    if index == "ivf":
        proposer = InvertedLists.build(gallery, "cosine", seed)
    else:
        proposer = Hnsw.build(gallery, "cosine")
    for effort in proposer.efforts:
        proposer.set_effort(effort)
        yield proposer


def _draw_sample(
    queries: Float32, gallery: Float32, asked: Int64, k: int, rng: np.random.Generator
) -> Sample:
    truth = _compare(queries[asked], gallery, AllRows(gallery, "cosine"), k + _SPARE, k)
    others = rng.integers(len(gallery), size=len(asked))
    chance = float(np.einsum("qd,qd->q", queries[asked], gallery[others]).mean())
    contrast = float(np.median(truth.similarities[:, 0])) - chance
    return Sample(asked, truth.indices, truth.similarities, 0.05 * max(contrast, 0.0))


def _recall(found: KnnGraph, sample: Sample) -> float:
    hit = (sample.truth[:, :, None] == found.indices[:, None, :]).any(axis=2)
    return sample.recall(hit, found.similarities)


def _compare(
    queries: Float32,
    gallery: Float32,
    proposer: Proposer,
    width: int,
    k: int,
    tell: Progress = lambda done: None,
) -> KnnGraph:
    """The best k of what is proposed for each query; all are compared where that is too little."""
    q, n = len(queries), len(gallery)
    indices = np.full((q, k), -1, np.int32)
    similarities = np.full((q, k), -np.inf, np.float32)
    step = int(np.clip(1e11 / max(gallery.size, 1), 64, 8192))
    for start in range(0, q, step):
        block = slice(start, start + step)
        proposed = proposer.propose(queries[block], min(width, n))
        _keep_best(queries[block], gallery, proposed, indices[block], similarities[block])
        tell(min(1.0, (start + step) / q))
    short = np.flatnonzero(indices[:, -1] < 0) if k else np.empty(0, np.int64)
    if len(short):
        again = _compare(queries[short], gallery, AllRows(gallery, "cosine"), k + _SPARE, k)
        indices[short], similarities[short] = again.indices, again.similarities
    return KnnGraph(indices, similarities)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _keep_best(
    queries: Float32,
    gallery: Float32,
    proposed: Int64,
    indices: IntArray,
    similarities: Float32,
) -> None:
    """Inserts what is proposed by similarity, ties by index."""
    k = indices.shape[1]
    for q in range(len(queries)):
        filled = 0
        for c in range(proposed.shape[1]):
            j = proposed[q, c]
            if j < 0:
                continue
            s = np.float32(0)
            for t in range(queries.shape[1]):
                s += queries[q, t] * gallery[j, t]
            s = min(max(s, np.float32(-1)), np.float32(1))
            at = filled
            while at > 0 and (
                s > similarities[q, at - 1]
                or (s == similarities[q, at - 1] and j < indices[q, at - 1])
            ):
                at -= 1
            if at == k:
                continue
            filled = min(k, filled + 1)
            for move in range(filled - 1, at, -1):
                indices[q, move] = indices[q, move - 1]
                similarities[q, move] = similarities[q, move - 1]
            indices[q, at] = j
            similarities[q, at] = s
