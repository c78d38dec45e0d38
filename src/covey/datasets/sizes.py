"""How large groups are: long tails of a given number of items, groups and bounds."""

from __future__ import annotations

from typing import Literal

import numpy as np

from covey.types import Int64, UsageError

Tail = Literal["zipf", "lognormal", "equal"]

TYPICAL_SIZE = 65.5
"""Items in a group on average where no number of groups is asked for: 100,000 make 1,527."""


def group_sizes(
    n: int,
    n_groups: int,
    *,
    tail: Tail = "zipf",
    exponent: float = 0.8,
    sigma: float = 1.0,
    min_size: int = 2,
    max_size: int | None = None,
    seed: int | np.random.Generator = 0,
) -> Int64:
    """Sizes of `n_groups` groups that sum to `n`, descending.

    The shape is rank^-exponent ("zipf"), exp(sigma z) with z standard normal ("lognormal"), or
    flat ("equal"). It is scaled so that, clipped to the bounds, the sizes sum to `n`: the largest
    remainders are rounded up.

    Args:
        n: Items.
        n_groups: Groups.
        tail: The shape.
        exponent: Of "zipf"; larger makes the head heavier.
        sigma: Of "lognormal", standard deviation of the log size.
        min_size: Smallest size.
        max_size: Largest size; None for no bound.
        seed: Used by "lognormal" only.

    Returns:
        (n_groups,) int64. O(n_groups log n_groups).

    Raises:
        UsageError: If no such sizes exist.
    """
    top = max(n, min_size) if max_size is None else max_size
    if n_groups < 0 or not 0 <= min_size <= top or not min_size * n_groups <= n <= top * n_groups:
        raise UsageError(
            f"{n} items cannot form {n_groups} groups of {min_size} to {top}; change one of them"
        )
    if n_groups == 0:
        return np.empty(0, np.int64)
    if tail == "zipf":
        shape = np.arange(1, n_groups + 1, dtype=np.float64) ** -exponent
    elif tail == "lognormal":
        shape = np.sort(np.random.default_rng(seed).lognormal(0.0, sigma, n_groups))[::-1]
    elif tail == "equal":
        shape = np.ones(n_groups)
    else:
        raise UsageError(f"tail must be zipf, lognormal or equal, not {tail!r}")

    low, high = 0.0, (top + 1) / shape.min()
    for _ in range(200):
        middle = (low + high) / 2
        if np.clip(middle * shape, min_size, top).sum() < n:
            low = middle
        else:
            high = middle
    wanted = np.clip(high * shape, min_size, top)
    sizes = np.floor(wanted).astype(np.int64)
    for _ in range(n_groups + 1):
        short = n - int(sizes.sum())
        if short == 0:
            break
        room = np.flatnonzero(sizes < top if short > 0 else sizes > min_size)
        best = room[np.argsort(-np.sign(short) * (wanted - sizes)[room], kind="stable")]
        sizes[best[: abs(short)]] += np.sign(short)
    return np.sort(sizes)[::-1].copy()


def long_tailed_labels(
    n: int,
    n_groups: int | None,
    tail: Tail,
    min_size: int,
    max_size: int | None,
    rng: np.random.Generator,
) -> tuple[Int64, int]:
    """(n,) labels in random order with sizes descending by label, and how many there are.

    Where no number of groups is asked for, fewer than `min_size` items form one group.
    """
    if n_groups is None:
        min_size = min(min_size, n)
        n_groups = min(max(1, round(n / TYPICAL_SIZE)), n // max(min_size, 1))
        if max_size:
            n_groups = max(n_groups, -(-n // max_size))
    sizes = group_sizes(n, n_groups, tail=tail, min_size=min_size, max_size=max_size, seed=rng)
    return rng.permutation(np.repeat(np.arange(n_groups), sizes)), n_groups
