"""Clusters that look mixed, and clusters far larger than the rest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from covey.io.report.findings import Finding, Findings, Row
from covey.io.report.groups import Groups
from covey.io.report.modes import Split, weakest_split
from covey.io.report.neighbourhood import Neighbourhood
from covey.io.report.words import count, percent, times
from covey.types import Edges

LOW_FIRMNESS = 0.65
LOW_COHESION = 0.8
THIN_SPLIT = 0.1
VISIBLE_SPLIT = 0.3
LARGE_FACTOR = 4.0
_SPLIT_CANDIDATES = 40
_SPLIT_LARGEST = 20_000


def find_mixed(edges: Edges, groups: Groups, near: Neighbourhood, *, show: int) -> Findings:
    """Clusters that hold their items loosely, of low cohesion, or with a thin bridge inside.

    The firmness of a cluster is the mean over its items of strength times the share of their
    possible neighbours that are in it.
    """
    several = groups.sizes > 1
    share, strength = _mean(groups, near.share), _mean(groups, groups.strength)
    firmness = _mean(groups, groups.strength * near.share)
    low = several & ((firmness < LOW_FIRMNESS) | (groups.cohesion < LOW_COHESION))
    splits = _splits(edges, groups, firmness)
    score = np.where(low, 1.0 - firmness, 0.0)
    for label, split in splits.items():
        score[label] += 0.5 * max(0.0, 1.0 - split.conductance / THIN_SPLIT)
    best = np.argsort(-score, kind="stable")[:show]
    shown = [
        _mixed_finding(
            groups, int(label), splits.get(int(label)), float(share[label]), float(strength[label])
        )
        for label in best
        if score[label] > 0
    ]
    return Findings(
        key="mixed",
        heading="Mixed-looking clusters",
        meaning="Clusters that may hold two or more things, the least firm first: their items have "
        "neighbours elsewhere, their links are doubtful, or thin bridges hold them.",
        none="None: every cluster holds its items firmly, and no cluster looked at has a thin "
        "bridge.",
        total=int(np.count_nonzero(score > 0)),
        shown=tuple(shown),
    )


def _mean(groups: Groups, value: NDArray[np.floating]) -> NDArray[np.float64]:
    """(c,) mean of (n,) values over the members of each cluster."""
    members = groups.order
    total = np.bincount(groups.labels[members], value[members], groups.n_clusters)
    return total / np.maximum(groups.sizes, 1)


def _splits(edges: Edges, groups: Groups, firmness: NDArray[np.float64]) -> dict[int, Split]:
    """Splits worth showing, of the clusters most worth the work: least firm and largest."""
    sizes = groups.sizes
    able = np.flatnonzero((sizes >= 6) & (sizes <= _SPLIT_LARGEST))
    doubtful = able[np.argsort(firmness[able], kind="stable")[:_SPLIT_CANDIDATES]]
    largest = able[np.argsort(-sizes[able], kind="stable")[:_SPLIT_CANDIDATES]]
    wanted = np.zeros(groups.n_clusters, bool)
    wanted[np.concatenate([doubtful, largest])] = True
    label = groups.labels[edges.source]
    inside = (label == groups.labels[edges.target]) & (label >= 0)
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
        if split is not None and split.conductance < VISIBLE_SPLIT:
            found[int(g)] = split
    return found


def _mixed_finding(
    groups: Groups, label: int, split: Split | None, share: float, strength: float
) -> Finding:
    size, cohesion = int(groups.sizes[label]), float(groups.cohesion[label])
    reasons = []
    if cohesion < LOW_COHESION:
        reasons.append(f"Its links are only {percent(cohesion)} sure on average.")
    if share < 0.95:
        reasons.append(
            f"Its items have {percent(share)} of the neighbours in it that they could have, and a "
            f"mean strength of {strength:.2f}."
        )
    elif strength < LOW_COHESION:
        reasons.append(f"The mean strength of its items is only {strength:.2f}.")
    if split is not None:
        small = int(np.count_nonzero(split.side))
        held = (
            f"that {count(split.across, 'link')} of its {split.total:,} hold together"
            if split.across
            else "with no link between them"
        )
        reasons.append(f"It falls into parts of {size - small:,} and {small:,} items {held}.")
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
