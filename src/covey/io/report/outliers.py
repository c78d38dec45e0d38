"""Items that hang on to their cluster by little."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from covey.io.report.findings import Finding, Findings, Row
from covey.io.report.groups import Groups
from covey.io.report.neighbourhood import Neighbourhood
from covey.io.report.words import percent
from covey.types import Edges, Int64

LOOSE = 0.25
_SAME_CLUSTER_MOST = 2


def looseness(groups: Groups, near: Neighbourhood) -> NDArray[np.bool_]:
    """(n,) items of clusters of three or more whose strength times share of neighbours is low."""
    size = np.append(groups.sizes, 0)[groups.labels]
    return (size >= 3) & (groups.strength * near.share < LOOSE)


def find_outliers(edges: Edges, groups: Groups, near: Neighbourhood, *, show: int) -> Findings:
    """Items that sit least firmly in a cluster of three or more, two of a cluster at most."""
    loose = looseness(groups, near)
    able = np.flatnonzero(loose)
    able = able[np.argsort((groups.strength * near.share)[able], kind="stable")]
    label = groups.labels[able]
    by_label = np.argsort(label, kind="stable")
    sorted_label = label[by_label]
    rank = np.empty(able.shape[0], np.int64)
    rank[by_label] = np.arange(able.shape[0]) - np.searchsorted(sorted_label, sorted_label)
    items = able[rank < _SAME_CLUSTER_MOST][:show]
    flagged = np.zeros(groups.n, bool)
    flagged[items] = True
    e = np.flatnonzero(flagged[edges.source] | flagged[edges.target])
    ends = np.stack([edges.source[e], edges.target[e]], axis=1).astype(np.int64)
    weight = edges.weight[e]
    shown = [_finding(groups, near, int(item), ends, weight) for item in items]
    return Findings(
        key="outliers",
        heading="Likely outliers",
        meaning="Items that their cluster holds least firmly: few of their neighbours are in it, "
        "or another cluster pulls. Each stands next to the most typical items of its cluster.",
        none="None: every item of a cluster of three or more is held firmly.",
        total=int(np.count_nonzero(loose)),
        shown=tuple(shown),
    )


def _finding(
    groups: Groups, near: Neighbourhood, item: int, ends: Int64, weight: NDArray[np.floating]
) -> Finding:
    label = int(groups.labels[item])
    mine = (ends == item).any(axis=1)
    other = np.where(ends[mine, 0] == item, ends[mine, 1], ends[mine, 0])
    w, theirs = weight[mine], groups.labels[other]
    outside = theirs != label
    reason = (
        f"Strength {groups.strength[item]:.2f}. Of {int(near.room[item]):,} neighbours that could "
        f"be in its cluster, {int(near.held[item]):,} {'is' if near.held[item] == 1 else 'are'}"
    )
    if outside.any():
        nearest = int(np.argmax(np.where(outside, w, -1.0)))
        where = f"cluster {theirs[nearest]}" if theirs[nearest] >= 0 else "noise"
        reason += f"; a link that is {percent(float(w[nearest]))} sure goes to {where}"
    rows = (Row("Item", np.array([item])), Row(f"Cluster {label}", groups.members(label)[:4]))
    return Finding((label,), reason + ".", rows)
