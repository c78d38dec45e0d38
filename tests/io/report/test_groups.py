from __future__ import annotations

import numpy as np

from covey.io.report.groups import group
from covey.types import Edges, KnnGraph


def test_members_against_plain_loops(result_of) -> None:
    rng = np.random.default_rng(0)
    labels = np.array([0, -1, 1, 0, 1, 1, -1, 2, 0, 1])
    s, t = np.triu_indices(10, 1)
    w = rng.random(s.shape[0]).astype(np.float32)
    knn = KnnGraph(np.zeros((10, 3), np.int64), np.zeros((10, 3), np.float32), includes_self=True)
    groups = group(result_of(Edges(s, t, w, w), knn, labels, 0.4))
    assert groups.k == 2
    for label in range(3):
        members = [i for i in range(10) if labels[i] == label]
        members.sort(key=lambda i: (-groups.strength[i], i))
        assert groups.members(label).tolist() == members
        head, tail = groups.ends(label, 2, 2)
        assert head.tolist() == members[:2]
        assert tail.tolist() == members[2:][-2:]


def test_rank_counts_from_the_strongest(digits) -> None:
    groups = group(digits[0])
    for label in np.argsort(-groups.sizes)[:5]:
        rows = slice(groups.starts[label], groups.starts[label + 1])
        assert groups.rank[rows].tolist() == list(range(groups.sizes[label]))
