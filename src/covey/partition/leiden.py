"""Clusters with more weight inside than expected: modularity and the constant Potts model."""

from __future__ import annotations

from typing import Literal

import numpy as np

from covey.partition.canonical import check_ends, renumber
from covey.partition.level import build_level
from covey.partition.local_moving import Objective
from covey.partition.multilevel import optimise
from covey.partition.strength import membership_strength
from covey.types import Clustering, Constraints, Edges, IntArray, UsageError

Quality = Literal["modularity", "cpm"]

_LEAST_GAIN = 1e-10  # of the mean edge weight; rounding stays far below


def leiden(
    edges: Edges,
    n: int,
    *,
    objective: Quality = "modularity",
    resolution: float = 1.0,
    constraints: Constraints | None = None,
    rounds: int = 10,
    tolerance: float = 1e-6,
    seed: int = 0,
) -> Clustering:
    """Finds connected clusters of high modularity, or of a density above the resolution.

    Modularity asks for more weight inside than a graph with the same degrees would have by chance
    (Newman and Girvan, 2004; resolution: Reichardt and Bornholdt, 2006) and merges small clusters
    in large graphs. The constant Potts model asks for a mean weight above `resolution` between the
    items of a cluster, whatever the size of the graph (Traag, Van Dooren, Nesterov, 2011). The
    search is that of Traag, Waltman and van Eck, "From Louvain to Leiden", Scientific Reports 9,
    2019. Shuffling the items renames the clusters and changes nothing else, unless items cannot be
    told apart by their surroundings.

    Args:
        edges: Undirected edges between n items, weighted by probability where they have one,
            otherwise by score; weights of zero and below are left out.
        n: Number of items; those without edges become singletons.
        objective: "modularity" or "cpm".
        resolution: Above 0; larger gives more and smaller clusters. For "cpm" an edge weight.
        constraints: What must and must not share a cluster; always kept.
        rounds: Climbs from single items to whole clusters, at most.
        tolerance: Stop when a climb gains less than this share of the total weight.
        seed: Draws the order in which items are visited.

    Returns:
        Connected clusters, with the strength of each membership.
        O(m) time a round in practice, O(m + n) memory.

    Raises:
        UsageError: If an option is out of range, a weight is not finite, an edge leads outside the
            items, or constraints contradict each other.
    """
    _check(objective, resolution)
    level, node = build_level(edges, n, constraints, seed)
    twice = float(level.mass.sum())
    scale = resolution / (twice or 1.0) if objective == "modularity" else resolution
    least_gain = _LEAST_GAIN * twice / max(2 * edges.m, 1)
    search = Objective(False, objective == "cpm", scale, least_gain)
    found = optimise(level, search, rounds=rounds, tolerance=tolerance * twice / 2)
    labels = renumber(found[node])
    return Clustering(labels, membership_strength(edges, labels))


def partition_quality(
    edges: Edges,
    n: int,
    labels: IntArray,
    *,
    objective: Quality = "modularity",
    resolution: float = 1.0,
) -> float:
    """What `leiden` maximises.

    With W the total weight, and for each cluster w the weight inside, K the weighted degree and s
    the number of items:

        modularity   sum of w / W - resolution * (K / 2W)**2
        cpm          sum of w - resolution * s (s - 1) / 2

    Args:
        edges: Undirected edges between n items; weights of zero and below are left out.
        n: Number of items.
        labels: (n,) clusters; an item with a negative label is a cluster of its own.
        objective: "modularity" or "cpm".
        resolution: As given to `leiden`.

    Returns:
        The quality, larger is better; modularity is 0 where there is no weight. O(m + n log n).

    Raises:
        UsageError: If an option is out of range or an edge leads outside the items.
    """
    _check(objective, resolution)
    check_ends(edges, n)
    alone = labels.max(initial=0) + 1 + np.arange(n)
    cluster = renumber(np.where(labels < 0, alone, labels))
    weight = np.where(edges.weight > 0, edges.weight, 0).astype(np.float64)
    inside = weight[cluster[edges.source] == cluster[edges.target]].sum()
    if objective == "cpm":
        sizes = np.bincount(cluster).astype(np.float64)
        return float(inside - resolution * (sizes * (sizes - 1)).sum() / 2)
    total = weight.sum()
    if total == 0:
        return 0.0
    ends = cluster[np.concatenate((edges.source, edges.target))]
    degree = np.bincount(ends, np.concatenate((weight, weight))) / (2 * total)
    return float(inside / total - resolution * (degree**2).sum())


def _check(objective: str, resolution: float) -> None:
    if objective not in ("modularity", "cpm"):
        raise UsageError(f"objective is {objective!r}: choose 'modularity' or 'cpm'")
    if not 0 < resolution < np.inf:
        raise UsageError(f"resolution is {resolution}: give a finite number above 0")
