"""Reverse-imbalance weighted sampling: first hops in which the rarer kind of link is not rare.

Most neighbours of an item in a small group are strangers, most of one in a large group are not.
Either way a network that is shown the nearest k1 of each sees one kind of link and little of the
other, and sees the same ones in each epoch. (GCN-Based Linkage Prediction for Face Clustering
on Imbalanced Datasets, Yang et al., 2021, arXiv 2107.02477; formulas from our notes on the
published code.)
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from covey.models.linkage_gcn_config import Sampling
from covey.types import Float32, Int64, IntArray

Bools = NDArray[np.bool_]


def draw_first_hops(
    sampling: Sampling, pool: IntArray, same: Bools, near: int, rng: np.random.Generator
) -> Int64:
    """Draws first hops by the name of the way.

    Args:
        sampling: "none" is the first `near` of the pool, as they are met when links are scored.
        pool: (b, p) neighbours of b centres, nearest first, -1 where there is none.
        same: (b, p) bool, whether a neighbour is of the centre's group.
        near: Entries wanted (k1).
        rng: Source of the draw.

    Returns:
        (b, min(near, p)) entries of the pool, -1 where there are no more.
    """
    if sampling == "riws":
        return reverse_imbalance(pool, same, near, rng)
    if sampling == "resample":
        return duplicated_minority(pool, same, near)
    return pool[:, :near].astype(np.int64)


def reverse_imbalance(pool: IntArray, same: Bools, near: int, rng: np.random.Generator) -> Int64:
    """Draws distinct neighbours of each centre, either side of the label as likely as the other.

    A neighbour of the P that share the centre's group weighs 1 / (2 P), one of the N others
    1 / (2 N). The draw is one after another, each time in proportion to the weights of those left:
    the law of `Generator.choice(replace=False, p=...)`, which the published code calls, taken here
    as the smallest of exponential variables divided by the weights. (Efraimidis and Spirakis,
    "Weighted random sampling with a reservoir", Information Processing Letters, 2006.) So the first
    drawn is balanced, and the whole the less so the larger its share of the pool: all of it if the
    pool has no more than `near`. Where a side is empty the first `near` of the other are taken.

    Args:
        pool, same, near, rng: As of `draw_first_hops`.

    Returns:
        As of `draw_first_hops`, in the order of the pool. O(b p log p) time.
    """
    weight = reverse_weights(pool, same)
    with np.errstate(divide="ignore", invalid="ignore"):
        key = rng.standard_exponential(pool.shape) / weight
    there = pool >= 0
    one_sided = ~(there & same).any(axis=1) | ~(there & ~same).any(axis=1)
    key[one_sided] = np.where(there[one_sided], np.arange(pool.shape[1]), np.inf)
    near = min(near, pool.shape[1])
    drawn = np.sort(np.argsort(key, axis=1, kind="stable")[:, :near], axis=1)
    return np.take_along_axis(pool, drawn, axis=1).astype(np.int64)


def reverse_weights(pool: IntArray, same: Bools) -> NDArray[np.float64]:
    """(b, p) weight of each neighbour: 1 / 2 over those of its side, 0 where there is none."""
    weight = np.zeros(pool.shape)
    for side in ((pool >= 0) & same, (pool >= 0) & ~same):
        share = 0.5 / np.maximum(side.sum(axis=1, keepdims=True), 1)
        weight += side * share
    return weight


def duplicated_minority(pool: IntArray, same: Bools, near: int) -> Int64:
    """Takes the nearest of both sides, half of each; the smaller is repeated until it is half.

    Nothing is drawn. Where a side is empty the first `near` of the other are taken. (The way of
    re-sampled images, and by our notes that of the published code.)

    Args:
        pool, same, near: As of `draw_first_hops`.

    Returns:
        As of `draw_first_hops`, the smaller side first.
    """
    near = min(near, pool.shape[1])
    return _duplicated(np.ascontiguousarray(pool), np.ascontiguousarray(same), near)


@njit(cache=True, nogil=True)
def _duplicated(pool: IntArray, same: Bools, near: int) -> Int64:
    b, p = pool.shape
    hops = np.full((b, near), -1, np.int64)
    sides = np.empty((2, p), np.int64)
    for i in range(b):
        count = np.zeros(2, np.int64)
        for c in range(p):
            if pool[i, c] >= 0:
                side = 1 if same[i, c] else 0
                sides[side, count[side]] = pool[i, c]
                count[side] += 1
        small = 1 if count[1] <= count[0] else 0
        half = near // 2 if count[small] else 0
        for c in range(half):
            hops[i, c] = sides[small, c % count[small]]
        for c in range(min(near - half, count[1 - small])):
            hops[i, half + c] = sides[1 - small, c]
    return hops


def density(similarities: Float32, near: int) -> Float32:
    """(n,) mean similarity of each item to its first `near` neighbours."""
    mean: Float32 = similarities[:, :near].mean(axis=1, dtype=np.float64).astype(np.float32)
    return mean
