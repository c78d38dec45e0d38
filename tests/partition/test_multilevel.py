import numpy as np

from covey.partition.level import build_level, connected_parts
from covey.partition.local_moving import Objective
from covey.partition.map_equation import codelength
from covey.partition.multilevel import _search_inside, optimise
from covey.types import Edges


def ring_of_cliques(n_cliques, size):
    a, b = np.triu_indices(size, 1)
    first = size * np.arange(n_cliques)
    source = np.concatenate(((first[:, None] + a).ravel(), first))
    target = np.concatenate(((first[:, None] + b).ravel(), np.roll(first, -1) + 1))
    ends = np.sort(np.stack((source, target)), axis=0)
    weight = 1 + np.random.default_rng(0).random(ends.shape[1]) / 10
    return Edges(ends[0], ends[1], weight.astype(np.float32))


def map_objective(level):
    return Objective(True, False, 1 / level.mass.sum(), 1e-13)


def test_more_rounds_never_lengthen_the_code():
    rng = np.random.default_rng(1)
    pairs = np.unique(np.sort(rng.integers(0, 400, (1500, 2)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    edges = Edges(pairs[:, 0], pairs[:, 1], rng.random(len(pairs)).astype(np.float32))
    level, node = build_level(edges, 400, None, 0)
    lengths = []
    for rounds in (1, 2, 4, 8):
        label = optimise(level, map_objective(level), rounds=rounds, tolerance=0.0)
        np.testing.assert_array_equal(
            np.unique(connected_parts(level, label)).size, label.max() + 1
        )
        lengths.append(codelength(edges, 400, label[node]))
    assert lengths == sorted(lengths, reverse=True)


def test_a_cluster_searched_as_its_own_network_falls_into_its_cliques():
    edges = ring_of_cliques(12, 6)
    level, node = build_level(edges, 72, None, 0)
    halves = np.empty(72, np.int32)
    halves[node] = np.arange(72) // 36
    piece = _search_inside(level, halves, map_objective(level))[node]
    cliques = np.arange(72) // 6
    assert len(np.unique(np.stack((piece, cliques)), axis=1).T) == 12 == len(np.unique(piece))
