"""Clusters as the places where a random walker stays: the two-level map equation.

A walk on the graph is described with one codebook for each cluster and one for steps between
clusters; the best partition gives the shortest description. With p_a the visit rate of item a
(its weighted degree over twice the total weight), q_i the rate of leaving cluster i (its cut over
twice the total weight), q = sum q_i and h(x) = x log2 x,

    L = h(q) - 2 sum_i h(q_i) - sum_a h(p_a) + sum_i h(q_i + sum_{a in i} p_a)   bits a step.

(Rosvall and Bergstrom, "Maps of random walks on complex networks reveal community structure",
PNAS 105, 2008.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from covey.partition.canonical import renumber
from covey.partition.level import build_level
from covey.partition.local_moving import Objective
from covey.partition.multilevel import optimise
from covey.partition.strength import membership_strength
from covey.types import Clustering, Constraints, Edges, IntArray

_LEAST_GAIN = 1e-13  # bits; deltas are exact to about 1e-15


def map_equation(
    edges: Edges,
    n: int,
    *,
    constraints: Constraints | None = None,
    rounds: int = 10,
    tolerance: float = 1e-5,
    seed: int = 0,
) -> Clustering:
    """Finds the clusters that describe a random walk over the edges in the fewest bits.

    Needs no number of clusters, and has no resolution to set. Shuffling the items renames the
    clusters and changes nothing else, unless items cannot be told apart by their surroundings.

    Args:
        edges: Undirected edges between n items, weighted by probability where they have one,
            otherwise by score; weights of zero and below are left out.
        n: Number of items; those without edges become singletons.
        constraints: What must and must not share a cluster; always kept.
        rounds: Climbs from single items to whole clusters, at most.
        tolerance: Stop when a climb shortens the code by less than this, relative to one bit.
        seed: Draws the order in which items are visited.

    Returns:
        Connected clusters, with the strength of each membership.
        O(m) time a round in practice, O(m + n) memory.

    Raises:
        UsageError: If a weight is not finite, an edge leads outside the items, or constraints
            contradict each other.
    """
    level, node = build_level(edges, n, constraints, seed)
    flow = float(level.mass.sum())
    objective = Objective(True, False, 1.0 / flow if flow > 0 else 0.0, _LEAST_GAIN)
    labels = renumber(optimise(level, objective, rounds=rounds, tolerance=tolerance)[node])
    return Clustering(labels, membership_strength(edges, labels))


def codelength(edges: Edges, n: int, labels: IntArray) -> float:
    """The map equation of a partition: bits for each step of the walk, smaller is better.

    Args:
        edges: Undirected edges between n items; weights of zero and below are left out.
        n: Number of items.
        labels: (n,) clusters; an item with a negative label is a cluster of its own.

    Returns:
        Bits; 0 where there is no weight. O(m + n log n).
    """
    weight = edges.weight.astype(np.float64)
    used = weight > 0
    weight, source, target = weight[used], edges.source[used], edges.target[used]
    total = 2.0 * weight.sum()
    if total == 0:
        return 0.0
    own = np.where(labels < 0, labels.max(initial=0) + 1 + np.arange(n), labels)
    cluster = renumber(own)
    ends = np.concatenate((source, target))
    visit = np.bincount(ends, np.concatenate((weight, weight)), minlength=n) / total
    inside = np.bincount(cluster, visit)
    crosses = cluster[source] != cluster[target]
    ends = cluster[np.concatenate((source[crosses], target[crosses]))]
    crossing = np.concatenate((weight[crosses], weight[crosses]))
    leave = np.bincount(ends, crossing, minlength=inside.size) / total
    return float(_h(leave.sum()) - 2 * _h(leave).sum() - _h(visit).sum() + _h(leave + inside).sum())


def _h(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """x log2 x, 0 at 0."""
    return p * np.log2(p, out=np.zeros_like(p), where=p > 0)
