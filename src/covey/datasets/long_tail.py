"""Long-tailed, head-heavy and balanced versions of a labelled set, with exact sizes.

Which groups are drawn and how many items each gives depend on the labels and the seed alone, not on
the order of the rows; which items of a group are given depends on their places, too. Items with
negative labels belong to nobody and are never drawn. All functions return ascending rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.types import Int64, UsageError

BUCKET_NAMES = ("tail", "medium", "head")
"""Of the codes that `size_buckets` gives."""

Labels = NDArray[np.integer[Any]]


def head_and_tail(
    labels: Labels, *, heads: int, tail_size: int, tails: int | None = None, seed: int = 0
) -> Int64:
    """Keeps some groups whole and cuts all others down to a few items.

    So the collections of faces and clothes are made that learning on imbalanced graphs is measured
    on, 200 to 2,000 heads with tails of 3 or 5. (Yang et al., 2021, arXiv 2107.02477. Inferred:
    that heads are drawn at random.) Few heads make a long tail, many a set that is heavy with them.

    Args:
        labels: (n,) group of each item.
        heads: Groups that stay whole, drawn from those with more than `tail_size` items.
        tail_size: Items of each other group; groups with fewer are left out.
        tails: How many others; None for all.
        seed: Of the draw.

    Returns:
        Rows of exactly `heads` whole groups and `tails` groups of `tail_size` items. O(n log n).

    Raises:
        UsageError: If there are not enough groups.
    """
    _at_least(1, tail_size=tail_size)
    _at_least(0, heads=heads, tails=tails or 0)
    sizes = _sizes(labels)
    rng = np.random.default_rng(seed)
    large = rng.permutation(np.flatnonzero(sizes > tail_size))
    _enough("heads", heads, len(large), f"more than {tail_size} items", "heads or tail_size")
    left = np.setdiff1d(np.flatnonzero(sizes >= tail_size), large[:heads])
    tails = len(left) if tails is None else tails
    _enough(
        "tails", tails, len(left), f"at least {tail_size} items besides heads", "tails or tail_size"
    )
    wanted = np.zeros(len(sizes), np.int64)
    wanted[large[:heads]] = sizes[large[:heads]]
    wanted[rng.permutation(left)[:tails]] = tail_size
    return _take(labels, wanted, rng)


def zipf(
    labels: Labels,
    *,
    exponent: float,
    groups: int | None = None,
    largest: int | None = None,
    smallest: int = 1,
    seed: int = 0,
) -> Int64:
    """Cuts the groups down to sizes that fall as a power of their rank.

    The r-th largest group gives round(`largest` / r^`exponent`) items, halves up, but at least
    `smallest`; among groups of one size chance decides which comes first.

    Args:
        labels: (n,) group of each item.
        exponent: At least 0, which leaves all sizes equal; larger makes the head heavier.
        groups: How many, the largest ones; None for all with `smallest` items or more.
        largest: Items of the first; None for as many as all groups can follow.
        smallest: Items of a group at least, 1 or more.
        seed: Of the draw.

    Returns:
        Rows, of exactly these sizes. O(n log n).

    Raises:
        UsageError: If a group has fewer items than it is to give.
    """
    _at_least(1, smallest=smallest)
    if largest is not None:
        _at_least(smallest, largest=largest)
    _at_least(0, exponent=exponent, groups=groups or 0)
    sizes = _sizes(labels)
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(sizes))
    ranked = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    ranked = ranked[sizes[ranked] >= smallest]
    groups = len(ranked) if groups is None else groups
    _enough("groups", groups, len(ranked), f"at least {smallest} items", "groups or smallest")
    ranked = ranked[:groups]
    shape = np.arange(1, groups + 1, dtype=np.float64) ** -exponent
    if largest is None:
        largest = _largest_that_fits(sizes[ranked], shape, smallest)
    given = _zipf_sizes(largest, shape, smallest)
    if (given > sizes[ranked]).any():
        first = int(np.argmax(given > sizes[ranked]))
        fits = _largest_that_fits(sizes[ranked], shape, smallest)
        raise UsageError(
            f"group {first + 1} by size is to give {given[first]} items and has "
            f"{sizes[ranked[first]]}: ask for largest <= {fits}, a higher exponent or fewer groups"
        )
    wanted = np.zeros(len(sizes), np.int64)
    wanted[ranked] = given
    return _take(labels, wanted, rng)


def balanced(labels: Labels, *, size: int, groups: int | None = None, seed: int = 0) -> Int64:
    """Cuts groups down to one size.

    Args:
        labels: (n,) group of each item.
        size: Items of each; groups with fewer are left out.
        groups: How many, drawn at random; None for all.
        seed: Of the draw.

    Returns:
        Rows of exactly `groups` groups with `size` items. O(n log n).

    Raises:
        UsageError: If there are not enough groups.
    """
    _at_least(1, size=size)
    _at_least(0, groups=groups or 0)
    sizes = _sizes(labels)
    rng = np.random.default_rng(seed)
    large = rng.permutation(np.flatnonzero(sizes >= size))
    groups = len(large) if groups is None else groups
    _enough("groups", groups, len(large), f"at least {size} items", "groups or size")
    wanted = np.zeros(len(sizes), np.int64)
    wanted[large[:groups]] = size
    return _take(labels, wanted, rng)


def size_buckets(labels: Labels, *, tail: int = 5, head: int = 20) -> NDArray[np.int8]:
    """Says of each item whether its group is of the head, the tail or between.

    The bounds are those at which `metrics.evaluate` parts the scores, by default: with
    `buckets=(tail, head)` its three are these.

    Args:
        labels: (n,) group of each item.
        tail: Items of a group of the tail, at most.
        head: Items of a group of the head, more than.

    Returns:
        (n,) place in `BUCKET_NAMES`, -1 for items of nobody.

    Raises:
        UsageError: If `head` is below `tail`.
    """
    if not 1 <= tail <= head:
        raise UsageError(f"head must be at least tail and tail at least 1, got {head} and {tail}")
    found, code = np.unique(labels, return_inverse=True)
    sizes = np.bincount(code, minlength=len(found))
    buckets = np.searchsorted([tail, head], sizes).astype(np.int8)
    buckets[found < 0] = -1
    return buckets[code]


def _zipf_sizes(largest: int, shape: NDArray[np.float64], smallest: int) -> Int64:
    return np.maximum(smallest, np.floor(largest * shape + 0.5)).astype(np.int64)


def _largest_that_fits(sizes: Int64, shape: NDArray[np.float64], smallest: int) -> int:
    """The most items that the first group can give so that all others can follow."""
    low, high = smallest, max(smallest, int(sizes.max(initial=smallest)))
    while low < high:
        middle = (low + high + 1) // 2
        if (_zipf_sizes(middle, shape, smallest) <= sizes).all():
            low = middle
        else:
            high = middle - 1
    return low


def _sizes(labels: Labels) -> Int64:
    """Items of each group, groups in the order of their labels."""
    return np.unique(labels[labels >= 0], return_counts=True)[1].astype(np.int64)


def _take(labels: Labels, wanted: Int64, rng: np.random.Generator) -> Int64:
    """Ascending rows: of each group so many items, at random."""
    known = np.flatnonzero(labels >= 0)
    order = known[rng.permutation(len(known))]
    code = np.unique(labels[order], return_inverse=True)[1]
    by_group = np.argsort(code, kind="stable")
    code = code[by_group]
    rank = np.arange(len(code)) - np.searchsorted(code, code)
    return np.sort(order[by_group][rank < wanted[code]]).astype(np.int64)


def _at_least(least: int, **given: float) -> None:
    for name, value in given.items():
        if not value >= least:
            raise UsageError(f"{name} must be at least {least}, got {value}")


def _enough(name: str, wanted: int, there: int, which: str, lower: str) -> None:
    if wanted > there:
        raise UsageError(
            f"{wanted} {name} were asked for, {there} groups have {which}: lower {lower}"
        )
