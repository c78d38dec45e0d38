"""Scores of a clustering against known labels, all from one sparse contingency table.

The table holds an entry for every (group, cluster) pair that shares an item, at most n of them,
so every score costs what its entries cost and no groups x clusters matrix is ever made.

A *group* is what the true labels say, a *cluster* what the clustering says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from covey.metrics.information import information
from covey.types import InputError, Int64, IntArray, UsageError

BUCKETS = (1, 5, 20, 100)
"""Largest group size of each bucket; one more bucket takes the groups above the last."""


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """Precision, recall and their harmonic mean, in [0, 1]."""

    precision: float
    recall: float

    @property
    def f(self) -> float:
        """Harmonic mean, 0 where both are 0."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def as_dict(self) -> dict[str, float]:
        """The three numbers by name."""
        return {"precision": self.precision, "recall": self.recall, "f": self.f}


@dataclass(frozen=True, slots=True)
class ClusteringScores:
    """Agreement of a clustering with the true groups; every score is at most 1, larger is better.

    Attributes:
        items: Number of items that were scored.
        groups: Number of true groups among them.
        clusters: Number of clusters among them, each noise item counted as one.
        pairwise: Over pairs of items. Precision is 1 where no pair shares a cluster, recall is 1
            where no pair shares a group.
        bcubed: Mean over items of the share of the item's cluster that is of its group
            (precision) and of its group that is in its cluster (recall); F is the harmonic mean
            of the two means. (Bagga and Baldwin, LREC 1998 workshop.)
        homogeneity: Share of the groups' entropy that the clusters explain.
        completeness: Share of the clusters' entropy that the groups explain.
        nmi: Mutual information over the arithmetic mean of the two entropies, which is also the
            V-measure (Rosenberg and Hirschberg, EMNLP 2007).
        ami: The same, adjusted for chance (Vinh, Epps and Bailey, JMLR 2010).
        ari: Rand index adjusted for chance (Hubert and Arabie, 1985).
        accuracy: Share of items on the best one-to-one match of groups with clusters.
        buckets: The same scores by true-group size, keyed "1", "2-5", ..., "101+"; empty buckets
            are left out. See `evaluate`.
    """

    items: int
    groups: int
    clusters: int
    pairwise: PrecisionRecall
    bcubed: PrecisionRecall
    homogeneity: float
    completeness: float
    nmi: float
    ami: float
    ari: float
    accuracy: float
    buckets: dict[str, ClusteringScores] = field(default_factory=dict)

    @property
    def v_measure(self) -> float:
        """Harmonic mean of homogeneity and completeness, equal to `nmi`."""
        return self.nmi

    def as_dict(self) -> dict[str, Any]:
        """Plain numbers in nested dictionaries, ready for JSON."""
        scores = asdict(self)
        scores["pairwise"] = self.pairwise.as_dict()
        scores["bcubed"] = self.bcubed.as_dict()
        scores["v_measure"] = self.v_measure
        scores["buckets"] = {name: bucket.as_dict() for name, bucket in self.buckets.items()}
        if not self.buckets:
            del scores["buckets"]
        return scores


def evaluate(
    labels_true: ArrayLike,
    labels_pred: ArrayLike,
    *,
    ignore_singletons: bool = False,
    buckets: Sequence[int] = BUCKETS,
) -> ClusteringScores:
    """Compares a clustering with the true groups.

    Items whose true label is negative are unknown: they are left out before anything is counted.
    A negative predicted label is noise: each such item is a cluster of its own.

    A bucket holds the groups of one range of sizes. In it `pairwise` and `bcubed` judge the
    items of these groups against *all* scored items, so that a small group which drowned in a
    large one shows in the small group's bucket; `accuracy` is the share of them on the one match
    of all groups. The remaining scores see the bucket's items alone.

    Args:
        labels_true: (n,) integers.
        labels_pred: (n,) integers.
        ignore_singletons: Also leave out the items whose true group has one item.
        buckets: Largest group size of each bucket, ascending; one more takes the rest. Empty for
            no buckets.

    Returns:
        The scores, exact. O(n log n) time and O(n) memory, but for two of them: `ami` takes a
        step for every pair of distinct group and cluster sizes, at most 2n of them, and
        `accuracy` solves a sparse assignment, fast as long as most groups have a cluster that is
        mostly theirs.

    Raises:
        InputError: If the labels are not two vectors of one length, not integers, or nothing is
            left to score.
        UsageError: If `buckets` is not ascending and positive.
    """
    bounds = list(buckets)
    if bounds != sorted(set(bounds)) or (bounds and bounds[0] < 1):
        raise UsageError(f"buckets must be ascending positive sizes, got {tuple(buckets)}")
    true, pred = _known_items(labels_true, labels_pred)
    if ignore_singletons:
        _, code, size = np.unique(true, return_inverse=True, return_counts=True)
        repeated = size[code] > 1
        if not repeated.any():
            raise InputError(
                "every true group is a singleton: nothing is left with ignore_singletons"
            )
        true, pred = true[repeated], pred[repeated]
    table = _Table.from_labels(true, pred)
    matched = _match(table.group, table.cluster, table.count)
    scores = _score(table, matched, np.ones(len(table.group_size), np.bool_))
    if not bounds:
        return scores
    lows = [1, *(bound + 1 for bound in bounds)]
    bucket_of_group = np.searchsorted(bounds, table.group_size)
    for bucket in np.unique(bucket_of_group):
        low = lows[bucket]
        high = bounds[bucket] if bucket < len(bounds) else None
        name = f"{low}+" if high is None else f"{low}" if low == high else f"{low}-{high}"
        scores.buckets[name] = _score(table, matched, bucket_of_group == bucket)
    return scores


