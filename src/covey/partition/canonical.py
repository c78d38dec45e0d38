"""An order of the items that does not depend on how they were numbered, and labels to match.

A greedy partition depends on the order in which it visits items. When that order comes from the
weights around each item instead of from row numbers, shuffling a collection changes nothing but
the names of its clusters.
"""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from covey.types import Edges, Int64, IntArray, UsageError

_MAX_ROUNDS = 16

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31 = np.uint64(27), np.uint64(30), np.uint64(31)


@nb.njit(inline="always")
def _mix(x: np.uint64) -> np.uint64:
    """The finaliser of SplitMix64: every bit of the input reaches every bit of the output."""
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    return x ^ (x >> _S31)


@nb.njit(cache=True, nogil=True)
def _refine_keys(
    source: NDArray[np.int64],
    target: NDArray[np.int64],
    bits: NDArray[np.uint32],
    keys: NDArray[np.uint64],
) -> NDArray[np.uint64]:
    """One Weisfeiler-Lehman round: hashes each key with the multiset of (weight, key) around it.

    The multiset is hashed by a sum modulo 2**64, which no order of the edges can change.
    """
    gathered = np.zeros_like(keys)
    for e in range(source.shape[0]):
        u, v = source[e], target[e]
        weight = np.uint64(bits[e]) * _GOLDEN
        gathered[u] += _mix(keys[v] ^ weight)
        gathered[v] += _mix(keys[u] ^ weight)
    for i in range(keys.shape[0]):
        gathered[i] = _mix(keys[i] * _GOLDEN + gathered[i])
    return gathered


def canonical_order(edges: Edges, n: int, seed: int = 0) -> Int64:
    """Orders items by what surrounds them, in a pseudo-random order drawn from `seed`.

    Each item starts from one key and is re-hashed with the exact weights and the keys of its
    neighbours until no further items can be told apart (at most 16 rounds). Relabelling the items
    relabels the order in the same way. Items whose keys stay equal, such as exact duplicates
    or items without edges, follow each other by index: they are interchangeable.
    (Colour refinement: Weisfeiler and Leman, 1968.)

    Args:
        edges: Undirected edges between n items. Loops and repeated pairs are allowed.
        n: Number of items.
        seed: Draws another order of the same items.

    Returns:
        (n,) int64, a permutation: entry r is the item of rank r.
        O(rounds (m + n log n)) time, O(m + n) memory.

    Raises:
        UsageError: If an edge ends outside 0..n-1.
    """
    check_ends(edges, n)
    source = edges.source.astype(np.int64, copy=False)
    target = edges.target.astype(np.int64, copy=False)
    bits = np.ascontiguousarray(edges.weight, np.float32).view(np.uint32)
    keys = np.full(n, np.uint64(seed % 2**64) ^ _GOLDEN, np.uint64)
    distinct = min(n, 1)
    for _ in range(_MAX_ROUNDS):
        keys = _refine_keys(source, target, bits, keys)
        ascending = np.sort(keys)
        found = int(np.count_nonzero(ascending[1:] != ascending[:-1])) + min(n, 1)
        if found in (distinct, n):
            break
        distinct = found
    return np.argsort(keys, kind="stable").astype(np.int64, copy=False)


def check_ends(edges: Edges, n: int) -> None:
    """Refuses edges that lead outside the n items.

    Raises:
        UsageError: Naming the first such edge.
    """
    ends = np.stack((edges.source, edges.target)) if edges.m else np.empty((2, 0), np.int64)
    if edges.m and (ends.min() < 0 or ends.max() >= n):
        bad = int(np.argmax(((ends < 0) | (ends >= n)).any(axis=0)))
        raise UsageError(
            f"edge {bad} joins items {ends[0, bad]} and {ends[1, bad]}, but there are only {n} "
            f"items (0..{n - 1}): pass the number of items that the edges were made from"
        )


def renumber(labels: IntArray) -> Int64:
    """Numbers clusters 0, 1, ... by first appearance; negative labels (noise) become -1.

    Args:
        labels: (n,) integers, equal within a cluster.

    Returns:
        (n,) int64, the same partition. O(n log n).
    """
    numbered = np.full(labels.shape, -1, np.int64)
    kept = labels >= 0
    _, first, inverse = np.unique(labels[kept], return_index=True, return_inverse=True)
    rank = np.empty(first.size, np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    numbered[kept] = rank[inverse]
    return numbered
