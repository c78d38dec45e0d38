"""Merge trees in the layout of `scipy.cluster.hierarchy.linkage`, forests allowed.

Row r joins the clusters numbered in its first two columns into cluster n + r; items are clusters
0 to n - 1. A forest has fewer than n - 1 rows: what was never joined has no row.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from covey.partition.canonical import renumber
from covey.partition.contraction import ContractedGraph
from covey.types import Int64, UsageError

Tree = NDArray[np.float64]


def merge_tree(
    graph: ContractedGraph, left: Int64, right: Int64, weight: NDArray[np.float64]
) -> Tree:
    """Writes a sequence of merges as a tree over the items, must-link first.

    Args:
        graph: The graph whose nodes were merged.
        left, right: (t,) int64, any node of each of the two clusters that a merge joins.
        weight: (t,) float64, the similarity at which they joined.

    Returns:
        (n - c + t, 4) float64: left, right, height = 1 - weight, items. Items that a must-link
        joins come first, at the height min(0, lowest other height). O(n) time and memory.
    """
    n = graph.node.shape[0]
    tied = np.flatnonzero(graph.item[graph.node] != np.arange(n))
    height = 1.0 - weight
    return _write_tree(
        n,
        np.concatenate([graph.item[graph.node[tied]], graph.item[left]]),
        np.concatenate([tied, graph.item[right]]),
        np.concatenate([np.full(tied.size, height.min(initial=0.0)), height]),
    )


def cut_tree(tree: Tree, n: int, height: float = np.inf) -> Int64:
    """The partition that a tree stands for at one height.

    Args:
        tree: (t, 4) float64 in linkage layout; a forest where t < n - 1.
        n: Number of items.
        height: Rows at most this high join, if all rows below them do; the default is all.
            In trees made here it is 1 - weight.

    Returns:
        (n,) int64 labels by first appearance. O(n log n).

    Raises:
        UsageError: If the tree has more rows than n items can be joined by.
    """
    if tree.ndim != 2 or tree.shape[1] != 4 or tree.shape[0] > max(n - 1, 0):
        raise UsageError(
            f"a tree over {n} items has 4 columns and at most {max(n - 1, 0)} rows, got "
            f"{tree.shape}: pass the number of items that the tree was made from"
        )
    return renumber(_top_joined(np.ascontiguousarray(tree, np.float64), n, float(height)))


@nb.njit(cache=True, nogil=True)
def find_root(parent: NDArray[np.int64], i: int) -> int:
    """The root of i in a union-find forest, halving the path on the way."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@nb.njit(cache=True, nogil=True)
def _write_tree(
    n: int, left: NDArray[np.int64], right: NDArray[np.int64], height: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rows in linkage layout from pairs of items, the cluster of each found by union-find."""
    t = left.shape[0]
    parent, size = np.arange(n + t), np.ones(n + t, np.int64)
    tree = np.empty((t, 4))
    for row in range(t):
        a, b = find_root(parent, left[row]), find_root(parent, right[row])
        joined = n + row
        parent[a] = parent[b] = joined
        size[joined] = size[a] + size[b]
        tree[row, 0], tree[row, 1] = min(a, b), max(a, b)
        tree[row, 2], tree[row, 3] = height[row], size[joined]
    return tree


@nb.njit(cache=True, nogil=True)
def _top_joined(tree: NDArray[np.float64], n: int, height: float) -> NDArray[np.int64]:
    """The highest row, or the item itself, that each item is joined into."""
    t = tree.shape[0]
    whole, top = np.ones(n + t, np.bool_), np.arange(n + t)
    for row in range(t):
        a, b = int(tree[row, 0]), int(tree[row, 1])
        whole[n + row] = tree[row, 2] <= height and whole[a] and whole[b]
    for row in range(t - 1, -1, -1):
        if whole[n + row]:
            top[int(tree[row, 0])] = top[n + row]
            top[int(tree[row, 1])] = top[n + row]
    return top[:n]