def bcubed(labels_true: IntArray, labels_pred: IntArray) -> PrecisionRecall:
    """BCubed precision and recall alone, for partitions that are compared many times.

    Args:
        labels_true, labels_pred: (n,) integers, n >= 1, both numbered from 0.

    Returns:
        What `evaluate` gives as `bcubed`. O(n log n) time.
    """
    n_clusters = int(labels_pred.max()) + 1
    entry, count = np.unique(
        labels_true.astype(np.int64) * n_clusters + labels_pred, return_counts=True
    )
    group, cluster = np.divmod(entry, n_clusters)
    return _bcubed(count, np.bincount(labels_true)[group], np.bincount(labels_pred)[cluster])


def _bcubed(count: Int64, group_size: Int64, cluster_size: Int64) -> PrecisionRecall:
    """BCubed from table entries and, for each, the sizes of its group and its cluster."""
    weight = count * count.astype(np.float64) / count.sum()
    return PrecisionRecall(
        min(1.0, float((weight / cluster_size).sum())),
        min(1.0, float((weight / group_size).sum())),
    )


@dataclass(frozen=True, slots=True)
class _Table:
    """Sparse contingency table.

    Attributes:
        group, cluster, count: (t,) int64, entries sorted by group, then cluster; count > 0.
        group_size, cluster_size: int64, items of each group and of each cluster.
    """

    group: Int64
    cluster: Int64
    count: Int64
    group_size: Int64
    cluster_size: Int64

    @classmethod
    def from_labels(cls, true: Int64, pred: Int64) -> _Table:
        _, group, group_size = np.unique(true, return_inverse=True, return_counts=True)
        _, cluster, cluster_size = np.unique(pred, return_inverse=True, return_counts=True)
        entry, count = np.unique(group * len(cluster_size) + cluster, return_counts=True)
        return cls(*np.divmod(entry, len(cluster_size)), count, group_size, cluster_size)


def _known_items(labels_true: ArrayLike, labels_pred: ArrayLike) -> tuple[Int64, Int64]:
    """Checks both labellings, drops items of unknown group, and gives noise items own clusters."""
    true, pred = np.asarray(labels_true), np.asarray(labels_pred)
    for name, labels in (("labels_true", true), ("labels_pred", pred)):
        if labels.ndim != 1:
            raise InputError(f"{name} must be a vector, got shape {labels.shape}")
        if labels.size and not np.issubdtype(labels.dtype, np.integer):
            raise InputError(f"{name} must be integers, got {labels.dtype}")
    if len(true) != len(pred):
        raise InputError(f"labels_true has {len(true)} items but labels_pred has {len(pred)}")
    known = true >= 0
    if not known.any():
        raise InputError(f"nothing to score: none of the {len(true)} true labels is 0 or more")
    true, pred = true[known].astype(np.int64), pred[known].astype(np.int64)
    noise = np.flatnonzero(pred < 0)
    pred[noise] = -1 - np.arange(len(noise))
    return true, pred


