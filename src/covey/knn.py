"""Embeddings to nearest neighbours: exact up to some 60,000 items, by a measured index beyond."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from covey.candidates import extra_bytes
from covey.neighbours import Found, Search
from covey.resources import available_threads, require_memory
from covey.threads import bounded_threads
from covey.types import Float32, Int64, IntArray, KnnGraph, UsageError
from covey.vectors import (
    Metric,
    as_matrix,
    as_rows,
    group_equal_rows,
    needs_copy,
    pair_similarity,
    take_rows,
)

IndexName = Literal["auto", "exact", "ivf", "hnsw"]
Progress = Callable[[float], None]
"""Called with the share of the work that is done, from 0 to 1; it never falls."""

_READ = 0.05  # share of the work that is reading the rows
_EXACT_WORK = 1e12  # n^2 d up to which "auto" compares all: 62,500 items of 256 numbers


@dataclass(frozen=True, slots=True)
class KnnInfo:
    """How the neighbours were found.

    Attributes:
        index: "exact", "ivf" or "hnsw".
        recall: Share of the true neighbours that were found, or replaced by others as similar: 1
            if exact, else measured on 1,000 items against an exact search; see
            `neighbours.Sample`.
        seconds: Wall seconds.
    """

    index: str
    recall: float
    seconds: float


def build_knn_graph(
    x: ArrayLike,
    k: int,
    *,
    metric: Metric = "cosine",
    index: IndexName = "auto",
    recall: float = 0.97,
    threads: int | None = None,
    memory_limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> KnnGraph:
    """Finds the k nearest neighbours of each item, the item itself excluded.

    FAISS proposes candidates: all rows, or those of inverted lists over 4-bit codes, or those that
    an HNSW walk meets. One kernel compares them anew, the same for (i, j) and (j, i) and wherever
    the rows stand. An approximate search also hands each pair that one end found to the other
    end, and is widened until the recall on a sample is met, or gives way to the exact search.

    Shuffling the rows renames the exact graph and changes nothing else, with two limits. Where
    equal rows compete for the last places, position chooses: an item takes its own twins in a
    ring (so that twins stay mutual neighbours), others take the first ones. Different rows at
    equal similarity are chosen by a hash of their content; should more than about 4 k of them
    tie there, FAISS's choice stands.

    Args:
        x: (n, d) numbers of any dtype and layout, memory-mapped or not; read in chunks.
        k: Neighbours of each item; n - 1 where there are no more.
        metric: "cosine": rows are brought to unit length, similarities lie in [-1, 1].
            "euclidean": the similarity is minus the distance.
        index: "auto" is exact while n^2 d <= 1e12 and "ivf" beyond. Below 2,000 different rows
            the search is always exact. "hnsw" with several threads differs from run to run.
        recall: Least share of the true neighbours that an approximate search must find, or
            replace by others that are as similar to within 5% of the contrast. Where no width of
            the search gets there, the exact one takes over up to n^2 d = 4e13; beyond, the widest
            stands.
        threads: At most so many, in every library; all cores that the process may use if None.
        memory_limit: Bytes that this call may take on top of `x`; what the system or its container
            has available if None.
        seed: Draws the sample and the training rows of an approximate index.
        progress: Called with the share done, from 0 to 1; it never falls.

    Returns:
        The graph: rows sorted by similarity descending, ties by index; int32 indices. Exact takes
        O(n^2 d) time; memory is 4 n d bytes if rows must be converted or some are equal, and
        about 20 n k.

    Raises:
        UsageError: If an option is unknown or out of range.
        InputError: If `x` is no matrix of numbers, or a row is not finite or, for the cosine, zero.
        MemoryLimitError: If more memory is needed than there is; raised before it is taken.
    """
    graph, _ = build_knn_graph_with_info(
        x,
        k,
        metric=metric,
        index=index,
        recall=recall,
        threads=threads,
        memory_limit=memory_limit,
        seed=seed,
        progress=progress,
    )
    return graph


def build_knn_graph_with_info(
    x: ArrayLike,
    k: int,
    *,
    metric: Metric = "cosine",
    index: IndexName = "auto",
    recall: float = 0.97,
    threads: int | None = None,
    memory_limit: int | None = None,
    seed: int = 0,
    held: int = 0,
    progress: Progress | None = None,
) -> tuple[KnnGraph, KnnInfo]:
    """Does what `build_knn_graph` does, and says how the neighbours were found and how well.

    `held` are bytes that the caller has taken already and that count towards `memory_limit`.
    """
    began = time.perf_counter()
    _check_options(k, metric, index, recall, threads)
    matrix = as_matrix(x)
    n, d = matrix.shape
    k = max(0, min(k, n - 1))
    if index == "auto":
        index = "exact" if float(n) * n * d <= _EXACT_WORK else "ivf"
    own = needs_copy(matrix, metric)
    lists = 20 * n * k + 64 * n + extra_bytes(index, n, d)
    _check_memory(4 * n * d * own + lists, memory_limit, held)
    tell = progress or (lambda done: None)
    rows = as_rows(matrix, metric=metric, tick=lambda done: tell(_READ * done))
    first, group, key = group_equal_rows(rows)
    if len(first) < n and not own:
        _check_memory(4 * len(first) * d + lists, memory_limit, held)
    rows = take_rows(rows, first, in_place=own)
    if len(first) <= 1:
        index = "exact"
    threads = threads or available_threads()
    job = Search(
        rows,
        key,
        max(0, min(k, len(first) - 1)),
        metric,
        threads,
        seed,
        lambda done: tell(_READ + (1 - _READ) * done),
    )
    with bounded_threads(threads):
        found, used, reached = job.run(index, recall)
    if len(first) < n:
        found = _spread(rows, first, group, *found, k, metric == "euclidean")
    sort_ties(*found)
    tell(1.0)
    return KnnGraph(*found), KnnInfo(used, reached, time.perf_counter() - began)


def _check_options(k: int, metric: str, index: str, recall: float, threads: int | None) -> None:
    if k < 1:
        raise UsageError(f"k must be at least 1, got {k}")
    if metric not in ("cosine", "euclidean"):
        raise UsageError(f"metric must be 'cosine' or 'euclidean', got {metric!r}")
    if index not in ("auto", "exact", "ivf", "hnsw"):
        raise UsageError(f"index must be 'auto', 'exact', 'ivf' or 'hnsw', got {index!r}")
    if not 0 < recall <= 1:
        raise UsageError(f"recall must lie in (0, 1], got {recall}")
    if threads is not None and threads < 1:
        raise UsageError(f"threads must be at least 1, got {threads}")


def _check_memory(needed: int, limit: int | None, held: int) -> None:
    require_memory(
        "the neighbour search",
        needed if limit is None else held + needed,
        limit,
        remedy="lower k, store unit-length float32, or split the collection",
    )


def _spread(
    rows: Float32,
    first: Int64,
    group: Int64,
    indices: IntArray,
    similarities: Float32,
    k: int,
    euclidean: bool,
) -> Found:
    """Turns neighbours among different rows into neighbours among all items."""
    members = np.argsort(group, kind="stable")
    start = np.concatenate([[0], np.cumsum(np.bincount(group, minlength=len(first)))])
    out = np.full((len(group), k), -1, np.int32), np.empty((len(group), k), np.float32)
    _spread_lists(rows, members, start, indices, similarities, euclidean, *out)
    return out


@njit(cache=True, nogil=True)
def _spread_lists(
    rows: Float32,
    members: Int64,
    start: Int64,
    indices: IntArray,
    similarities: Float32,
    euclidean: bool,
    out_indices: IntArray,
    out_similarities: Float32,
) -> None:
    k = out_indices.shape[1]
    for g in range(start.shape[0] - 1):
        size = start[g + 1] - start[g]
        own = pair_similarity(rows, g, g, euclidean)
        for position in range(size):
            item = members[start[g] + position]
            filled = min(k, size - 1)
            for c in range(filled):  # twins in a ring: +1, -1, +2, -2, ...
                step = c // 2 + 1 if c % 2 == 0 else -(c // 2 + 1)
                out_indices[item, c] = members[start[g] + (position + step) % size]
                out_similarities[item, c] = own
            for c in range(indices.shape[1]):
                near = indices[g, c]
                for at in range(start[near], start[near + 1]):
                    if filled == k:
                        break
                    out_indices[item, filled] = members[at]
                    out_similarities[item, filled] = similarities[g, c]
                    filled += 1


@njit(cache=True, nogil=True)
def sort_ties(indices: IntArray, similarities: Float32) -> None:
    """Sorts nearly sorted lists in place by similarity descending, then index."""
    for i in range(indices.shape[0]):
        for c in range(1, indices.shape[1]):
            j = indices[i, c]
            s = similarities[i, c]
            at = c
            while at > 0 and (
                similarities[i, at - 1] < s
                or (similarities[i, at - 1] == s and indices[i, at - 1] > j)
            ):
                indices[i, at] = indices[i, at - 1]
                similarities[i, at] = similarities[i, at - 1]
                at -= 1
            indices[i, at] = j
            similarities[i, at] = s
