"""The search that `map_equation` and `leiden` share: move nodes, refine, aggregate, repeat.

A partition starts from singletons. Nodes move to the neighbouring cluster that gains most; each
cluster is then refined into connected pieces that become the nodes of the next, smaller graph,
which starts from the clusters found so far. (Traag, Waltman, van Eck, "From Louvain to Leiden",
Scientific Reports 9, 2019.) Under the map equation, rounds after the first cut their pieces by
searching each cluster as a network of its own, which finds larger parts that belong elsewhere
("submodule movements": Rosvall, Axelsson, Bergstrom, European Physical Journal Special Topics 178,
2009).
"""

from __future__ import annotations

import numpy as np

from covey.partition.level import (
    Int32,
    Level,
    aggregate,
    compact,
    connected_parts,
    inner_level,
)
from covey.partition.local_moving import APART, FREE, REFINE, Objective, move_nodes


def optimise(level: Level, objective: Objective, *, rounds: int, tolerance: float) -> Int32:
    """Searches for the partition of a graph that optimises the objective.

    The first round starts from singletons, each later one from the result before it: its moves of
    single nodes correct what aggregation froze, its refined pieces move between clusters whole.

    Args:
        level: The graph, n nodes.
        objective: What is optimised.
        rounds: At most this many.
        tolerance: Stop when a round gains less than this (in the unit of the objective).

    Returns:
        (n,) int32 labels, numbered by first appearance; every cluster is connected.
        O(m) for each round in practice.
    """
    n = level.mass.shape[0]
    label = np.arange(n, dtype=np.int32)
    for i in range(rounds):
        label, gain = _one_round(level, label, objective, search_pieces=objective.is_map and i > 0)
        if gain <= tolerance:
            break
    label = connected_parts(level, label)
    compact(label)
    return label


def _one_round(
    level: Level, label: Int32, objective: Objective, *, search_pieces: bool
) -> tuple[Int32, float]:
    """One climb from single nodes to whole clusters; returns the labels and what was gained."""
    label = label.copy()
    node = np.arange(label.shape[0], dtype=np.int32)  # of this level, for each original node
    gained = 0.0
    while True:
        n = label.shape[0]
        mass = level.items if objective.counts_items else level.mass
        gained += move_nodes(level, mass, label, objective, label, FREE)
        n_clusters = compact(label)
        if n_clusters == n:
            return label[node], gained
        if search_pieces:
            piece = _search_inside(level, label, objective)
            search_pieces = False  # higher up, the pieces are there already
        else:
            piece = np.arange(n, dtype=np.int32)
            move_nodes(level, mass, piece, objective, label, REFINE)
        n_pieces = compact(piece)
        if n_pieces == n:  # nothing to refine: whole clusters become the nodes
            piece, n_pieces = label.copy(), n_clusters
        level = aggregate(level, piece, n_pieces)
        upper = np.empty(n_pieces, np.int32)
        upper[piece] = label
        label, node = upper, piece[node]


def _search_inside(level: Level, label: Int32, objective: Objective) -> Int32:
    """Partitions each cluster as if it were the whole network, all of them in one search."""
    level, within = inner_level(level, label), label
    node = np.arange(label.shape[0], dtype=np.int32)
    while True:
        n = within.shape[0]
        piece = np.arange(n, dtype=np.int32)
        move_nodes(level, level.mass, piece, objective, within, APART)
        n_pieces = compact(piece)
        if n_pieces == n:
            return node
        level = aggregate(level, piece, n_pieces)
        upper = np.empty(n_pieces, np.int32)
        upper[piece] = within
        within, node = upper, piece[node]
