"""Which items make a batch."""

from __future__ import annotations

import numpy as np

from covey.types import Int64, IntArray


def seeds_and_neighbours(
    indices: IntArray, rng: np.random.Generator, *, seeds: int, near: int
) -> Int64:
    """Draws random seeds and, of the neighbours of each, some at random.

    Such batches hold what is hard to tell apart. (As in B-Attention, Wang et al., NeurIPS 2022, one
    seed and up to 128 of its 256 neighbours; several seeds with fewer give more groups.)

    Args:
        indices: (n, k) neighbours.
        rng: Source of the draw.
        seeds: Seeds, at most n.
        near: Neighbours of each, at most k.

    Returns:
        (b,) ascending rows, each once, b <= seeds (1 + near).
    """
    n, k = indices.shape
    first = rng.choice(n, min(seeds, n), replace=False)
    columns = rng.random((len(first), k)).argsort(axis=1)[:, :near]
    drawn = np.concatenate([first, indices[first[:, None], columns].ravel()])
    return np.unique(drawn).astype(np.int64)


def groups_and_items(labels: Int64, rng: np.random.Generator, *, groups: int, items: int) -> Int64:
    """Draws random groups and, of each, some items at random.

    Args:
        labels: (n,) group of each item, from 0.
        rng: Source of the draw.
        groups: Groups, as many as there are at most.
        items: Items of each, as many as it has at most.

    Returns:
        (b,) ascending rows, each once.
    """
    order = rng.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    sizes = np.bincount(labels)
    starts = np.cumsum(sizes) - sizes
    present = np.flatnonzero(sizes)
    drawn = rng.choice(present, min(groups, len(present)), replace=False)
    taken = np.minimum(sizes[drawn], items)
    offset = np.arange(taken.sum()) - np.repeat(np.cumsum(taken) - taken, taken)
    return np.sort(order[np.repeat(starts[drawn], taken) + offset]).astype(np.int64)
