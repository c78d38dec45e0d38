"""Density peaks on a graph: every item follows its strongest denser neighbour up to a peak."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from covey.partition.canonical import renumber
from covey.partition.contraction import contract
from covey.partition.separation import Separation, join, may_join, new_separation
from covey.partition.strength import membership_strength
from covey.types import Clustering, Constraints, Edges, UsageError


def density_peaks(
    edges: Edges,
    n: int,
    *,
    cut: float,
    density: NDArray[np.floating] | None = None,
    constraints: Constraints | None = None,
    seed: int = 0,
) -> Clustering:
    """Links each item to its strongest neighbour of higher density; the trees are the clusters.

    Items are taken from dense to sparse. Each looks at its neighbours that are denser than itself
    and follows the one with the largest weight >= `cut`; an item without one is a peak and starts a
    cluster. Each item so has one link at most, and clusters of any shape are cut at the sparse
    ground between two peaks. (Rodriguez and Laio, "Clustering by fast search and find of density
    peaks", Science 2014; on graphs: Yang et al., "Learning to cluster faces via confidence and
    connectivity estimation", CVPR 2020.)

    Args:
        edges: m undirected edges.
        n: Number of items.
        cut: The least weight that an item may follow.
        density: (n,) density of each item, for example from a network. The default is the sum of
            the weights of its edges, for probabilities the expected number of belonging neighbours.
        constraints: Must-link and cannot-link, kept exactly. A must-link group has the mean density
            of its items; an item that may not follow its strongest neighbour tries the next.
        seed: Breaks ties among equal densities.

    Returns:
        The clustering. O(m log m) time, O(m + n) memory.

    Raises:
        UsageError: If a weight or a density is not finite, `density` does not have n entries, an
            edge leads outside the items or constraints contradict each other.
    """
    graph = contract(edges, n, constraints, seed=seed)
    if density is None:
        density = _weighted_degree(edges, n)
    elif density.shape != (n,) or not np.isfinite(density).all():
        raise UsageError(
            f"density must be one finite number for each of the {n} items, got shape "
            f"{density.shape} with {np.count_nonzero(~np.isfinite(density))} not finite"
        )
    height = np.bincount(graph.node, density, minlength=graph.n) / graph.size
    rank = np.empty(graph.n, np.int64)
    rank[np.argsort(-height, kind="stable")] = np.arange(graph.n)

    strong = graph.strongest >= np.float32(cut)
    ends = rank[graph.source[strong]], rank[graph.target[strong]]
    follower, leader = np.maximum(*ends), np.minimum(*ends)
    order = np.lexsort((leader, -graph.strongest[strong], follower))
    by_rank = np.argsort(rank)
    peak = _follow(
        by_rank[follower[order]],
        by_rank[leader[order]],
        new_separation(graph.tag_start, graph.tag),
    )
    labels = renumber(peak[graph.node])
    return Clustering(labels, membership_strength(edges, labels), cut)


def _weighted_degree(edges: Edges, n: int) -> NDArray[np.float64]:
    """Sum of the weights at each item; exact in float64, so the order of the edges is no matter."""
    weight = edges.weight.astype(np.float64)
    degree = np.bincount(edges.source, weight, n) + np.bincount(edges.target, weight, n)
    return degree.astype(np.float64, copy=False)


@nb.njit(cache=True, nogil=True)
def _follow(
    follower: NDArray[np.int64], leader: NDArray[np.int64], separation: Separation
) -> NDArray[np.int64]:
    """The peak that each node ends at.

    Links come sorted: follower from dense to sparse, then by preference. Whoever leads has thus
    found its peak before anybody follows it.
    """
    peak = np.arange(separation.bearer.shape[0])
    for e in range(follower.shape[0]):
        i, top = follower[e], peak[leader[e]]
        if peak[i] == i and may_join(separation, top, i):
            peak[i] = top
            join(separation, top, i)
    return peak
