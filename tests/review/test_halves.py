"""The two parts of a group that hang together least."""

import numpy as np

from covey.partition.average_linkage import average_linkage
from covey.partition.hierarchy import cut_tree
from covey.review.halves import smaller_halves
from covey.review.item_links import item_links
from covey.types import Edges


def graph(seed: int, n: int) -> Edges:
    rng = np.random.default_rng(seed)
    one, other = np.triu_indices(n, 1)
    kept = rng.random(len(one)) < 0.4
    weight = rng.uniform(0.05, 1, kept.sum()).astype(np.float32)
    return Edges(one[kept], other[kept], weight)


def test_no_part_of_the_hierarchy_leaves_more_out_than_the_one_taken() -> None:
    for seed in range(20):
        n = 14
        edges = graph(seed, n)
        tree = average_linkage(edges, n, cut=1e-6, reach=n).tree
        assert tree is not None
        own = np.zeros(n, np.int64)
        links = item_links(edges, own)
        taken = smaller_halves(np.arange(n), own, edges, tree, links)
        assert 0 < taken.sum() <= n / 2

        def gain(part: np.ndarray, edges: Edges = edges) -> float:
            ends = part[edges.source].astype(float) + part[edges.target]
            weight = edges.score.astype(float)
            volume, whole = float(weight @ ends), 2 * float(weight.sum())
            return volume * (whole - volume) / whole - float(weight[ends == 1].sum())

        parts = [
            labels == label
            for rows in range(len(tree) + 1)
            for labels in [cut_tree(tree[:rows], n)]
            for label in np.unique(labels)
        ]
        assert gain(taken) >= max(gain(part) for part in parts if not part.all()) - 1e-3


def test_a_straggler_does_not_hide_two_kinds() -> None:
    rng = np.random.default_rng(0)
    kind = np.array([0] * 12 + [1] * 9 + [0])
    one, other = np.triu_indices(22, 1)
    chance = np.where(kind[one] == kind[other], 0.9, 0.3) * rng.uniform(0.9, 1, len(one))
    loose = other == 21
    chance[loose] *= 0.05
    kept = ~loose | (one < 3)
    edges = Edges(one[kept], other[kept], chance[kept].astype(np.float32))
    tree = average_linkage(edges, 22, cut=1e-6, reach=22).tree
    assert tree is not None
    own = np.zeros(22, np.int64)
    assert np.bincount(cut_tree(tree[:-1], 22)).min() == 1  # the last join parts the straggler
    taken = smaller_halves(np.arange(22), own, edges, tree, item_links(edges, own))
    assert np.flatnonzero(taken).tolist() == list(range(12, 21))


def test_groups_are_parted_each_by_itself_also_without_edges() -> None:
    edges = Edges(np.array([0, 2, 1, 5]), np.array([2, 4, 3, 7]), np.full(4, 0.5, np.float32))
    members = np.array([0, 2, 4, 5, 7, 8, 9])
    placed = np.array([3, -1, 3, -1, 3, 5, -1, 5, 6, 6])
    own = np.array([0, 0, 0, 1, 1, 2, 2])
    links = item_links(edges, placed)
    inner = Edges(np.array([0, 1, 3]), np.array([1, 2, 4]), np.full(3, 0.5, np.float32))
    tree = average_linkage(inner, 7, cut=1e-6, reach=3).tree
    assert tree is not None
    taken = smaller_halves(members, own, inner, tree, links)
    for number in range(3):
        assert taken[own == number].sum() == 1
