"""A map of the clusters: like ones near each other, each a disc with its firmest items inside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from covey.clustering import ClusterResult
from covey.io.report.groups import Groups
from covey.types import Float32, Int64

_LANDMARKS = 1000
_SINGLETON_LANDMARKS = 300
_EXEMPLARS = 32
_GOLDEN_ANGLE = np.pi * (3.0 - np.sqrt(5.0))
_WIDTH_TO_HEIGHT = 1.7
_CLEARANCE = 0.8
_SPREAD_REACH = 4.0
_SPREAD_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Map:
    """Where to draw what.

    Attributes:
        clusters: (l,) int64, the clusters shown, largest first.
        centre: (l, 2) float32 middle of each, in units of one item's room.
        radius: (l,) float32, area in proportion to the items.
        items: (p,) int64, the items drawn, by cluster and strongest first.
        place: (p,) int64, the row of `clusters` of each.
        points: (p, 2) float32.
    """

    clusters: Int64
    centre: Float32
    radius: Float32
    items: Int64
    place: Int64
    points: Float32


def lay_out(
    result: ClusterResult,
    groups: Groups,
    x: NDArray[np.floating] | None = None,
    *,
    most: int = 6000,
    seed: int = 0,
) -> Map:
    """Places clusters by likeness and their items in spirals, the strongest in the middle.

    The clusters shown (1,000 at most: the largest, and a sample of the singletons) are laid out
    by t-SNE (van der Maaten and Hinton, JMLR 2008) of the means of their strongest items, or,
    without embeddings, of shortest paths through the neighbour graph; discs that overlap are then
    pushed apart. Members lie on a sunflower spiral (Vogel, Mathematical Biosciences 1979).

    Args:
        x: (n, d) embeddings, or None to use the graph alone.
        most: Items drawn; every cluster shown keeps a share, at least its strongest item.
        seed: Decides the layout and the sample together with the input.

    Returns:
        The map. O(l^2) for l clusters shown, whatever n is.
    """
    chosen = _landmarks(groups, seed)
    sizes = groups.sizes[chosen]
    radius = np.sqrt(sizes.astype(np.float64)) + 0.6
    if chosen.shape[0] < 4:
        centre = np.stack([np.arange(chosen.shape[0]) * 3.0, np.zeros(chosen.shape[0])], axis=1)
    else:
        centre = _embed(result, groups, chosen, x, seed)
    centre = _spread(centre, radius)
    items, place, points = _spirals(groups, chosen, centre, most)
    return Map(chosen, centre.astype(np.float32), radius.astype(np.float32), items, place, points)


def _landmarks(groups: Groups, seed: int) -> Int64:
    by_size = np.argsort(-groups.sizes, kind="stable")
    several = by_size[: groups.n_clusters - groups.n_singletons]
    alone = by_size[several.shape[0] :]
    room = min(alone.shape[0], max(_SINGLETON_LANDMARKS, _LANDMARKS - several.shape[0]))
    picked = np.random.default_rng(seed).choice(alone, room, replace=False)
    return np.concatenate([several[: _LANDMARKS - room], np.sort(picked)]).astype(np.int64)


def _embed(
    result: ClusterResult,
    groups: Groups,
    chosen: Int64,
    x: NDArray[np.floating] | None,
    seed: int,
) -> NDArray[np.float64]:
    """t-SNE of the clusters, one thread so that sums come out the same every time."""
    many = chosen.shape[0]
    options = {
        "perplexity": min(30.0, (many - 1) / 3.0),
        "max_iter": 400,
        "random_state": seed,
        "learning_rate": "auto",
    }
    with threadpool_limits(1):
        if x is not None:
            means = _means(x, groups, chosen)
            u, spread, _ = np.linalg.svd(means - means.mean(axis=0), full_matrices=False)
            flat = u[:, :50] * spread[:50]
            init = np.zeros((many, 2), np.float32)
            init[:, : flat.shape[1]] = flat[:, :2] / (flat[:, :1].std() or 1.0) * 1e-2
            init += np.random.default_rng(seed).normal(0, 1e-4, init.shape)
            return TSNE(init=init, **options).fit_transform(flat).astype(np.float64)
        apart = _graph_distances(result, groups, chosen)
        tsne = TSNE(metric="precomputed", init="random", **options)
        return tsne.fit_transform(apart).astype(np.float64)


def _means(x: NDArray[np.floating], groups: Groups, chosen: Int64) -> NDArray[np.float32]:
    """(l, d) mean of the strongest 32 items of each cluster; NaN and infinity read as 0."""
    counts = np.minimum(groups.sizes[chosen], _EXEMPLARS)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    within = np.arange(int(counts.sum())) - np.repeat(first, counts)
    items = groups.order[np.repeat(groups.starts[chosen], counts) + within]
    rows = np.nan_to_num(np.asarray(x[items], np.float32), posinf=0.0, neginf=0.0)
    total = np.add.reduceat(rows, first, axis=0)
    return np.asarray(total / counts[:, None], np.float32)


def _graph_distances(result: ClusterResult, groups: Groups, chosen: Int64) -> Float32:
    """(l, l) shortest paths, a step costing 1 minus the best similarity between two clusters."""
    many = chosen.shape[0]
    where = np.full(groups.n_clusters + 1, -1, np.int64)
    where[chosen] = np.arange(many)
    row = where[groups.labels]
    near, similar = result.knn.indices, result.knn.similarities
    own = np.flatnonzero(row >= 0)[: 4_000_000 // max(near.shape[1], 1)]
    source = np.repeat(row[own], near.shape[1])
    linked = near[own].ravel()
    target = np.where(linked >= 0, row[np.maximum(linked, 0)], -1)
    step = np.clip(1.0 - similar[own].ravel().astype(np.float64), 0.0, 2.0) + 1e-3
    step = np.nan_to_num(step, nan=2.0)
    across = (target >= 0) & (source != target)
    key, edge = np.unique(source[across] * many + target[across], return_inverse=True)
    best = np.full(key.shape[0], np.inf)
    np.minimum.at(best, edge, step[across])
    graph = csr_array(coo_array((best, (key // many, key % many)), shape=(many, many)))
    apart = dijkstra(graph, directed=False)
    reached = apart[np.isfinite(apart)]
    far = 1.5 * float(reached.max(initial=0.0)) or 1.0
    return np.where(np.isfinite(apart), apart, far).astype(np.float32)


def _spread(centre: NDArray[np.float64], radius: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scales the layout to the room the discs need, then pushes overlapping discs apart."""
    many = centre.shape[0]
    centre = centre - centre.mean(axis=0, keepdims=True) if many else centre
    span = np.maximum(np.ptp(centre, axis=0), 1e-9) if many else np.ones(2)
    room = 2.2 * float(np.sqrt(np.pi * np.square(radius + 0.5).sum()))
    height = room / np.sqrt(_WIDTH_TO_HEIGHT)
    centre = centre / span * np.array([height * _WIDTH_TO_HEIGHT, height]) if many > 1 else centre
    if many < 4:
        centre = np.stack([np.cumsum(2 * radius + 2) - radius, np.zeros(many)], axis=1)
    for _ in range(_SPREAD_ROUNDS):
        gap = np.sqrt(sum(np.square(np.subtract.outer(axis, axis)) for axis in centre.T))
        near = gap < np.add.outer(radius, radius) + _CLEARANCE + _SPREAD_REACH
        one, other = np.nonzero(np.triu(near, 1))
        moved = _push_apart(centre, radius, one, other)
        if np.abs(moved - centre).max(initial=0.0) < 0.05:
            break
        centre = moved
    return centre