def _score(
    table: _Table, matched: NDArray[np.bool_], chosen: NDArray[np.bool_]
) -> ClusteringScores:
    """Scores the items of the chosen groups; `matched` marks the entries of the best match."""
    inside = chosen[table.group]
    count = table.count[inside]
    group_size = table.group_size[table.group[inside]]
    cluster_size = table.cluster_size[table.cluster[inside]]
    items = int(count.sum())

    # Ordered pairs (i, j), i != j, with i in a chosen group and j any item: int64 holds n^2 up to
    # n = 3e9. Over all groups every unordered pair counts twice.
    agreeing = int((count * (count - 1)).sum())
    same_cluster = int((count * (cluster_size - 1)).sum())
    same_group = int((count * (group_size - 1)).sum())
    pairwise = PrecisionRecall(
        agreeing / same_cluster if same_cluster else 1.0,
        agreeing / same_group if same_group else 1.0,
    )

    # From here on the chosen items alone.
    groups = table.group_size[chosen]
    within = np.bincount(table.cluster[inside], weights=count, minlength=len(table.cluster_size))
    clusters = within[within > 0].astype(np.int64)
    homogeneity, completeness, nmi, ami = information(count, groups, clusters)
    return ClusteringScores(
        items=items,
        groups=len(groups),
        clusters=len(clusters),
        pairwise=pairwise,
        bcubed=_bcubed(count, group_size, cluster_size),
        homogeneity=homogeneity,
        completeness=completeness,
        nmi=nmi,
        ami=ami,
        ari=_adjusted_rand(count, groups, clusters),
        accuracy=int(table.count[inside & matched].sum()) / items,
    )


def _adjusted_rand(count: Int64, groups: Int64, clusters: Int64) -> float:
    """Adjusted Rand index from table entries and margins, in Python integers: pairs^2 > 2^63."""
    n = int(count.sum())
    agreeing, in_group, in_cluster = (
        int((size * (size - 1)).sum()) // 2 for size in (count, groups, clusters)
    )
    pairs = n * (n - 1) // 2
    if agreeing == in_group == in_cluster:
        return 1.0
    numerator = 2 * (pairs * agreeing - in_group * in_cluster)
    return numerator / (pairs * (in_group + in_cluster) - 2 * in_group * in_cluster)


def _match(group: Int64, cluster: Int64, count: Int64) -> NDArray[np.bool_]:
    """Marks the entries of the one-to-one match of groups with clusters that holds most items.

    An entry that is no smaller than the best rival in its row plus the best rival in its column
    belongs to some best match: whatever it displaces is worth no more. Such entries are settled
    round by round, which leaves little of a good clustering; the rest is a sparse assignment
    (LAPJVsp, through SciPy), in which each group may also take a private empty cluster.

    Args:
        group, cluster, count: (t,) int64 table entries.

    Returns:
        (t,) bool, at most one True in each group and in each cluster.
    """
    matched = np.zeros(len(count), np.bool_)
    left = np.arange(len(count))
    while len(left):
        row, column, weight = group[left], cluster[left], count[left]
        row_best, row_rival = _best_and_rival(row, weight)
        column_best, column_rival = _best_and_rival(column, weight)
        sure = row_best & column_best & (weight >= row_rival + column_rival)
        matched[left[sure]] = True
        taken_row = np.zeros(row.max() + 1, np.bool_)
        taken_row[row[sure]] = True
        taken_column = np.zeros(column.max() + 1, np.bool_)
        taken_column[column[sure]] = True
        before = len(left)
        left = left[~(taken_row[row] | taken_column[column])]
        if len(left) > 0.9 * before:
            break
    if not len(left):
        return matched
    _, row = np.unique(group[left], return_inverse=True)
    names, column = np.unique(cluster[left], return_inverse=True)
    rows, columns = int(row.max()) + 1, len(names)
    nothing = float(count[left].max()) + 1.0  # SciPy drops zeros, so all costs are positive.
    cost = np.concatenate([nothing - count[left], np.full(rows, nothing)])
    row_of_cost = np.concatenate([row, np.arange(rows)])
    column_of_cost = np.concatenate([column, columns + np.arange(rows)])
    biadjacency = coo_array((cost, (row_of_cost, column_of_cost)), shape=(rows, columns + rows))
    _, partner = min_weight_full_bipartite_matching(biadjacency.tocsr())
    matched[left[partner[row] == column]] = True
    return matched


def _best_and_rival(owner: Int64, weight: Int64) -> tuple[NDArray[np.bool_], Int64]:
    """Marks the heaviest entry of each owner, and gives every owner's second weight, 0 if none.

    Args:
        owner: (t,) row or column of each entry.
        weight: (t,) positive.

    Returns:
        (t,) bool, one True an owner; (t,) int64, the second weight of the entry's owner.
    """
    order = np.lexsort((-weight, owner))
    first = np.flatnonzero(np.diff(owner[order], prepend=-1))
    best = np.zeros(len(owner), np.bool_)
    best[order[first]] = True
    length = np.diff(first, append=len(owner))
    second = np.where(length > 1, weight[order[np.minimum(first + 1, len(owner) - 1)]], 0)
    rival = np.empty(len(owner), np.int64)
    rival[order] = np.repeat(second, length)
    return best, rival
