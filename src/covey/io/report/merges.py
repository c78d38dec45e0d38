"""Clusters that may be one, and items alone that may belong to a cluster."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from covey.io.report.findings import Finding, Findings, Row
from covey.io.report.groups import Groups
from covey.io.report.neighbourhood import Neighbourhood
from covey.io.report.words import count, percent
from covey.types import Int64

LEAST_ACROSS = 0.05
_SAME_CLUSTER_MOST = 2


def find_merges(groups: Groups, near: Neighbourhood, *, show: int) -> Findings:
    """The pairs of clusters of two or more that come nearest to being one."""
    able = _near_enough(near, groups.sizes[near.pairs].min(axis=1) > 1)
    shown = []
    for p in _ranked(near, able, groups.n_clusters, show, _SAME_CLUSTER_MOST):
        one, other = sorted(map(int, near.pairs[p]), key=lambda g: (-groups.sizes[g], g))
        rows = tuple(
            Row(f"Cluster {g}, {count(int(groups.sizes[g]), 'item')}", groups.members(g)[:8])
            for g in (one, other)
        )
        shown.append(Finding((one, other), _reason(near, int(p), "They"), rows))
    return Findings(
        key="merges",
        heading="Possible merges",
        meaning="The pairs of clusters that come nearest to being one, nearest first: many of "
        "their items are neighbours across, and about as similar as inside.",
        none="None: no two clusters have neighbours across in any number.",
        total=len(able),
        shown=tuple(shown),
    )


def find_strays(groups: Groups, near: Neighbourhood, *, show: int) -> Findings:
    """The items alone that come nearest to a cluster or to each other."""
    able = _near_enough(near, groups.sizes[near.pairs].min(axis=1) == 1)
    ends = np.unique(near.pairs[able])
    shown = []
    for p in _ranked(near, able, groups.n_clusters, show, 1):
        home, stray = sorted(map(int, near.pairs[p]), key=lambda g: (-groups.sizes[g], g))
        where = "Another item alone" if groups.sizes[home] == 1 else f"Cluster {home}"
        rows = (Row("Item", groups.members(stray)), Row(where, groups.members(home)[:4]))
        shown.append(Finding((stray, home), _reason(near, int(p), "The two"), rows))
    return Findings(
        key="strays",
        heading="Items alone that may belong",
        meaning="The singletons that come nearest to a cluster or to each other, nearest first.",
        none="None: no item alone has neighbours that count it among theirs.",
        total=int(np.count_nonzero(groups.sizes[ends] == 1)),
        shown=tuple(shown),
    )


def _near_enough(near: Neighbourhood, wanted: NDArray[np.bool_]) -> Int64:
    """The wanted pairs that have neighbours across in any number."""
    return np.flatnonzero(wanted & (near.across >= LEAST_ACROSS))


def _ranked(near: Neighbourhood, able: Int64, n_clusters: int, show: int, most: int) -> Int64:
    """The `able` pairs of highest likeness, no cluster in more than `most` of them."""
    score = near.likeness[able]
    seen = np.zeros(n_clusters, np.int64)
    chosen: list[int] = []
    for p in able[np.argsort(-score, kind="stable")[: 50 * show]]:
        if len(chosen) == show:
            break
        if (seen[near.pairs[p]] < most).all():
            seen[near.pairs[p]] += 1
            chosen.append(int(p))
    return np.array(chosen, np.int64)


def _reason(near: Neighbourhood, p: int, who: str) -> str:
    closer = float(near.closer[p])
    than = f"{percent(closer)} of the" if closer >= 0.01 else "hardly any of the"
    return (
        f"{who} have {percent(float(near.across[p]))} of the neighbours in each other that they "
        f"could have; on average these are closer than {than} links inside clusters."
    )
