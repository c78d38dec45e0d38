"""What to look at first: mixed clusters, too large ones, likely merges, likely outliers.

Every finding gives its reason in words and the items that show it. Only the findings that are
shown are worked out item by item; the rest are counted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.clustering import ClusterResult
from covey.io.report.groups import Groups
from covey.io.report.modes import Split, weakest_split
from covey.io.report.words import count, percent, times
from covey.types import Edges, Float32, Int64

LOW_COHESION = 0.8
LOW_STRENGTH = 0.35
THIN_SPLIT = 0.06
SPARSE_FILL = 0.25
LARGE_FACTOR = 4.0
TOUCHED_SHARE = 0.25
MORE_LIKELY_THAN_NOT = 0.5
_SPLIT_CANDIDATES = 40
_SPLIT_LARGEST = 20_000
_CROSSING_MOST = 2_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """Items side by side under one caption."""

    caption: str
    items: Int64


@dataclass(frozen=True, slots=True)
class Finding:
    """One suspicious thing: the clusters it is about, why, and what to look at."""

    clusters: tuple[int, ...]
    reason: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """All of one kind; `total` counts those not shown too."""

    key: str
    heading: str
    meaning: str
    none: str
    total: int
    shown: tuple[Finding, ...]


def find_suspicious(result: ClusterResult, groups: Groups, *, show: int = 6) -> list[Findings]:
    """Ranks what is most likely wrong in each of four ways. O(m log m) at worst, memory O(m)."""
    mixed = find_mixed(result.edges, result.report.cut, groups, show=show)
    already = {finding.clusters[0] for finding in mixed.shown}
    return [
        mixed,
        find_merges(result.edges, result.report.cut, groups, show=show),
        find_large(groups, already, show=show),
        find_outliers(result.edges, groups, show=2 * show),
    ]


def find_mixed(edges: Edges, cut: float, groups: Groups, *, show: int) -> Findings:
    """Clusters of low cohesion, and clusters that thin bridges hold together."""
    sizes, doubt = groups.sizes, 1.0 - groups.cohesion
    low = (groups.cohesion < LOW_COHESION) & (sizes > 1)
    splits = _splits(edges, cut, groups)
    score = np.where(low, doubt, 0.0) * np.log2(np.maximum(sizes, 2))
    for label, split in splits.items():
        thinness = 1.0 - split.conductance / THIN_SPLIT
        score[label] += 0.5 * thinness * np.log2(np.count_nonzero(split.side) + 1)
    fill = groups.fill()
    best = np.argsort(-score, kind="stable")[:show]
    shown = [
        _mixed_finding(groups, int(label), splits.get(int(label)), float(fill[label]))
        for label in best
        if score[label] > 0
    ]
    return Findings(
        key="mixed",
        heading="Mixed-looking clusters",
        meaning="Clusters that may hold two or more things: few of their pairs are expected to "
        "belong together, or thin bridges hold them.",
        none=f"None: every cluster looked at has a cohesion of {percent(LOW_COHESION)} or more and "
        "no thin bridge.",
        total=int(np.count_nonzero(score > 0)),
        shown=tuple(shown),
    )


def _splits(edges: Edges, cut: float, groups: Groups) -> dict[int, Split]:
    """Thin splits of the clusters most worth the work: lowest cohesion and largest."""
    sizes = groups.sizes
    able = np.flatnonzero((sizes >= 6) & (sizes <= _SPLIT_LARGEST))
    doubtful = able[np.argsort(groups.cohesion[able], kind="stable")[:_SPLIT_CANDIDATES]]
    largest = able[np.argsort(-sizes[able], kind="stable")[:_SPLIT_CANDIDATES]]
    wanted = np.zeros(groups.n_clusters, bool)
    wanted[np.concatenate([doubtful, largest])] = True
    label = groups.labels[edges.source]
    inside = (label == groups.labels[edges.target]) & (label >= 0) & (edges.weight >= cut)
    kept = np.flatnonzero(inside & wanted[label])
    kept = kept[np.argsort(label[kept], kind="stable")]
    bounds = np.searchsorted(label[kept], np.arange(groups.n_clusters + 1))
    place = np.empty(groups.n, np.int64)
    place[groups.order] = groups.rank
    found = {}
    for g in np.flatnonzero(wanted):
        e = kept[bounds[g] : bounds[g + 1]]
        split = weakest_split(
            place[edges.source[e]], place[edges.target[e]], edges.weight[e], int(sizes[g])
        )
        if split is not None and split.conductance < THIN_SPLIT:
            found[int(g)] = split
    return found


def _mixed_finding(groups: Groups, label: int, split: Split | None, fill: float) -> Finding:
    size, cohesion = int(groups.sizes[label]), float(groups.cohesion[label])
    reasons = []
    if cohesion < LOW_COHESION:
        reasons.append(f"Only {percent(cohesion)} of its pairs are expected to belong together.")
    if split is not None:
        small = int(np.count_nonzero(split.side))
        held = (
            f"that {count(split.across, 'link')} of its {split.total:,} hold together"
            if split.across
            else "with no link between them"
        )
        reasons.append(f"It falls into parts of {size - small:,} and {small:,} items {held}.")
    if fill < SPARSE_FILL and size > 3:
        reasons.append(
            f"It holds only {percent(fill)} of the links that a tight cluster would have."
        )
    if split is None:
        strongest, weakest = groups.ends(label, 8, 8)
        first = "Most typical" if weakest.size else "All items"
        rows = (Row(first, strongest), Row("Least sure", weakest))
    else:
        members = groups.members(label)
        rows = (
            Row(f"One part, {size - small:,} items", members[~split.side][:8]),
            Row(f"Other part, {count(small, 'item')}", members[split.side][:8]),
        )
    return Finding((label,), " ".join(reasons), rows)


def find_large(groups: Groups, already: set[int], *, show: int) -> Findings:
    """Clusters far above the sizes of the others (median absolute deviation of log sizes)."""
    sizes = groups.sizes
    several = sizes[sizes > 1]
    total = 0
    shown: list[Finding] = []
    if several.shape[0] >= 3:
        logs = np.log2(several)
        middle = float(np.median(logs))
        spread = max(1.4826 * float(np.median(np.abs(logs - middle))), 0.5)
        floor = max(12.0, min(0.01 * groups.n, 200.0))
        limit = max(2.0 ** (middle + 3.0 * spread), LARGE_FACTOR * 2.0**middle, floor)
        total = int(np.count_nonzero(sizes > limit))
        median = 2.0**middle
        for label in np.argsort(-sizes, kind="stable")[: min(total, show + len(already))]:
            if int(label) in already or len(shown) == show:
                continue
            strongest, weakest = groups.ends(int(label), 8, 8)
            reason = (
                f"{count(int(sizes[label]), 'item')}, {times(sizes[label] / median)} the usual "
                f"cluster of {median:.0f}, and {percent(sizes[label] / groups.n)} of everything."
            )
            rows = (Row("Most typical", strongest), Row("Least sure", weakest))
            shown.append(Finding((int(label),), reason, rows))
        total -= int(np.count_nonzero(sizes[list(already)] > limit)) if already else 0
    return Findings(
        key="large",
        heading="Unusually large clusters",
        meaning="Clusters far larger than the others. One wrong bridge between two big clusters "
        "costs more pairs than many small errors.",
        none="None: no other cluster is far larger than the usual one.",
        total=total,
        shown=tuple(shown),
    )


def find_merges(edges: Edges, cut: float, groups: Groups, *, show: int) -> Findings:
    """Pairs of clusters that strong edges run between, most touched first."""
    strong = cut if edges.probability is None else MORE_LIKELY_THAN_NOT
    pairs, touched, mean, best, links = _crossing(edges, strong, groups)
    a, b = pairs.T
    share = touched / np.maximum(groups.sizes[pairs], 1)
    smaller = np.where(groups.sizes[a] <= groups.sizes[b], 0, 1)
    both = share[np.arange(share.shape[0]), smaller]
    likely = both >= TOUCHED_SHARE
    score = both * mean * np.log2(1.0 + np.minimum(groups.sizes[a], groups.sizes[b])) * likely
    seen: dict[int, int] = {}
    shown: list[Finding] = []
    for p in np.argsort(-score, kind="stable")[: 20 * show]:
        one, other = int(pairs[p, smaller[p]]), int(pairs[p, 1 - smaller[p]])
        if score[p] <= 0 or len(shown) == show or max(seen.get(one, 0), seen.get(other, 0)) > 1:
            continue
        seen[one], seen[other] = seen.get(one, 0) + 1, seen.get(other, 0) + 1
        reach = (
            f"{touched[p, smaller[p]]:,} of the {groups.sizes[one]:,} items of cluster {one} reach"
            if groups.sizes[one] > 1
            else f"The one item of cluster {one} reaches"
        )
        sure = f"{percent(mean[p])} sure on average, {percent(best[p])} at best"
        if links[p] == 1:
            sure = f"{percent(best[p])} sure"
        reason = f"{reach} into cluster {other} over {count(int(links[p]), 'strong link')}, {sure}."
        rows = tuple(
            Row(f"Cluster {g}, {count(int(groups.sizes[g]), 'item')}", groups.members(g)[:8])
            for g in (other, one)
        )
        shown.append(Finding((other, one), reason, rows))
    return Findings(
        key="merges",
        heading="Likely merges",
        meaning="Pairs of clusters that many strong links run between: perhaps one thing in two "
        "clusters.",
        none="None: no two clusters share strong links in any number.",
        total=int(np.count_nonzero(likely)),
        shown=tuple(shown),
    )


def _crossing(
    edges: Edges, strong: float, groups: Groups
) -> tuple[Int64, Int64, Float32, Float32, Int64]:
    """Cluster pairs with edges of at least `strong` across, the strongest two million edges.

    Returns:
        (p, 2) pairs; (p, 2) members of each side with such an edge; mean and best weight (p,);
        edges (p,).
    """
    ends = np.stack([groups.labels[edges.source], groups.labels[edges.target]], axis=1)
    across = (ends[:, 0] != ends[:, 1]) & (ends.min(axis=1) >= 0)
    e = np.flatnonzero(across & (edges.weight >= strong))
    if e.shape[0] > _CROSSING_MOST:
        e = e[np.argpartition(-edges.weight[e], _CROSSING_MOST)[:_CROSSING_MOST]]
    ends, weight = ends[e], edges.weight[e].astype(np.float64)
    flip = ends[:, 0] > ends[:, 1]
    keys, pair = np.unique(
        ends.min(axis=1) * np.int64(max(groups.n_clusters, 1)) + ends.max(axis=1),
        return_inverse=True,
    )
    p = keys.shape[0]
    links = np.bincount(pair, minlength=p)
    mean = np.bincount(pair, weight, minlength=p) / np.maximum(links, 1)
    best = np.zeros(p)
    np.maximum.at(best, pair, weight)
    touched = np.empty((p, 2), np.int64)
    for side in (0, 1):
        item = np.where(flip == bool(side), edges.source[e], edges.target[e]).astype(np.int64)
        met = np.unique(pair * np.int64(max(groups.n, 1)) + item) // max(groups.n, 1)
        touched[:, side] = np.bincount(met, minlength=p)
    pairs = np.stack(np.divmod(keys, max(groups.n_clusters, 1)), axis=1)
    return pairs, touched, mean.astype(np.float32), best.astype(np.float32), links


def find_outliers(edges: Edges, groups: Groups, *, show: int) -> Findings:
    """Items that sit least firmly in a cluster of three or more, two of a cluster at most."""
    size = np.repeat(groups.sizes, groups.sizes)
    from_weakest = size - 1 - groups.rank
    strength = groups.strength[groups.order]
    low = (size >= 3) & (strength < LOW_STRENGTH)
    pool = np.flatnonzero(low & (from_weakest < 2) & (groups.rank > 0))
    items = groups.order[pool[np.argsort(strength[pool], kind="stable")[:show]]]
    flagged = np.zeros(groups.n, bool)
    flagged[items] = True
    e = np.flatnonzero(flagged[edges.source] | flagged[edges.target])
    ends = np.stack([edges.source[e], edges.target[e]], axis=1).astype(np.int64)
    weight = edges.weight[e]
    shown = [_outlier_finding(groups, int(item), ends, weight) for item in items]
    return Findings(
        key="outliers",
        heading="Likely outliers",
        meaning="Items that their cluster holds least firmly. Each stands next to the most typical "
        "items of its cluster.",
        none=f"None: every item of a cluster of three or more has a strength of "
        f"{LOW_STRENGTH:.2f} or more.",
        total=int(np.count_nonzero(low & (groups.rank > 0))),
        shown=tuple(shown),
    )


def _outlier_finding(
    groups: Groups, item: int, ends: Int64, weight: NDArray[np.floating]
) -> Finding:
    label = int(groups.labels[item])
    mine = (ends == item).any(axis=1)
    other = np.where(ends[mine, 0] == item, ends[mine, 1], ends[mine, 0])
    w, theirs = weight[mine], groups.labels[other]
    inside, outside = theirs == label, theirs != label
    size = int(groups.sizes[label])
    reason = f"Strength {groups.strength[item]:.2f}. "
    if inside.any():
        reason += (
            f"Linked to {int(np.count_nonzero(inside)):,} of the {size - 1:,} others, "
            f"{percent(float(w[inside].max()))} sure at best"
        )
    else:
        reason += f"No direct link to the {size - 1:,} others"
    if outside.any():
        nearest = int(np.argmax(np.where(outside, w, -1.0)))
        where = f"cluster {theirs[nearest]}" if theirs[nearest] >= 0 else "noise"
        reason += f"; its best link outside goes to {where} ({percent(float(w[nearest]))})"
    rows = (Row("Item", np.array([item])), Row(f"Cluster {label}", groups.members(label)[:4]))
    return Finding((label,), reason + ".", rows)
