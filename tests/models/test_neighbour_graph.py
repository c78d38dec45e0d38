"""The graph of lists of different lengths, and its parts, against sets."""

from __future__ import annotations

import numpy as np
import pytest

from covey.models.neighbour_graph import NeighbourGraph, gather_hops, neighbour_graph


def _random(n: int = 40, m: int = 7, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    lists = np.array([[i, *rng.permutation(np.delete(np.arange(n), i))[: m - 1]] for i in range(n)])
    return lists.astype(np.int32), rng.integers(1, m + 1, size=n)


def _sets(graph: NeighbourGraph) -> list[set[int]]:
    rows = np.split(graph.neighbour, graph.start[1:-1])
    assert all(len(set(row.tolist())) == len(row) for row in rows)
    return [set(row.tolist()) for row in rows]


def test_both_ways_and_each_item_with_itself() -> None:
    lists, lengths = _random()
    expected: list[set[int]] = [{i} for i in range(40)]
    for i, length in enumerate(lengths):
        for j in lists[i, 1:length].tolist():
            expected[i].add(j)
            expected[j].add(i)
    graph = neighbour_graph(lists, lengths)
    assert _sets(graph) == expected
    assert (graph.targets, graph.sources) == (40, 40)
    rows = np.split(graph.neighbour, graph.start[1:-1])
    assert all((np.diff(row) > 0).all() for row in rows)


@pytest.mark.parametrize("n", [1, 2])
def test_nobody_but_itself(n: int) -> None:
    lists = np.array([[0, 1], [1, 0]], np.int32)[:n, :n]
    graph = neighbour_graph(lists, np.ones(n, np.int64))
    assert graph.neighbour.tolist() == list(range(n))
    assert graph.start.tolist() == list(range(n + 1))


def test_the_transposed_of_a_part() -> None:
    graph = NeighbourGraph(np.array([0, 2, 3, 6]), np.array([0, 4, 1, 0, 2, 3], np.int32), 5)
    back = graph.transposed()
    assert (back.targets, back.sources) == (5, 3)
    assert _sets(back) == [{0, 2}, {1}, {2}, {2}, {0}]
    assert _sets(back.transposed()) == _sets(graph)


@pytest.mark.parametrize("hops", [0, 1, 2, 3])
def test_hops_hold_all_neighbours(hops: int) -> None:
    graph = neighbour_graph(*_random())
    whole = _sets(graph)
    drawn = np.array([5, 31, 2])
    nodes, layers = gather_hops(graph, drawn, hops, np.random.default_rng(0))
    assert len(layers) == hops
    assert nodes[:3].tolist() == drawn.tolist()
    assert len(set(nodes.tolist())) == len(nodes)
    targets = len(nodes)
    for layer in layers:
        assert layer.sources == targets
        targets = layer.targets
        for own, some in enumerate(_sets(layer)):
            assert {int(nodes[j]) for j in some} == whole[nodes[own]]
    assert targets == 3


def test_random_neighbours_are_drawn_each_as_likely_and_itself_always() -> None:
    n = 30
    lists = np.arange(n)[None] * np.ones((n, 1), int)
    lists = np.array([[i, *np.delete(row, i)] for i, row in enumerate(lists)], np.int32)
    graph = neighbour_graph(lists, np.full(n, n))
    counts = np.zeros(n)
    rng = np.random.default_rng(0)
    for _ in range(400):
        nodes, (layer,) = gather_hops(graph, np.array([4, 17]), 1, rng, most=5)
        for own, some in enumerate(_sets(layer)):
            assert own in some
            assert len(some) == 6
            counts[nodes[list(some)]] += 1
    others = np.delete(counts, [4, 17])
    expected = 2 * 400 * 5 / 29
    assert np.abs(others - expected).max() < 5 * expected**0.5


def test_fewer_neighbours_than_may_be_drawn_are_all_there() -> None:
    graph = neighbour_graph(*_random())
    drawn = np.arange(0, 40, 3)
    all_, limited = (
        gather_hops(graph, drawn, 2, np.random.default_rng(0), most=most) for most in (None, 40)
    )
    np.testing.assert_array_equal(all_[0], limited[0])
    for one, other in zip(all_[1], limited[1], strict=True):
        np.testing.assert_array_equal(one.neighbour, other.neighbour)


def test_the_graph_stays_as_it_is() -> None:
    graph = neighbour_graph(*_random())
    before = graph.neighbour.copy()
    gather_hops(graph, np.arange(40), 2, np.random.default_rng(0), most=2)
    np.testing.assert_array_equal(graph.neighbour, before)
