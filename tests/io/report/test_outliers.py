from __future__ import annotations

import numpy as np

from covey.io.report.groups import group
from covey.io.report.neighbourhood import count_neighbours
from covey.io.report.outliers import LOOSE, find_outliers, looseness


def test_the_loosest_and_two_of_a_cluster_at_most(digits) -> None:
    result = digits[0]
    groups = group(result)
    near = count_neighbours(result.knn, groups)
    found = find_outliers(result.edges, groups, near, show=12)
    items = [int(finding.rows[0].items[0]) for finding in found.shown]
    hold = [float(groups.strength[i] * near.share[i]) for i in items]
    assert len(items) == 12
    assert hold == sorted(hold)
    assert max(hold) < LOOSE
    assert all(groups.sizes[groups.labels[i]] >= 3 for i in items)
    assert np.bincount(groups.labels[items]).max() <= 2
    every = [
        float(groups.strength[i] * near.share[i])
        for i in range(groups.n)
        if groups.sizes[groups.labels[i]] >= 3
    ]
    assert hold[0] == min(every)
    assert found.total == sum(h < LOOSE for h in every) == looseness(groups, near).sum()


def test_says_where_it_is_drawn(result_from, ring) -> None:
    links = ring(range(0, 9), 0.9) + ring(range(9, 16), 0.9)
    links += [(16, 1, 0.6), (16, 9, 0.8), (16, 10, 0.7), (16, 11, 0.7)]
    result = result_from([0] * 9 + [1] * 7 + [0], links)
    groups = group(result)
    found = find_outliers(result.edges, groups, count_neighbours(result.knn, groups), show=12)
    assert found.shown[0].rows[0].items.tolist() == [16]
    assert found.shown[0].reason.endswith(
        "neighbours that could be in its cluster, 1 is; a link that is 80% sure goes to cluster 1."
    )
