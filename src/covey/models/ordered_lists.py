"""Candidates of every item in the order in which they are kept or dropped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from covey.graph import local_sets, nearest
from covey.knn import build_knn_graph
from covey.models.ada_nets_config import AdaNETSConfig
from covey.similarity.jaccard import structure_matrix
from covey.similarity.list_lengths import prefix_agreement
from covey.types import Float32, IntArray, KnnGraph


@dataclass(frozen=True, slots=True)
class OrderedLists:
    """Candidates of n items, the item itself first, and what is known of each.

    Attributes:
        items: (n, m) int32.
        scores: (n, m) float32 in structure space, 1 for the item itself; the cosines again where
            it is left out.
        similarities: (n, m) float32 cosines, 1 for the item itself.
        agreement: (n, m) float32, how well the list up to there agrees with the lists of those on
            it, see `prefix_agreement`.
        fit: (n, m) float32, cosine of the candidate and the mean of those before it; 1 for the
            item itself.
    """

    items: IntArray
    scores: Float32
    similarities: Float32
    agreement: Float32
    fit: Float32


def candidates(rows: Float32, config: AdaNETSConfig, *, threads: int | None = None) -> KnnGraph:
    """The neighbours that an item's list is made from: k - 1, or all others."""
    return build_knn_graph(rows, max(1, config.k - 1), threads=threads)


def ordered_lists(rows: Float32, knn: KnnGraph, config: AdaNETSConfig) -> OrderedLists:
    """Scores the nearest neighbours in structure space, and orders them by it or leaves them.

    Structure space adds no neighbours. (Ada-NETS, Wang et al., ICLR 2022, section 3.1, which
    re-ranks by it; `structure_matrix` has the formula.) At equal scores the more similar comes
    first.

    Args:
        rows: (n, d) float32 of unit length.
        knn: Their neighbours, without the items themselves; the first k - 1 count.
        config: `k`, `space` and `eta`.

    Returns:
        m = k candidates of each, fewer where there are no more. O(n k (k + d)) time, O(n k)
        memory.
    """
    knn = nearest(knn, config.k - 1)
    items, scores, similarities = knn.indices, knn.similarities, knn.similarities
    if config.space != "knn":
        scores = structure_matrix(knn, eta=config.eta)
    if config.space == "structure":
        order = np.argsort(-scores, axis=1, kind="stable")
        items = np.take_along_axis(items, order, axis=1)
        scores = np.take_along_axis(scores, order, axis=1)
        similarities = np.take_along_axis(similarities, order, axis=1)
    lists = np.ascontiguousarray(local_sets(KnnGraph(items, scores)))
    ones = np.ones((knn.n, 1), np.float32)
    return OrderedLists(
        lists,
        np.hstack([ones, scores]),
        np.hstack([ones, similarities]),
        prefix_agreement(lists),
        _fit_to_prefix(rows, lists),
    )


@njit(cache=True, nogil=True)
def _fit_to_prefix(rows: Float32, lists: IntArray) -> Float32:
    n, m = lists.shape
    fit = np.ones((n, m), np.float32)
    total = np.empty(rows.shape[1], np.float32)
    for i in range(n):
        total[:] = rows[i]
        for c in range(1, m):
            row = rows[lists[i, c]]
            length = np.sqrt(np.dot(total, total))
            fit[i, c] = np.dot(total, row) / max(length, np.float32(1e-12))
            total += row
    return fit
