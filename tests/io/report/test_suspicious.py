from __future__ import annotations

import numpy as np

from covey.clustering import ClusterResult
from covey.io.report.groups import group
from covey.io.report.suspicious import (
    LOW_STRENGTH,
    TOUCHED_SHARE,
    find_large,
    find_merges,
    find_mixed,
    find_outliers,
    find_suspicious,
)
from covey.types import Edges, KnnGraph


def built(result_of, labels: list[int], links: list[tuple[int, int, float]]) -> ClusterResult:
    n = len(labels)
    s, t, w = (np.array(column) for column in zip(*links, strict=True))
    edges = Edges(s, t, w.astype(np.float32), w.astype(np.float32))
    knn = KnnGraph(np.zeros((n, 4), np.int64), np.zeros((n, 4), np.float32))
    return result_of(edges, knn, np.array(labels, np.int64), 0.5)


def ring(items: range, weight: float) -> list[tuple[int, int, float]]:
    return [
        (a, b, weight)
        for i, a in enumerate(items)
        for b in items[i + 1 :]
        if b - a <= 3 or b - a >= len(items) - 3
    ]


def test_two_blocks_on_one_bridge_look_mixed(result_of) -> None:
    links = [*ring(range(0, 14), 0.95), *ring(range(14, 24), 0.95), (3, 17, 0.9)]
    links += ring(range(24, 34), 0.95)
    result = built(result_of, [0] * 24 + [1] * 10, links)
    found = find_mixed(result.edges, 0.5, group(result), show=6)
    assert [finding.clusters for finding in found.shown] == [(0,)]
    assert "parts of 14 and 10 items that 1 link of its" in found.shown[0].reason
    assert set(found.shown[0].rows[0].items) <= set(range(14))
    assert set(found.shown[0].rows[1].items) <= set(range(14, 24))


def test_low_cohesion_looks_mixed(result_of) -> None:
    links = ring(range(0, 10), 0.6) + ring(range(10, 20), 0.97)
    result = built(result_of, [0] * 10 + [1] * 10, links)
    found = find_mixed(result.edges, 0.5, group(result), show=6)
    assert [finding.clusters for finding in found.shown] == [(0,)]
    assert found.shown[0].reason.startswith("Only 60% of its pairs")


def test_merges_against_plain_loops(digits) -> None:
    result = digits[0]
    groups = group(result)
    found = find_merges(result.edges, result.report.cut, groups, show=6)
    touched: dict[tuple[int, int], tuple[set[int], set[int]]] = {}
    for s, t, w in zip(result.edges.source, result.edges.target, result.edges.weight, strict=True):
        a, b = groups.labels[s], groups.labels[t]
        if a == b or w < 0.5:
            continue
        if a > b:
            a, b, s, t = b, a, t, s
        sides = touched.setdefault((int(a), int(b)), (set(), set()))
        sides[0].add(int(s))
        sides[1].add(int(t))
    likely = 0
    for pair, sides in touched.items():
        small = 0 if groups.sizes[pair[0]] <= groups.sizes[pair[1]] else 1
        likely += len(sides[small]) / groups.sizes[pair[small]] >= TOUCHED_SHARE
    assert found.total == likely > 0
    assert all(tuple(sorted(finding.clusters)) in touched for finding in found.shown)


def test_merge_names_the_smaller_side(result_of) -> None:
    links = ring(range(0, 10), 0.95) + ring(range(10, 14), 0.95)
    links += [(0, 10, 0.7), (1, 11, 0.6), (2, 11, 0.8)]
    result = built(result_of, [0] * 10 + [1] * 4, links)
    found = find_merges(result.edges, 0.9, group(result), show=6)
    assert found.total == 1
    assert found.shown[0].reason == (
        "2 of the 4 items of cluster 1 reach into cluster 0 over 3 strong links, 70% sure on "
        "average, 80% at best."
    )


def test_large_is_far_above_the_usual(result_of) -> None:
    sizes = [3] * 30 + [4] * 10 + [90]
    labels = np.repeat(np.arange(len(sizes)), sizes).tolist()
    result = built(result_of, labels, [(0, 1, 0.9)])
    groups = group(result)
    found = find_large(groups, set(), show=6)
    assert found.total == 1
    assert found.shown[0].clusters == (40,)
    assert "30 times the usual cluster of 3" in found.shown[0].reason
    assert find_large(groups, {40}, show=6).total == 0


def test_outliers_are_the_weakest_and_two_of_a_cluster_at_most(digits) -> None:
    result = digits[0]
    groups = group(result)
    found = find_outliers(result.edges, groups, show=12)
    items = [int(finding.rows[0].items[0]) for finding in found.shown]
    assert all(groups.strength[i] < LOW_STRENGTH for i in items)
    assert all(groups.sizes[groups.labels[i]] >= 3 for i in items)
    assert np.bincount(groups.labels[items]).max() <= 2
    weakest = min(
        groups.strength[i] for i in range(groups.n) if groups.sizes[groups.labels[i]] >= 3
    )
    assert groups.strength[items[0]] == weakest


def test_counts_what_it_does_not_show(digits) -> None:
    result = digits[0]
    groups = group(result)
    few = find_suspicious(result, groups, show=1)
    more = find_suspicious(result, groups, show=6)
    for a, b in zip(few, more, strict=True):
        assert len(a.shown) <= len(b.shown) <= b.total
        if a.key != "large":
            assert a.total == b.total
