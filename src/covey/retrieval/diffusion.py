"""Diffusion: likeness that walks from the query over the neighbour graph of the gallery."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy.sparse import csr_array

from covey.knn import build_knn_graph
from covey.retrieval.collection import Collection, sorted_lists
from covey.types import Float32, Int64, IntArray, KnnGraph, UsageError


@dataclass(frozen=True, slots=True)
class Diffusion:
    """Solves (I - alpha S) f = y on the part of the graph that the first list of a query spans.

    S = D^-1/2 A D^-1/2, where A_ij = s_ij^gamma for mutual neighbours and 0 for others, D its row
    sums over the whole gallery, and y_j = s_qj^gamma for the first results of the query. Rows of
    items that are not in the list are left out (truncation), and conjugate gradients solve the
    rest. (Iscen et al., "Efficient Diffusion on Region Manifolds", CVPR 2017, sections 3 and 4;
    the defaults are those of their global diffusion as recalled, and of the public versions.)

    Attributes:
        collection: Queries and gallery.
        graph: (n, n) sparse float32, S.
        results: Results of the query that heat comes in by.
        alpha: Share of the heat that walks on at each step.
        gamma: Power of the similarity.
        steps: Of conjugate gradients at most.
    """

    collection: Collection
    graph: csr_array
    results: int
    alpha: float
    gamma: float
    steps: int

    @classmethod
    def prepare(
        cls,
        collection: Collection,
        *,
        k: int = 50,
        results: int = 10,
        alpha: float = 0.99,
        gamma: float = 3.0,
        steps: int = 20,
        threads: int | None = None,
    ) -> Diffusion:
        """Builds the graph of the gallery: a neighbour search, and O(n k) time and memory.

        Raises:
            UsageError: If an option is out of range.
        """
        if k < 1 or results < 1 or steps < 1 or not 0 <= alpha < 1 or gamma < 0:
            raise UsageError(
                "k, results and steps must be positive, alpha in [0, 1) and gamma not negative, "
                f"got {k}, {results}, {steps}, {alpha} and {gamma}"
            )
        n = len(collection.gallery)
        knn = build_knn_graph(collection.gallery, k, threads=threads)
        weight = np.maximum(knn.similarities, 0) ** np.float32(gamma)
        ends = np.arange(n + 1) * knn.k
        directed = csr_array((weight.ravel(), knn.indices.ravel(), ends), shape=(n, n))
        mutual = csr_array(directed.minimum(directed.T))
        mutual.eliminate_zeros()
        degree = np.asarray(mutual.sum(axis=1)).ravel()
        scale = 1 / np.sqrt(np.where(degree > 0, degree, 1))
        row = np.repeat(np.arange(n), np.diff(mutual.indptr))
        mutual.data = (mutual.data * scale[row] * scale[mutual.indices]).astype(np.float32)
        return cls(collection, mutual, results, alpha, gamma, steps)

    def rerank(self, which: Int64, first: KnnGraph) -> KnnGraph:
        """The same lists in another order. O(b l k steps) time, O(n + l k) memory.

        The score is the heat over that of the hottest result, and the plain cosine minus 2 where
        no heat arrives, so that those keep their order behind the others.
        """
        source = np.zeros(first.indices.shape, np.float32)
        near = first.similarities[:, : self.results]
        source[:, : self.results] = np.maximum(near, 0) ** np.float32(self.gamma)
        heat = _diffuse(
            self.graph.indptr.astype(np.int64),
            self.graph.indices,
            self.graph.data,
            np.ascontiguousarray(first.indices, np.int32),
            source,
            np.float32(self.alpha),
            self.steps,
        )
        peak = np.maximum(heat.max(axis=1, initial=0, keepdims=True), np.float32(1e-30))
        cold = first.similarities - np.float32(2)
        return sorted_lists(first.indices, np.where(heat > 0, heat / peak, cold))


@njit(cache=True, nogil=True)
def _diffuse(
    start: Int64,
    column: IntArray,
    value: Float32,
    lists: IntArray,
    source: Float32,
    alpha: np.float32,
    steps: int,
) -> Float32:
    """Conjugate gradients on the sub-matrix of each list, until the residual is 1e-6 of y."""
    b, length = lists.shape
    heat = np.zeros((b, length), np.float32)
    place = np.full(len(start) - 1, -1, np.int32)  # of an item in the list at hand
    local_start = np.zeros(length + 1, np.int64)
    for q in range(b):
        for c in range(length):
            place[lists[q, c]] = c
        total = 0
        for c in range(length):
            j = lists[q, c]
            for at in range(start[j], start[j + 1]):
                total += place[column[at]] >= 0
            local_start[c + 1] = total
        to = np.empty(total, np.int32)
        weight = np.empty(total, np.float32)
        filled = 0
        for c in range(length):
            j = lists[q, c]
            for at in range(start[j], start[j + 1]):
                if place[column[at]] >= 0:
                    to[filled] = place[column[at]]
                    weight[filled] = alpha * value[at]
                    filled += 1
        for c in range(length):
            place[lists[q, c]] = -1
        f = heat[q]
        residual = source[q].copy()
        direction = residual.copy()
        energy = 0.0
        for c in range(length):
            energy += residual[c] * residual[c]
        enough = 1e-12 * energy
        moved = np.empty(length, np.float32)
        for _ in range(steps):
            if energy <= enough:
                break
            curvature = 0.0
            for c in range(length):
                walked = np.float32(0)
                for at in range(local_start[c], local_start[c + 1]):
                    walked += weight[at] * direction[to[at]]
                moved[c] = direction[c] - walked
                curvature += direction[c] * moved[c]
            pace = np.float32(energy / curvature)
            before = energy
            energy = 0.0
            for c in range(length):
                f[c] += pace * direction[c]
                residual[c] -= pace * moved[c]
                energy += residual[c] * residual[c]
            turn = np.float32(energy / before)
            for c in range(length):
                direction[c] = residual[c] + turn * direction[c]
    return heat
