"""How firmly each item sits in its cluster, read off the edges."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from covey.partition.canonical import check_ends
from covey.types import Edges, Float32, Int64, UsageError


def membership_strength(edges: Edges, labels: Int64) -> Float32:
    """How much more firmly an item's edges tie it to its own cluster than to any other.

    Let item i of degree d sit in a cluster of s items, and let w(i, C) be the sum of its edge
    weights into cluster C. It could have had no more edges into C than C has members or than it
    has edges at all, so

        own    a = w(i, own) / min(s - 1, d)
        rival  b = max over other C of w(i, C) / min(max(|C|, s - 1), d)

    (a rival has to bring as many edges as the own cluster does: one strong edge to a stray item is
    no reason to leave twenty). Read a and b as the chances that i belongs to its own cluster and
    to the rival. It belongs to at most one, so among own, rival and neither, own has the share

        a (1 - b) / (1 - a b),

    which rises with a, falls with b, is 0 for a = 0 and a for b = 0; at a = b = 1 it is 1/2.
    A cluster of one is firm when nothing pulls at it: 1 minus its strongest edge weight. Weights
    are clipped to [0, 1]; they mean most when they are probabilities.

    Args:
        edges: m undirected edges, calibrated if possible. Pairs without an edge count as weight 0.
        labels: (n,) integers; items labelled -1 (noise) are clusters of one.

    Returns:
        (n,) float32 in [0, 1]. An item that only a must-link holds in its cluster has 0.
        O(m + n) time and memory.

    Raises:
        UsageError: If an edge ends outside the n items or has a weight that is not finite.
    """
    n = labels.shape[0]
    check_ends(edges, n)
    check_weights(edges)
    alone = np.flatnonzero(labels < 0)
    cluster = labels.astype(np.int64)
    cluster[alone] = labels.max(initial=-1) + 1 + np.arange(alone.size)
    weight = np.clip(edges.weight, np.float32(0), np.float32(1))
    source = np.concatenate([edges.source, edges.target])
    target = np.concatenate([edges.target, edges.source])
    links = coo_array((np.tile(weight, 2), (source, target)), shape=(n, n)).tocsr()
    return _strength(
        links.indptr.astype(np.int64),
        links.indices.astype(np.int64),
        links.data.astype(np.float64),
        cluster,
        np.bincount(cluster),
    )


def check_weights(edges: Edges) -> None:
    """Refuses edges whose weight is NaN or infinite.

    Raises:
        UsageError: Naming the first such edge.
    """
    finite = np.isfinite(edges.weight)
    if not finite.all():
        bad = int(np.argmin(finite))
        what = "score" if edges.probability is None else "probability"
        raise UsageError(
            f"edge {bad} between items {edges.source[bad]} and {edges.target[bad]} has the {what} "
            f"{edges.weight[bad]}: drop it or look for NaN in the embeddings it was scored from"
        )


@nb.njit(cache=True, nogil=True)
def _strength(
    start: NDArray[np.int64],
    neighbour: NDArray[np.int64],
    weight: NDArray[np.float64],
    cluster: NDArray[np.int64],
    sizes: NDArray[np.int64],
) -> NDArray[np.float32]:
    """The formula above for each row of a symmetric CSR matrix."""
    n = cluster.shape[0]
    strength = np.empty(n, np.float32)
    pull = np.zeros(sizes.shape[0])
    for i in range(n):
        own, degree = cluster[i], start[i + 1] - start[i]
        for e in range(start[i], start[i + 1]):
            pull[cluster[neighbour[e]]] += weight[e]
        others = sizes[own] - 1
        strongest, rival = 0.0, 0.0
        for e in range(start[i], start[i + 1]):
            strongest = max(strongest, weight[e])
            c = cluster[neighbour[e]]
            if c != own and pull[c] > 0.0:
                rival = max(rival, pull[c] / min(max(sizes[c], others), degree))
                pull[c] = 0.0
        if others == 0:
            strength[i] = 1.0 - strongest
        elif degree > 0:
            a, b = min(pull[own] / min(others, degree), 1.0), min(rival, 1.0)
            strength[i] = 0.5 if a * b == 1.0 else a * (1.0 - b) / (1.0 - a * b)
        else:
            strength[i] = 0.0
        pull[own] = 0.0
    return strength
