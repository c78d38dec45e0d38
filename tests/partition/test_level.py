import numpy as np

from covey.partition.level import aggregate, build_level, compact, connected_parts
from covey.types import Constraints, Edges


def dense(level):
    """The weights of a level as a matrix."""
    n = level.mass.shape[0]
    matrix = np.zeros((n, n))
    row = np.repeat(np.arange(n), np.diff(level.start))
    np.add.at(matrix, (row, level.neighbour), level.weight)
    return matrix


def random_edges(seed, n, m):
    rng = np.random.default_rng(seed)
    pairs = np.unique(np.sort(rng.integers(0, n, (m, 2)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    weight = (rng.random(len(pairs)) * 10.0 ** rng.integers(-3, 4, len(pairs))).astype(np.float32)
    return Edges(pairs[:, 0], pairs[:, 1], weight)


def test_a_level_holds_every_edge_from_both_ends():
    edges = random_edges(0, 40, 150)
    level, node = build_level(edges, 40, None, seed=0)
    expected = np.zeros((40, 40))
    expected[node[edges.source], node[edges.target]] = edges.weight
    expected += expected.T
    np.testing.assert_allclose(dense(level), expected, rtol=1e-9, atol=1e-14 * expected.sum())
    np.testing.assert_allclose(level.mass, expected.sum(1), rtol=1e-9)
    np.testing.assert_array_equal(level.items, np.ones(40))
    for v in range(40):
        assert (np.diff(level.neighbour[level.start[v] : level.start[v + 1]]) > 0).all()


def test_sums_of_weights_are_exact_in_any_order():
    level, _ = build_level(random_edges(1, 300, 3000), 300, None, seed=0)
    rng = np.random.default_rng(2)
    sums = {float(np.cumsum(rng.permutation(level.weight))[-1]) for _ in range(20)}
    assert sums == {float(level.mass.sum())}


def test_must_links_become_one_node_and_keep_their_weight():
    edges = Edges(
        np.array([0, 0, 1, 2]), np.array([1, 2, 2, 3]), np.array([1, 2, 4, 8], np.float32)
    )
    level, node = build_level(edges, 4, Constraints(must_link=np.array([[0, 1]])), seed=0)
    assert node[0] == node[1]
    assert level.items[node[0]] == 2
    assert level.mass[node[0]] == 8  # the inner edge of weight 1 counts from both ends
    assert dense(level)[node[0], node[2]] == 6
    assert dense(level)[node[0], node[0]] == 0


def test_aggregation_adds_up_weights_masses_items_and_tags():
    edges = random_edges(3, 60, 300)
    known = Constraints(cannot_link=np.array([[0, 1], [2, 3]]))
    level, node = build_level(edges, 60, known, seed=0)
    label = np.random.default_rng(4).integers(0, 9, 60).astype(np.int32)
    label[node[[0, 1, 2, 3]]] = [0, 1, 2, 3]
    n_new = compact(label)
    upper = aggregate(level, label, n_new)
    member = np.eye(n_new)[label]
    expected = member.T @ dense(level) @ member
    np.fill_diagonal(expected, 0)
    np.testing.assert_array_equal(dense(upper), expected)
    np.testing.assert_array_equal(upper.mass, member.T @ level.mass)
    np.testing.assert_array_equal(upper.items, member.T @ level.items)
    for tag in range(2):
        holders = set(upper.holder[upper.holder_start[tag] : upper.holder_start[tag + 1]])
        assert holders == set(label[node[[2 * tag, 2 * tag + 1]]])
        assert all(tag in upper.tag[upper.tag_start[c] : upper.tag_start[c + 1]] for c in holders)


def test_clusters_split_into_connected_parts():
    edges = Edges(np.array([0, 2, 4]), np.array([1, 3, 5]), np.ones(3, np.float32))
    level, node = build_level(edges, 6, None, seed=0)
    label = np.empty(6, np.int32)
    label[node] = [0, 0, 0, 0, 1, 2]
    part = connected_parts(level, label)[node]
    assert part[0] == part[1]
    assert part[2] == part[3]
    assert len(set(part.tolist())) == 4
