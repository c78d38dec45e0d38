"""Pseudo-label propagation: components that come out too large are cut again, higher up."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from covey.partition.canonical import renumber
from covey.partition.components import single_linkage
from covey.partition.contraction import contract
from covey.partition.strength import membership_strength
from covey.types import Clustering, Constraints, Edges, UsageError

_CERTAIN = 1.0 - 2.0**-24
"""Above this no float32 but 1 is left, so that no further threshold can cut anything."""


def propagation(
    edges: Edges,
    n: int,
    *,
    max_size: int,
    step: float = 0.5,
    cut: float | None = None,
    constraints: Constraints | None = None,
    seed: int = 0,
) -> Clustering:
    """Takes connected components of at most `max_size` items, each at the lowest cut that gives it.

    At the threshold t = `cut` every component of at most `max_size` items is final; within the
    others t rises by (1 - t) * `step`, and so on. (Zhan et al., "Consensus-driven propagation in
    massive unlabeled data for face recognition", ECCV 2018; so used by Wang et al., "Linkage-based
    face clustering via graph convolution network", CVPR 2019, with a `max_size` of 300 and a `step`
    of .6 for faces, 50 and .5 for clothes, by our notes on published code.) All thresholds read
    one single-linkage tree, which makes the repeated cutting free.

    Args:
        edges: m undirected edges with weights of at most 1.
        n: Number of items.
        max_size: The most items in a cluster. Only edges of weight 1 (duplicates) and must-links
            hold more together.
        step: How far each rise goes towards 1, in (0, 1).
        cut: The first threshold; the least weight if None, so that every edge counts at first.
        constraints: Must-link and cannot-link, kept exactly.
        seed: Breaks ties among equal weights; matters only under cannot-link.

    Returns:
        The clustering. O(m log m) time, O(m + n) memory.

    Raises:
        UsageError: If an option is out of range, a weight is not finite or above 1, an edge leads
            outside the items or constraints contradict each other.
    """
    if max_size < 1 or not 0 < step < 1:
        raise UsageError(
            f"max_size must be at least 1 and step within (0, 1), got {max_size} and {step}"
        )
    if edges.weight.max(initial=0) > 1.001:
        raise UsageError(
            f"weights must not exceed 1, the largest is {edges.weight.max()}: "
            "calibrate the edges or divide their scores"
        )
    if cut is None:
        cut = float(edges.weight.min()) if edges.m else 0.0
    graph = contract(edges, n, constraints, seed=seed, cut=cut)
    tree = single_linkage(graph)
    thresholds = [-np.inf]
    t = cut
    while (t := t + (1.0 - t) * step) <= _CERTAIN:
        thresholds.append(t)
    weight = 1.0 - tree[:, 2]
    weight[: n - graph.n] = np.inf
    labels = renumber(_cut_down(tree, n, weight, np.array(thresholds), max_size))
    return Clustering(labels, membership_strength(edges, labels), cut)


@nb.njit(cache=True, nogil=True)
def _cut_down(
    tree: NDArray[np.float64],
    n: int,
    weight: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    max_size: int,
) -> NDArray[np.int64]:
    """The final component of each item, from the roots of the tree down.

    `level[c]` is the threshold at which cluster c is looked at, `top[c]` the final component that
    it lies in.
    """
    t = tree.shape[0]
    level, top = np.zeros(n + t, np.int64), np.arange(n + t)
    for row in range(t - 1, -1, -1):
        joined = n + row
        left, right = int(tree[row, 0]), int(tree[row, 1])
        final = top[joined] != joined
        if not final and weight[row] >= thresholds[level[joined]]:
            above = np.searchsorted(thresholds, weight[row], side="right")
            final = tree[row, 3] <= max_size or above == thresholds.shape[0]
            level[joined] = min(above, thresholds.shape[0] - 1)
        if final:
            top[left] = top[right] = top[joined]
        else:
            level[left] = level[right] = level[joined]
    return top[:n]
