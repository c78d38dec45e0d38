from __future__ import annotations

import numpy as np

from covey.io.report.groups import group
from covey.io.report.merges import LEAST_ACROSS, find_merges, find_strays
from covey.io.report.neighbourhood import count_neighbours


def test_nearest_pairs_first_and_no_cluster_more_than_twice(digits) -> None:
    result = digits[0]
    groups = group(result)
    near = count_neighbours(result.knn, groups)
    likeness = {
        tuple(pair): like
        for pair, across, like in zip(near.pairs.tolist(), near.across, near.likeness, strict=True)
        if across >= LEAST_ACROSS and min(groups.sizes[pair]) > 1
    }
    found = find_merges(groups, near, show=8)
    shown = [likeness[tuple(sorted(finding.clusters))] for finding in found.shown]
    assert len(shown) == 8
    assert found.total == len(likeness)
    assert shown == sorted(shown, reverse=True)
    assert shown[0] == max(likeness.values())
    assert np.bincount([g for finding in found.shown for g in finding.clusters]).max() <= 2


def test_merge_names_the_larger_cluster_first(result_from, ring) -> None:
    links = ring(range(0, 9), 0.7) + ring(range(9, 13), 0.9)
    links += [(0, 9, 0.8), (1, 10, 0.8), (2, 10, 0.8)]
    result = result_from([0] * 9 + [1] * 4, links)
    groups = group(result)
    found = find_merges(groups, count_neighbours(result.knn, groups), show=6)
    assert [finding.clusters for finding in found.shown] == [(0, 1)]
    assert [row.caption for row in found.shown[0].rows] == [
        "Cluster 0, 9 items",
        "Cluster 1, 4 items",
    ]
    assert found.shown[0].reason == (
        "They have 9% of the neighbours in each other that they could have; on average these "
        "are closer than 82% of the links inside clusters."
    )


def test_item_alone_stands_next_to_its_cluster(result_from, ring) -> None:
    links = ring(range(0, 8), 0.9) + ring(range(8, 16), 0.9)
    links += [(16, 1, 0.8), (16, 2, 0.8), (16, 3, 0.8), (16, 9, 0.2)]
    result = result_from([0] * 8 + [1] * 8 + [2], links)
    groups = group(result)
    near = count_neighbours(result.knn, groups)
    found = find_strays(groups, near, show=6)
    assert [finding.clusters for finding in found.shown] == [(2, 0)]
    assert found.total == 1
    assert found.shown[0].rows[0].items.tolist() == [16]
    assert set(found.shown[0].rows[1].items) <= set(range(8))
    assert not find_merges(groups, near, show=6).shown


def test_items_alone_are_counted_once_each_before_the_cut_off(result_from, ring) -> None:
    links = ring(range(0, 8), 0.9) + [(a, b, 0.6) for a in range(8, 12) for b in range(a)]
    result = result_from([0] * 8 + [1, 2, 3, 4], links)
    groups = group(result)
    near = count_neighbours(result.knn, groups)
    alone = {
        g
        for pair, across in zip(near.pairs.tolist(), near.across, strict=True)
        for g in pair
        if across >= LEAST_ACROSS and groups.sizes[g] == 1
    }
    found = find_strays(groups, near, show=1)
    assert len(found.shown) == 1
    assert found.total == len(alone) == 4
