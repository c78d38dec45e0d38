from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from covey.clustering import ClusterResult, cluster
from covey.io.report.groups import group
from covey.io.report.neighbourhood import count_neighbours
from covey.types import Edges, KnnGraph


def random_result(result_of, *, includes_self: bool, noise: bool) -> ClusterResult:
    rng = np.random.default_rng(3)
    n, k = 30, 7
    labels = np.unique(rng.integers(0, 6, n), return_inverse=True)[1]
    if noise:
        labels[rng.random(n) < 0.2] = -1
        labels[labels >= 0] = np.unique(labels[labels >= 0], return_inverse=True)[1]
    near = np.array([rng.permutation(np.delete(np.arange(n), i))[:k] for i in range(n)])
    similar = -np.sort(-rng.random((n, k)).astype(np.float32), axis=1)
    if includes_self:
        near = np.concatenate([np.arange(n)[:, None], near], axis=1)
        similar = np.concatenate([np.ones((n, 1), np.float32), similar], axis=1)
    none = np.empty(0, np.int64)
    edges = Edges(none, none, np.empty(0, np.float32), np.empty(0, np.float32))
    knn = KnnGraph(near, similar, includes_self)
    return result_of(edges, knn, labels.astype(np.int64), 0.5)


def links(result: ClusterResult) -> Iterator[tuple[int, int, float]]:
    for i, (row, similar) in enumerate(
        zip(result.knn.indices, result.knn.similarities, strict=True)
    ):
        for j, s in zip(row, similar, strict=True):
            if j != i:
                yield i, int(j), float(s)


@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("includes_self", [False, True])
def test_against_plain_loops(result_of, includes_self: bool, noise: bool) -> None:
    result = random_result(result_of, includes_self=includes_self, noise=noise)
    groups = group(result)
    labels, sizes = groups.labels, groups.sizes
    near = count_neighbours(result.knn, groups)
    inside = [s for i, j, s in links(result) if labels[i] == labels[j] >= 0]
    for i in range(groups.n):
        held = sum(1 for a, j, _ in links(result) if a == i and labels[j] == labels[i] >= 0)
        assert near.held[i] == held
        assert near.room[i] == (min(sizes[labels[i]] - 1, 7) if labels[i] >= 0 else 0)
    found = {}
    for i, j, s in links(result):
        if labels[i] != labels[j] and min(labels[i], labels[j]) >= 0:
            pair = (int(min(labels[i], labels[j])), int(max(labels[i], labels[j])))
            found.setdefault(pair, ([], []))[int(labels[i] > labels[j])].append(s)
    assert [tuple(pair) for pair in near.pairs.tolist()] == sorted(found)
    for p, (a, b) in enumerate(near.pairs):
        there, back = found[int(a), int(b)]
        share = len(there) / (sizes[a] * min(sizes[b], 7))
        share *= len(back) / (sizes[b] * min(sizes[a], 7))
        assert near.across[p] == pytest.approx(share**0.5, abs=1e-6)
        mean = np.mean(np.array(there + back, np.float64))
        assert near.closer[p] == pytest.approx(np.mean([s < mean for s in inside]), abs=1e-6)
    assert ((near.share >= 0) & (near.share <= 1)).all()
    assert ((near.likeness >= 0) & (near.likeness <= 1)).all()


def test_equal_items_count_once() -> None:
    rng = np.random.default_rng(0)
    x = np.repeat(rng.normal(size=(4, 16)), 15, axis=0) + rng.normal(size=(60, 16)) * 0.2
    once = cluster(x)
    twice = cluster(np.concatenate([x, x[::2]]))
    assert np.array_equal(twice.clustering.labels[:60], once.clustering.labels)
    a, b = (count_neighbours(r.knn, group(r)) for r in (once, twice))
    assert np.array_equal(a.held, b.held[:60])
    assert np.array_equal(b.held[60:], b.held[:60:2])
    assert np.array_equal(a.room, b.room[:60])
    assert np.array_equal(a.across, b.across)


def test_order_of_items_does_not_matter(digits) -> None:
    result, _, _ = digits
    order = np.random.default_rng(1).permutation(result.clustering.n)
    place = np.argsort(order)
    moved = replace(
        result,
        clustering=replace(
            result.clustering,
            labels=result.clustering.labels[order],
            strength=result.clustering.strength[order],
        ),
        knn=KnnGraph(place[result.knn.indices][order], result.knn.similarities[order]),
    )
    a, b = (count_neighbours(r.knn, group(r)) for r in (result, moved))
    assert np.array_equal(a.share[order], b.share)
    assert np.array_equal(a.pairs, b.pairs)
    assert np.allclose(a.likeness, b.likeness)


@pytest.mark.parametrize("labels", [[], [0], [-1], [0, 1], [0, 0]])
def test_no_neighbours_at_all(result_of, labels: list[int]) -> None:
    none = np.empty(0, np.int64)
    edges = Edges(none, none, np.empty(0, np.float32), np.empty(0, np.float32))
    n = len(labels)
    knn = KnnGraph(np.empty((n, 0), np.int64), np.empty((n, 0), np.float32))
    result = result_of(edges, knn, np.array(labels, np.int64), 0.5)
    near = count_neighbours(result.knn, group(result))
    assert near.pairs.shape == (0, 2)
    assert near.share.tolist() == [1.0] * n
