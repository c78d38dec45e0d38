"""Balanced, long-tailed and head-heavy versions of a known half, and what is grouped beside them.

| version | what is learned from |
| --- | --- |
| balanced | every group as large as every other |
| long tail | sizes fall as a power of their rank, from the largest to 2 items |
| head-heavy | some groups whole, all others 3 items: most links are those of large groups |

What is grouped is one collection for all versions: the other half, its sizes falling in the same
way down to 1 item, so that there are head, medium, tail and groups of one. The faces of lfw fall so
by themselves: their long tail and the other half are random groups as they are. (Inferred: the
paper's sets are those of `head_and_tail`, 200 to 2,000 heads; here the sets are much smaller.)
"""

from __future__ import annotations

import numpy as np

from covey.datasets.long_tail import balanced, head_and_tail, zipf
from covey.datasets.view_draws import LabelledSet
from covey.types import Int64

VERSIONS = ("head-heavy", "long tail", "balanced")
BUCKETS = (4, 10)
"""Items of a group of the tail and of the middle, at most."""

BUCKET_NAMES = {"1-4": "tail", "5-10": "medium", "11+": "head"}
SETS = ("lfw", "market1501", "googlenews_t", "clinc150", "omniglot_eval")

_SIZES = {"lfw": 4, "market1501": 6, "googlenews_t": 20, "clinc150": 30, "omniglot_eval": 6}
_HEADS = {"lfw": 100, "market1501": 120, "googlenews_t": 20, "clinc150": 15, "omniglot_eval": 110}
_TAIL = 3  # items of a group that is not a head
_LARGEST = 150  # items of a group that is drawn by rank
_MOST = 3_000  # items of random groups


def version(name: str, labels: Int64, of: str, seed: int) -> Int64:
    """Rows of a version.

    Args:
        name: Of `VERSIONS`.
        labels: (n,) groups of the known half, negative for items of nobody.
        of: Name of the set.
        seed: Of the draw.

    Returns:
        Ascending rows.
    """
    if name == "balanced":
        return balanced(labels, size=_SIZES[of], seed=seed)
    if name == "head-heavy":
        return head_and_tail(labels, heads=_HEADS[of], tail_size=_TAIL, seed=seed)
    return falling(labels, 2, of, seed)


def falling(labels: Int64, smallest: int, of: str, seed: int) -> Int64:
    """Rows of a long tail, its last group of `smallest` items; lfw's as it is."""
    if of == "lfw":
        return whole_groups(labels, seed)
    sizes = np.unique(labels[labels >= 0], return_counts=True)[1]
    groups = int(np.count_nonzero(sizes >= smallest))
    largest = min(_LARGEST, int(sizes.max()))
    exponent = float(np.log(largest / smallest) / np.log(groups))
    return zipf(
        labels, exponent=exponent, groups=groups, largest=largest, smallest=smallest, seed=seed
    )


def whole_groups(labels: Int64, seed: int) -> Int64:
    """Rows of random groups, as many as stay below 3,000 items; a group beyond that is left out."""
    found, code, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(found))
    order = order[(found[order] >= 0) & (sizes[order] <= _MOST // 10)]
    chosen = np.zeros(len(found), np.bool_)
    chosen[order[np.cumsum(sizes[order]) <= _MOST]] = True
    return np.flatnonzero(chosen[code])


def part(items: LabelledSet, rows: Int64) -> LabelledSet:
    """Some rows of a set."""
    return LabelledSet(items.name, items.family, items.x[rows], items.labels[rows])
