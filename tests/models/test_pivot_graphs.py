"""Pivot sub-graphs against sets and matrices, one centre after another."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from covey.knn import build_knn_graph
from covey.models.pivot_graphs import pivot_graphs


def naive(indices, centre, first, second, active):
    """Items of a graph, and the square 0/1 matrix of its edges, both by plain sets."""
    hop = [j for j in dict.fromkeys(first) if j >= 0]
    items = list(dict.fromkeys([centre, *hop, *(j for i in hop for j in indices[i][:second])]))
    joined = np.zeros((len(items), len(items)), int)
    for a, i in enumerate(items):
        for j in indices[i][:active]:
            if j in items and j != i:
                joined[a, items.index(j)] = joined[items.index(j), a] = 1
    return items, joined


def dense(graphs):
    """The same of what was built: (items, matrix) of each graph."""
    begins = [0, *(np.flatnonzero(np.diff(graphs.centre)) + 1), len(graphs.item)]
    found = []
    for begin, end in pairwise(begins):
        joined = np.zeros((end - begin, end - begin), int)
        for a in range(begin, end):
            for b in graphs.neighbour[graphs.start[a] : graphs.start[a + 1]]:
                joined[a - begin, b - begin] += 1
        found.append((graphs.item[begin:end].tolist(), joined))
    return found


def _lists(n=60, k=12, seed=0):
    x = np.random.default_rng(seed).standard_normal((n, 5))
    return build_knn_graph(x, k).indices


@pytest.mark.parametrize(
    ("near", "second", "active"),
    [(12, 12, 12), (12, 3, 5), (5, 2, 2), (1, 1, 1), (6, 0, 4), (4, 3, 0)],
)
def test_same_as_sets(near, second, active):
    indices = _lists()
    centres = np.array([3, 59, 0, 17])
    graphs = pivot_graphs(indices, centres, indices[centres, :near], second=second, active=active)
    found = dense(graphs)
    assert len(found) == 4
    for centre, (items, joined) in zip(centres.tolist(), found, strict=True):
        first = indices[centre, :near].tolist()
        wanted, edges = naive(indices.tolist(), centre, first, second, active)
        assert items == wanted
        np.testing.assert_array_equal(joined, edges)
        assert set(graphs.centre[np.isin(graphs.item, items) & (graphs.centre == centre)]) == {
            centre
        }
    assert graphs.start[-1] == len(graphs.neighbour)
    np.testing.assert_array_equal(graphs.item[graphs.link], indices[centres, :near])


def test_links_stand_in_the_graph_of_their_centre():
    indices = _lists()
    centres = np.arange(10)
    graphs = pivot_graphs(indices, centres, indices[:10, :6], second=3, active=3)
    np.testing.assert_array_equal(graphs.centre[graphs.link], np.repeat(centres, 6).reshape(10, 6))


def test_first_hops_of_other_items_some_twice_some_missing():
    indices = _lists()
    first = np.array([[40, 8, 40, -1], [-1, -1, -1, -1], [2, -1, 9, 2]])
    graphs = pivot_graphs(indices, np.array([5, 6, 7]), first, second=4, active=4)
    for centre, hop, (items, joined) in zip((5, 6, 7), first.tolist(), dense(graphs), strict=True):
        wanted, edges = naive(indices.tolist(), centre, hop, 4, 4)
        assert items == wanted
        np.testing.assert_array_equal(joined, edges)
    assert graphs.link[1].tolist() == [-1] * 4
    assert graphs.link[0, 0] == graphs.link[0, 2]
    assert graphs.link[0, 3] == -1
    assert graphs.item[graphs.link[2, 2]] == 9


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_kinds_and_layouts_of_lists(dtype):
    indices = np.asfortranarray(_lists().astype(dtype))
    graphs = pivot_graphs(indices, np.arange(4), indices[:4, ::2], second=3, active=3)
    for name in ("item", "centre", "start", "neighbour", "link"):
        assert getattr(graphs, name).dtype == np.int32
    same = pivot_graphs(_lists(), np.arange(4), _lists()[:4, ::2], second=3, active=3)
    np.testing.assert_array_equal(graphs.neighbour, same.neighbour)


def test_more_places_change_nothing():
    indices = _lists()
    first = indices[:5, :6]
    more = np.hstack([first, np.full((5, 3), -1)])
    one = pivot_graphs(indices, np.arange(5), first, second=2, active=3)
    two = pivot_graphs(indices, np.arange(5), more, second=2, active=3)
    for name in ("item", "centre", "start", "neighbour"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    np.testing.assert_array_equal(one.link, two.link[:, :6])


@pytest.mark.parametrize("n", [1, 2, 3])
def test_hardly_any_items(n):
    indices = _lists(n, 5)
    graphs = pivot_graphs(indices, np.arange(n), indices, second=5, active=5)
    assert len(graphs.item) == n * n  # every graph is the whole collection
    assert len(graphs.neighbour) == n * n * (n - 1)


def test_no_centres():
    indices = _lists()
    graphs = pivot_graphs(indices, np.arange(0), indices[:0], second=2, active=2)
    assert (len(graphs.item), len(graphs.neighbour), graphs.link.shape) == (0, 0, (0, 12))
    assert graphs.start.tolist() == [0]
