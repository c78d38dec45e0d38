"""Must-link and cannot-link for a partition: groups that move as one, pairs that never join.

Must-link is an equivalence, so its connected components are contracted: a partition works on
components, not on items, and keeps must-link by construction (Wagstaff et al., "Constrained k-means
clustering with background knowledge", ICML 2001, take the same closure). Cannot-link then stands
between components. Both of its forms, pairs and exclusive groups, are the one thing that
`ResolvedConstraints.tags` returns: every component carries a set of tags, and two clusters may join
exactly if their tag sets are disjoint. A photo of 10,000 faces costs 10,000 tags, not 50 million
pairs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from covey.partition.canonical import renumber
from covey.types import Constraints, Int64, UsageError


@dataclass(frozen=True, slots=True)
class ResolvedConstraints:
    """Constraints between must-link components, free of contradictions.

    Attributes:
        group: (n,) int64, the must-link component of each item, numbered by first appearance.
        cannot: (q, 2) int64, pairs of components that stay apart because of `cannot_link`;
            smaller number first, rows sorted and unique.
        exclusive_start: (n_groups + 1,) int64. Component g belongs to the exclusive groups
            `exclusive[exclusive_start[g] : exclusive_start[g + 1]]`, sorted. A component has
            several where must-link ties items of several exclusive groups.
        exclusive: (e,) int64, exclusive groups numbered 0..; those of one component are left out.
    """

    group: Int64
    cannot: Int64
    exclusive_start: Int64
    exclusive: Int64

    @property
    def n_groups(self) -> int:
        """Number of must-link components, items without a must-link counted as one each."""
        return self.exclusive_start.shape[0] - 1

    @property
    def contracts(self) -> bool:
        """Whether any two items must share a cluster."""
        return self.n_groups < self.group.shape[0]

    @property
    def separates(self) -> bool:
        """Whether any two components must stay apart."""
        return bool(self.cannot.size or self.exclusive.size)

    def tags(self) -> tuple[Int64, Int64]:
        """All cannot-links in one form: two components conflict exactly if they share a tag.

        Returns:
            start: (n_groups + 1,) int64, offsets into `tag`.
            tag: (e + 2 q,) int64, the tags of each component, sorted. O(n + q log q).
        """
        e = int(self.exclusive.max(initial=-1)) + 1
        holder = np.repeat(np.arange(self.n_groups), np.diff(self.exclusive_start))
        pair_tag = e + np.arange(len(self.cannot), dtype=np.int64)
        return _rows(
            np.concatenate([holder, self.cannot[:, 0], self.cannot[:, 1]]),
            np.concatenate([self.exclusive, pair_tag, pair_tag]),
            self.n_groups,
        )


def resolve_constraints(constraints: Constraints | None, n: int) -> ResolvedConstraints:
    """Closes must-link transitively and lifts cannot-link to the components.

    Args:
        constraints: What is known for certain, or None for nothing.
        n: Number of items.

    Returns:
        The constraints between components. O(n + p + q log q) time and memory.

    Raises:
        UsageError: If an index is out of range, or two items must and must not share a cluster;
            the message names the pair.
    """
    if constraints is None:
        return ResolvedConstraints(
            np.arange(n), np.empty((0, 2), np.int64), np.zeros(n + 1, np.int64), _none()
        )
    must = _pairs("must_link", constraints.must_link, n)
    cannot = _pairs("cannot_link", constraints.cannot_link, n)
    group = _closure(must, n)
    n_groups = int(group.max(initial=-1)) + 1

    lifted = np.sort(group[cannot], axis=1)
    clash = np.flatnonzero(lifted[:, 0] == lifted[:, 1])
    if clash.size:
        a, b = cannot[clash[0]]
        raise UsageError(
            f"cannot_link row {clash[0]} keeps items {a} and {b} apart, but "
            + ("they are the same item" if a == b else "must_link ties them together")
            + "; remove one of the two"
        )
    start, exclusive = _exclusive(constraints.exclusive, group, n_groups)
    return ResolvedConstraints(group, np.unique(lifted, axis=0), start, exclusive)


def check_constraints(labels: Int64, constraints: Constraints | None) -> int:
    """Counts the pairs of items that a partition treats against the constraints.

    Args:
        labels: (n,) integers; -1 is noise, which shares a cluster with nothing.
        constraints: What is known for certain, or None for nothing.

    Returns:
        Broken must-link rows plus broken cannot-link rows plus pairs of one exclusive group in one
        cluster; 0 if everything is kept. O(n log n + p + q).

    Raises:
        UsageError: If an index is out of range.
    """
    if constraints is None:
        return 0
    n = labels.shape[0]
    must = labels[_pairs("must_link", constraints.must_link, n)]
    cannot = labels[_pairs("cannot_link", constraints.cannot_link, n)]
    broken = np.count_nonzero((must[:, 0] != must[:, 1]) | (must[:, 0] < 0))
    broken += np.count_nonzero((cannot[:, 0] == cannot[:, 1]) & (cannot[:, 0] >= 0))
    item, tag = _exclusive_tags(constraints.exclusive, n)
    held = labels[item] >= 0
    keys = np.column_stack([tag[held], labels[item[held]]])
    _, together = np.unique(keys, axis=0, return_counts=True)
    return int(broken + (together * (together - 1) // 2).sum())


def _none() -> Int64:
    return np.empty(0, np.int64)


def _rows(row: Int64, value: Int64, n_rows: int) -> tuple[Int64, Int64]:
    """Groups `value` by `row`, values ascending within a row: offsets (n_rows + 1,) and values."""
    order = np.lexsort((value, row))
    start = np.zeros(n_rows + 1, np.int64)
    np.cumsum(np.bincount(row, minlength=n_rows), out=start[1:])
    return start, value[order]


def _pairs(name: str, pairs: Int64, n: int) -> Int64:
    """The (p, 2) pairs as int64, every index within [0, n)."""
    if pairs.size and not np.issubdtype(pairs.dtype, np.integer):
        raise UsageError(f"{name} must hold integers, got {pairs.dtype}; pass row numbers of items")
    bad = np.flatnonzero(((pairs < 0) | (pairs >= n)).any(axis=1))
    if bad.size:
        a, b = pairs[bad[0]]
        raise UsageError(
            f"{name} row {bad[0]} names the pair ({a}, {b}), but there are {n} items, 0 to {n - 1}"
        )
    return pairs.astype(np.int64, copy=False)


def _closure(must: Int64, n: int) -> Int64:
    """Connected components of the must-link pairs, numbered by first appearance."""
    if not len(must):
        return np.arange(n, dtype=np.int64)
    links = coo_array((np.ones(len(must), np.int8), (must[:, 0], must[:, 1])), shape=(n, n))
    _, found = connected_components(links, directed=False)
    return renumber(found)


def _exclusive_tags(exclusive: Int64 | None, n: int) -> tuple[Int64, Int64]:
    """Items and an exclusive group that each is in, (e,) both; numbers of columns kept apart."""
    if exclusive is None:
        return _none(), _none()
    if (
        exclusive.ndim not in (1, 2)
        or len(exclusive) != n
        or not np.issubdtype(exclusive.dtype, np.integer)
    ):
        raise UsageError(
            f"exclusive must be one integer for each of the {n} items, or a row of them, "
            f"got {exclusive.dtype} of shape {exclusive.shape}"
        )
    table = exclusive.astype(np.int64)
    table = table[:, None] if table.ndim == 1 else table
    above = np.cumsum(table.max(axis=0, initial=-1) + 1)
    item, column = np.nonzero(table >= 0)
    return item, table[item, column] + np.concatenate([[0], above])[column]


def _exclusive(exclusive: Int64 | None, group: Int64, n_groups: int) -> tuple[Int64, Int64]:
    """Exclusive groups of each component as offsets and values; refuses two items of one group."""
    item, tag = _exclusive_tags(exclusive, group.shape[0])
    order = np.lexsort((item, tag, group[item]))
    item, tag = item[order], tag[order]
    same = (tag[1:] == tag[:-1]) & (group[item[1:]] == group[item[:-1]])
    if same.any():
        at = int(np.argmax(same))
        a, b = item[at], item[at + 1]
        raise UsageError(
            f"exclusive group {_written(exclusive, a, b)} keeps items {a} and {b} apart, but "
            "must_link ties them together; remove one of the two"
        )
    _, compact, counts = np.unique(tag, return_inverse=True, return_counts=True)
    lone = counts[compact] == 1
    name = np.cumsum(counts > 1) - 1
    return _rows(group[item[~lone]], name[compact[~lone]], n_groups)


def _written(exclusive: Int64 | None, a: int, b: int) -> int:
    """The number that two items share, as the caller wrote it."""
    assert exclusive is not None
    table = exclusive.reshape(len(exclusive), -1)
    shared = (table[a] == table[b]) & (table[a] >= 0)
    return int(table[a][np.argmax(shared)])