def _push_apart(
    centre: NDArray[np.float64], radius: NDArray[np.float64], one: Int64, other: Int64
) -> NDArray[np.float64]:
    """Twelve steps over the pairs that may touch; the smaller disc of a pair gives way."""
    many, centre = centre.shape[0], centre.copy()
    need = radius[one] + radius[other] + _CLEARANCE
    weight = np.square(radius)
    share = weight[other] / (weight[one] + weight[other])
    for _ in range(12):
        gap = centre[one] - centre[other]
        distance = np.hypot(gap[:, 0], gap[:, 1]) + 1e-9
        step = (0.6 * np.maximum(need - distance, 0.0) / distance)[:, None] * gap
        for axis in (0, 1):
            centre[:, axis] += np.bincount(one, share * step[:, axis], minlength=many)
            centre[:, axis] -= np.bincount(other, (1 - share) * step[:, axis], minlength=many)
    return centre


def _spirals(
    groups: Groups, chosen: Int64, centre: NDArray[np.float64], most: int
) -> tuple[Int64, Int64, Float32]:
    """Every member's place; where there are too many, an even sample on a wider spiral."""
    sizes = groups.sizes[chosen]
    total, many = int(sizes.sum()), chosen.shape[0]
    share = 1.0 if total <= most else max(most - many, 0) / max(total - many, 1)
    starts = np.cumsum(sizes) - sizes
    place = np.repeat(np.arange(many), sizes)
    rank = np.arange(total) - np.repeat(starts, sizes)
    kept = (rank == 0) | (np.floor(rank * share) > np.floor((rank - 1) * share))
    place, rank = place[kept], rank[kept]
    items = groups.order[groups.starts[chosen][place] + rank]
    drawn = np.bincount(place, minlength=many)
    turn = np.arange(place.shape[0]) - np.repeat(np.cumsum(drawn) - drawn, drawn)
    angle = turn * _GOLDEN_ANGLE
    away = np.sqrt((turn + 0.5) * (sizes / np.maximum(drawn, 1))[place]) * (sizes[place] > 1)
    offset = np.stack([away * np.cos(angle), away * np.sin(angle)], axis=1)
    return items, place, (centre[place] + offset).astype(np.float32)
