"""Whether a cluster is really two: the weakest split of its graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from covey.types import IntArray


@dataclass(frozen=True, slots=True)
class Split:
    """A cluster cut in two where its graph is thinnest.

    Attributes:
        side: (s,) bool, the members on the smaller side.
        conductance: Weight of the edges across, over the weight at the lighter side, in [0, 1].
        across: Number of edges across.
        total: Number of edges in the cluster.
    """

    side: NDArray[np.bool_]
    conductance: float
    across: int
    total: int


def weakest_split(
    source: IntArray, target: IntArray, weight: NDArray[np.floating], n: int, *, steps: int = 60
) -> Split | None:
    """Sweeps the second eigenvector of the walk on the graph for the thinnest cut.

    conductance(S) = w(S, rest) / min(vol(S), vol(rest)). The sweep over the members in the order
    of that eigenvector finds a cut near the best one (Cheeger's inequality; Spielman and Teng,
    "Spectral partitioning works", FOCS 1996). The vector comes from `steps` power iterations.

    Args:
        source, target: (m,) member numbers in [0, n), each pair once.
        weight: (m,) positive weights.
        n: Members.

    Returns:
        The split, each side at least a tenth of the members and two of them; None where there
        is no such split (fewer than four members). O(steps * m + n log n).
    """
    least = max(2, n // 10)
    if n < 2 * least:
        return None
    w = np.maximum(weight.astype(np.float64), 1e-9)
    graph = csr_array(coo_array((w, (source, target)), shape=(n, n)))
    graph = csr_array(graph + graph.T)
    degree = np.asarray(graph.sum(axis=1)).ravel() + 1e-12
    parts, part = connected_components(graph, directed=False)
    position = _second_vector(graph, degree, steps) if parts == 1 else part.astype(np.float64)

    rank = np.empty(n, np.int64)
    rank[np.argsort(position, kind="stable")] = np.arange(n)
    low, high = np.minimum(rank[source], rank[target]), np.maximum(rank[source], rank[target])
    opened = np.bincount(low, w, minlength=n) - np.bincount(high, w, minlength=n)
    crossing = np.maximum(np.cumsum(opened)[:-1], 0.0)
    volume = np.cumsum(np.bincount(rank, degree, minlength=n))
    lighter = np.minimum(volume[:-1], volume[-1] - volume[:-1])
    conductance = crossing / np.maximum(lighter, 1e-12)
    best = int(np.argmin(conductance[least - 1 : n - least])) + least - 1
    side = rank <= best
    if 2 * (best + 1) > n:
        side = ~side
    across = int(np.count_nonzero(side[source] != side[target]))
    return Split(side, float(min(conductance[best], 1.0)), across, int(source.shape[0]))


def _second_vector(
    graph: csr_array, degree: NDArray[np.float64], steps: int
) -> NDArray[np.float64]:
    """Power iteration on the lazy walk, kept off the leading eigenvector sqrt(degree)."""
    root = np.sqrt(degree)
    lead = root / np.linalg.norm(root)
    v = np.random.default_rng(0).standard_normal(degree.shape[0])
    for _ in range(steps):
        v -= lead * (lead @ v)
        v /= max(float(np.linalg.norm(v)), 1e-300)
        v = 0.5 * (v + (graph @ (v / root)) / root)
    return v / root
