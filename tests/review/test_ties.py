"""How well groups and items are tied, against plain loops; and what chances make of it."""

import numpy as np
import pytest

from covey.review.chances import MERGE, chances, merge_signs
from covey.review.item_links import ItemLinks, item_links
from covey.review.ties import pulls_on, ties_between
from covey.types import Edges

_N = 30


def drawn(seed: int) -> tuple[np.ndarray, Edges, ItemLinks]:
    rng = np.random.default_rng(seed)
    placed = rng.integers(-1, 5, _N)
    pairs = np.unique(np.sort(rng.integers(0, _N, (120, 2)), axis=1), axis=0)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    chance = rng.random(len(pairs)).astype(np.float32)
    edges = Edges(pairs[:, 0], pairs[:, 1], chance, chance)
    return placed, edges, item_links(edges, placed)


def best(edges: Edges, placed: np.ndarray, item: int, group: int) -> list[float]:
    """Chances of the edges of an item to a group, the best first."""
    ends = zip(edges.source, edges.target, edges.weight, strict=True)
    both = [pair for a, b, c in ends for pair in ((a, b, float(c)), (b, a, float(c)))]
    return sorted((c for a, b, c in both if a == item and placed[b] == group), reverse=True)


@pytest.mark.parametrize("seed", range(4))
def test_ties_are_means_of_the_best_edges(seed: int) -> None:
    placed, edges, _ = drawn(seed)
    sizes = np.bincount(placed[placed >= 0], minlength=5)
    found = ties_between(edges.source, edges.target, placed, edges.weight, sizes)

    def tie(a: int, b: int) -> float:
        items = np.flatnonzero(placed == a).tolist()
        return sum(max(best(edges, placed, i, b), default=0.0) for i in items) / len(items)

    pairs = list(zip(found.small.tolist(), found.large.tolist(), strict=True))
    assert len(set(map(frozenset, pairs))) == len(pairs) > 0
    for (a, b), there, back in zip(pairs, found.tie, found.back, strict=True):
        assert (sizes[a], a) < (sizes[b], b)
        assert there == pytest.approx(tie(a, b), rel=1e-5)
        assert back == pytest.approx(tie(b, a), rel=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_pulls_and_what_links_keep(seed: int) -> None:
    placed, edges, links = drawn(seed)
    found = pulls_on(np.arange(_N), placed, links)
    sizes = np.bincount(placed[placed >= 0], minlength=5)
    assert len(found.item)
    for at, (item, group) in enumerate(zip(found.item, found.group, strict=True)):
        some = best(edges, placed, item, group)
        assert found.pull[at] == pytest.approx(sum(some[:3]) / 3, rel=1e-5)
        assert found.weight[at] == pytest.approx(sum(some), rel=1e-5)
        assert (found.edges[at], found.size[at]) == (len(some), sizes[group])
    for item in range(_N):
        rivals = [best(edges, placed, item, g) for g in range(5) if g != placed[item]]
        assert links.rivals[item] == pytest.approx(sum(e[0] for e in rivals if e), rel=1e-5)
    within = (placed[edges.source] == placed[edges.target]) & (placed[edges.source] >= 0)
    assert links.leak == pytest.approx(edges.weight[~within].sum() / edges.weight.sum(), rel=1e-4)


def test_what_is_like_many_groups_is_one_with_few() -> None:
    tie, share = np.array([0.9, 0.9]), np.array([1.0, 0.03])
    signs = merge_signs(tie, tie, share, share, np.array([50, 50]), 0.2)
    alone, crowded = chances(signs, MERGE)
    assert crowded < 0.1 < alone
