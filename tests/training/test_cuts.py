"""Cuts that are tried, against each made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from covey.graph import knn_to_edges
from covey.graph_partition import partition_edges
from covey.knn import build_knn_graph
from covey.metrics.clustering import evaluate
from covey.training.cuts import cuts_tried, f_of
from covey.types import Edges


def _collection(hidden) -> tuple[Edges, np.ndarray]:
    x, labels = hidden(90, 9)
    return knn_to_edges(build_knn_graph(x, 12)), labels


def test_same_as_one_after_another(hidden) -> None:
    edges, labels = _collection(hidden)
    densities = np.array([5.0, 2.0, 0.5])
    cut, precision, recall = cuts_tried(edges, labels, densities, seed=3)
    heaviest = np.sort(edges.score)[::-1]
    assert cut.tolist() == [heaviest[count - 1] for count in (450, 180, 45)]
    for each, right, found in zip(cut, precision, recall, strict=True):
        above = edges.score >= each
        kept = Edges(edges.source[above], edges.target[above], edges.score[above])
        groups = partition_edges(kept, 90, rounds=2, seed=3).labels
        share_right, share_found = [], []
        for i in range(90):
            together, own = groups == groups[i], labels == labels[i]
            share_right.append((together & own).sum() / together.sum())
            share_found.append((together & own).sum() / own.sum())
        assert right == pytest.approx(np.mean(share_right))
        assert found == pytest.approx(np.mean(share_found))


def test_cuts_that_keep_the_same_edges_are_one(hidden) -> None:
    edges, labels = _collection(hidden)
    many = np.array([1e6, 1e5, 3.0, 3.0, 1e-9])
    cut, precision, recall = cuts_tried(edges, labels, many)
    assert len(cut) == len(precision) == len(recall) == 3
    assert (np.diff(cut) > 0).all()
    assert cut[0] == edges.score.min()
    assert cut[-1] == edges.score.max()
    level = Edges(edges.source, edges.target, np.ones(edges.m, np.float32))
    assert cuts_tried(level, labels, many)[0].tolist() == [1]


def test_one_edge() -> None:
    edges = Edges(np.array([0]), np.array([2]), np.float32([0.5]))
    cut, precision, recall = cuts_tried(edges, np.array([7, 8, 7]), np.array([2.0, 0.1]))
    assert (cut.tolist(), precision.tolist(), recall.tolist()) == ([0.5], [1], [1])
    assert evaluate(np.array([7, 8, 7]), np.array([0, 1, 0])).bcubed.f == 1


def test_f_is_the_harmonic_mean() -> None:
    assert f_of(np.array([0.5, 0.0, 1.0]), np.array([1.0, 0.0, 1.0])).tolist() == [2 / 3, 0, 1]
