"""Ways to bend a collection: the oddities of embedding spaces, put onto any labelled set.

Each takes embeddings or labels, real or synthetic, and leaves them unchanged. Drawn one after
another they turn few labelled sets into many different ones to train and test on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from covey.datasets.rows import row_parts, unit_rows
from covey.datasets.sizes import Tail, group_sizes
from covey.types import Int64, UsageError


def with_cone(x: NDArray[Any], strength: float, *, seed: int = 0) -> NDArray[Any]:
    """Squeezes the rows into a cone: unrelated items then have cosine `strength`, not 0.

    x' = sqrt(1 - strength) x / |x| + sqrt(strength) u, with u one random unit vector orthogonal to
    the mean row; so cosines s become strength + (1 - strength) s but for terms along u that vanish
    as 1 / sqrt(d). (The anisotropy of Ethayarajh, "How contextual are contextualized word
    representations?", EMNLP 2019.)

    Args:
        x: (n, d) floats.
        strength: Cosine that is added between all, in [0, 1).
        seed: Seed of u.

    Returns:
        (n, d) rows of length 1, dtype of `x`.

    Raises:
        UsageError: If `strength` is out of range.
    """
    if not 0 <= strength < 1:
        raise UsageError(f"strength must be in [0, 1), not {strength}")
    axis = np.random.default_rng(seed).standard_normal((1, x.shape[1]))
    mean = x.mean(axis=0, dtype=np.float64) if len(x) else np.zeros(x.shape[1])
    if np.any(mean):
        axis -= (axis @ mean)[:, None] / (mean @ mean) * mean
    u = unit_rows(axis) * np.sqrt(strength)
    out = np.empty_like(x)
    for part in row_parts(len(x)):
        out[part] = unit_rows(np.sqrt(1 - strength) * unit_rows(x[part].astype(np.float64)) + u)
    return out


def with_hubs(
    x: NDArray[Any],
    labels: NDArray[np.integer[Any]],
    *,
    share: float = 0.01,
    strength: float = 0.5,
    breadth: int = 2,
    seed: int = 0,
) -> NDArray[Any]:
    """Makes some items hubs: near neighbours of items of other groups.

    A hub's direction becomes (1 - strength) its own and strength that of the middle of `breadth`
    groups, those of random items. (Hubs lie close to the middle of their cluster or of the data:
    Radovanovic et al., "Hubs in space", JMLR 2010.)

    Args:
        x: (n, d) floats.
        labels: (n,) group of each item.
        share: Share of items, in [0, 1].
        strength: 0 leaves them, 1 gives up their own direction.
        breadth: Groups that a hub is drawn between.
        seed: Seed.

    Returns:
        (n, d), dtype of `x`; hubs keep their length, other rows are unchanged. O(n d).

    Raises:
        UsageError: If a number is out of range.
    """
    if not (0 <= share <= 1 and 0 <= strength <= 1 and breadth >= 1):
        raise UsageError("share and strength must be in [0, 1] and breadth at least 1")
    rng = np.random.default_rng(seed)
    out = x.copy()
    hubs = rng.choice(len(x), round(share * len(x)), replace=False)
    if len(hubs) == 0:
        return out
    _, codes = np.unique(labels, return_inverse=True)
    middles = unit_rows(_group_sums(x, codes))
    drawn = np.zeros((len(hubs), x.shape[1]))
    for _ in range(breadth):
        drawn += middles[codes[rng.integers(len(x), size=len(hubs))]]
    own = x[hubs].astype(np.float64)
    lengths = np.linalg.norm(own, axis=1, keepdims=True)
    out[hubs] = unit_rows((1 - strength) * unit_rows(own) + strength * unit_rows(drawn)) * lengths
    return out


def random_projection_view(x: NDArray[Any], dim: int, *, seed: int = 0) -> NDArray[Any]:
    """The rows in a random subspace of `dim` dimensions, drawn uniformly.

    Args:
        x: (n, d) floats.
        dim: 1 to d.
        seed: Seed.

    Returns:
        (n, dim), dtype of `x`: coordinates in an orthonormal basis, so lengths shrink to about
        sqrt(dim / d). O(n d dim).
    """
    if not 1 <= dim <= x.shape[1]:
        raise UsageError(f"dim must be 1 to {x.shape[1]}, not {dim}")
    gaussian = np.random.default_rng(seed).standard_normal((x.shape[1], dim))
    q, r = np.linalg.qr(gaussian)
    basis = (q * np.sign(np.diag(r))).astype(np.float32)  # signs make q uniform
    out = np.empty((len(x), dim), x.dtype)
    for part in row_parts(len(x)):
        out[part] = x[part].astype(np.float32) @ basis
    return out


def subset_view(
    labels: NDArray[np.integer[Any]],
    *,
    n_groups: int | None = None,
    n: int | None = None,
    tail: Tail = "lognormal",
    min_size: int = 1,
    max_size: int | None = None,
    seed: int = 0,
) -> Int64:
    """Rows of a part of a labelled set: random groups, cut down to long-tailed sizes.

    The drawn sizes go to the groups in random order; a group that has fewer items gives all of
    them, so that the view can be smaller than `n`.

    Args:
        labels: (m,) non-negative labels; negative ones are never drawn.
        n_groups: Groups to draw; None for all of them.
        n: Items wanted; None for half of those in the groups drawn.
        tail, min_size, max_size: Shape and bounds of the sizes, as in `group_sizes`.
        seed: Seed.

    Returns:
        Ascending int64 rows. O(m log m).

    Raises:
        UsageError: If there are fewer groups than asked for, or the sizes cannot be met.
    """
    rng = np.random.default_rng(seed)
    known = np.flatnonzero(labels >= 0)
    _, codes, counts = np.unique(labels[known], return_inverse=True, return_counts=True)
    n_groups = len(counts) if n_groups is None else n_groups
    if not 0 <= n_groups <= len(counts):
        raise UsageError(f"{n_groups} groups were asked for, there are {len(counts)}")
    drawn = rng.permutation(len(counts))[:n_groups]
    if n is None:
        n = max(int(counts[drawn].sum()) // 2, min_size * n_groups)
        n = n if max_size is None else min(n, max_size * n_groups)
    sizes = group_sizes(n, n_groups, tail=tail, min_size=min_size, max_size=max_size, seed=rng)
    wanted = np.zeros(len(counts), np.int64)
    wanted[drawn] = rng.permutation(sizes)
    order = rng.permutation(len(known))
    order = order[np.argsort(codes[order], kind="stable")]  # groups together, shuffled within
    start = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
    grouped = codes[order]
    rank = np.arange(len(order)) - start[grouped]
    return np.sort(known[order[rank < wanted[grouped]]])


def with_duplicates(
    x: NDArray[Any],
    labels: Int64,
    *,
    share: float = 0.05,
    jitter: float = 0.0,
    seed: int = 0,
) -> tuple[NDArray[Any], Int64]:
    """Appends copies of random items, exact or nearly so.

    Args:
        x: (n, d) floats.
        labels: (n,) labels, copied with the rows.
        share: Copies as a share of n, at least 0.
        jitter: Expected length of Gaussian noise on a copy, relative to the row's own.
        seed: Seed.

    Returns:
        x (n + round(share n), d) and labels of that length; the first n are as given.
    """
    if share < 0 or jitter < 0:
        raise UsageError("share and jitter must not be negative")
    rng = np.random.default_rng(seed)
    picked = rng.integers(len(x), size=round(share * len(x))) if len(x) else np.empty(0, np.int64)
    copies = x[picked]
    if jitter:
        lengths = np.linalg.norm(copies.astype(np.float64), axis=1, keepdims=True)
        step = rng.standard_normal(copies.shape) * (jitter / np.sqrt(x.shape[1]))
        copies = (copies + step * lengths).astype(x.dtype)
    return np.concatenate([x, copies]), np.concatenate([labels, labels[picked]])


def _group_sums(x: NDArray[Any], codes: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
    """(groups, d) sums of unit rows, block by block."""
    sums = np.zeros((int(codes.max()) + 1, x.shape[1]))
    for part in row_parts(len(x)):
        own = codes[part]
        ones = (np.ones(len(own)), (own, np.arange(len(own))))
        sums += csr_array(ones, shape=(len(sums), len(own))) @ unit_rows(x[part].astype(np.float64))
    return sums
