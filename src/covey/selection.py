"""Which scorer, which partition, which cut: whatever two halves of the data agree on.

A clustering is made of each half of the dimensions (see `split_half`) for every recipe and every
cut of a grid. A recipe and a cut are good when both halves lead to the same clusters, more than
cluster sizes alone would explain, and leave few items alone:

    u = AMI(clusters of one half, clusters of the other) * (share of items in company) ^ 0.2

The recipe with the highest u wins and is tried again: with a second pair of halves, and at cuts
between those of the grid where u is high. Neighbouring cuts often do about equally well, because
real groups have parts and belong to wholes. So the cut is not the best of u but the one that
loses least: with weights exp((u - max u) / 0.02) over log density, it is the cut whose clusters of
all dimensions have the highest mean BCubed F against the halves' clusters at every cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from covey.graph import nearest
from covey.knn import build_knn_graph
from covey.metrics.clustering import bcubed
from covey.metrics.information import adjusted_mutual_information
from covey.models.universal import UniversalScorer
from covey.scoring import Scorer, as_affinity, score_edges
from covey.split_half import split_halves
from covey.types import Edges, Float32, Int64, KnnGraph
from covey.vectors import Metric

COVERAGE_POWER = 0.2
TEMPERATURE = 0.02
_MOST_EDGES = 50.0  # an item, at the coarse end of the grid
_FEWEST_EDGES = 0.25
_GRID = 10
_HIGH = 0.04  # below the highest utility by no more: worth a closer look
_PARTS = 3  # of an interval that is looked at closer

Partition = Callable[[Edges, int], Int64]
"""Clusters n items by their edges: (n,) labels."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to clusters: scorer, length of the neighbour lists, name of the partition."""

    scorer: Scorer
    k: int
    partition: str = "map-equation"


TRIED: tuple[Scorer, ...] = ("cosine", "smoothed")
"""Scorers that compete where none is named."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One recipe over the grid of cuts, coarsest first.

    Attributes:
        recipe: What was tried.
        density: (c,) float64, edges an item that are kept.
        halves: (h, c, n) int32 clusters of each half; rows 0 and 1 are a pair, 2 and 3 are, ...
        agreement: (c,) float64, adjusted mutual information of a pair, mean over the pairs.
        coverage: (c,) float64, share of items that are not alone, mean over the halves.
    """

    recipe: Recipe
    density: NDArray[np.float64]
    halves: NDArray[np.int32]
    agreement: NDArray[np.float64]
    coverage: NDArray[np.float64]

    @classmethod
    def of(cls, recipe: Recipe, density: NDArray[np.float64], halves: NDArray[np.int32]) -> Trial:
        """Compares the halves at each cut."""
        cuts = range(len(density))
        agreement = [
            np.mean([_agreement(*halves[h : h + 2, c]) for h in range(0, len(halves), 2)])
            for c in cuts
        ]
        coverage = [_coverage(halves[:, c]) for c in cuts]
        return cls(recipe, density, halves, np.array(agreement), np.array(coverage))

    @property
    def utility(self) -> NDArray[np.float64]:
        """(c,) agreement times a power of the coverage."""
        return self.agreement * self.coverage**COVERAGE_POWER

    @property
    def weight(self) -> NDArray[np.float64]:
        """(c,) how much each cut counts, summing to 1: cuts that stand closer count less."""
        step = -np.diff(np.log(self.density), prepend=np.nan, append=np.nan)
        spacing = np.nansum([step[:-1], step[1:]], axis=0) if len(self.density) > 1 else 1.0
        weight = spacing * np.exp((self.utility - self.utility.max()) / TEMPERATURE)
        return weight / weight.sum()

    @property
    def mean_agreement(self) -> float:
        """Agreement by the weight of the cuts: a half may need another cut than the whole."""
        return float(self.weight @ self.agreement)

    def together(self, edges: Edges) -> Float32:
        """(m,) in [0, 1], how often the halves put both ends together, cuts by their weight."""
        share = np.zeros(edges.m, np.float64)
        for c in np.flatnonzero(self.weight > 1e-4):
            for half in self.halves[:, c]:
                share += (
                    (half[edges.source] == half[edges.target]) * self.weight[c] / len(self.halves)
                )
        return share.astype(np.float32)


def thin_edges(edges: Edges, n: int, density: float) -> tuple[Edges, float]:
    """Keeps the heaviest edges, `density` an item and all that tie with the last one.

    Returns:
        The edges kept and the score of the lightest of them.
    """
    keep = int(np.clip(round(density * n), 1, edges.m)) if edges.m else 0
    if not keep:
        return edges, 0.0
    cut = np.partition(edges.score, edges.m - keep)[edges.m - keep]
    return edges_above(edges, cut), float(cut)


def edges_above(edges: Edges, cut: float) -> Edges:
    """Keeps the edges whose score is at least `cut`."""
    kept = edges.score >= np.float32(cut)
    probability = None if edges.probability is None else edges.probability[kept]
    return Edges(edges.source[kept], edges.target[kept], edges.score[kept], probability)


def density_grid(most: float) -> NDArray[np.float64]:
    """Edges an item to try, from as many as there are, `most`, down to one for four items."""
    start = max(min(most, _MOST_EDGES), 2 * _FEWEST_EDGES)
    return np.geomspace(start, _FEWEST_EDGES, _GRID)


class HalfViews:
    """Neighbour graphs of two halves of the dimensions, made once for all recipes."""

    def __init__(
        self,
        rows: Float32,
        k: int,
        *,
        unit: bool,
        seed: int,
        threads: int,
        model: UniversalScorer | None = None,
    ) -> None:
        self.model = model
        self._edges: dict[tuple[Scorer, int], list[Edges]] = {}
        self.rows = split_halves(rows, unit=unit, seed=seed)
        metric: Metric = "cosine" if unit else "euclidean"
        graphs = [build_knn_graph(half, k, metric=metric, threads=threads) for half in self.rows]
        self.knn: list[KnnGraph] = graphs if unit else [as_affinity(graph) for graph in graphs]

    def edges(self, recipe: Recipe) -> list[Edges]:
        """The edges of each half, scored once for all partitions."""
        key = recipe.scorer, recipe.k
        if key not in self._edges:
            self._edges[key] = [
                score_edges(rows, nearest(knn, recipe.k), recipe.scorer, model=self.model)
                for rows, knn in zip(self.rows, self.knn, strict=True)
            ]
        return self._edges[key]


def try_recipe(
    recipe: Recipe,
    views: HalfViews,
    partition: Partition,
    *,
    threads: int,
    tick: Callable[[float], None] = lambda done: None,
) -> Trial:
    """Clusters both halves at every cut of the grid."""
    edges = views.edges(recipe)
    n = len(views.rows[0])
    grid = density_grid(min(half.m for half in edges) / n)
    return Trial.of(recipe, grid, _cluster(edges, n, grid, partition, threads, tick))


def look_closer(
    trial: Trial,
    views: HalfViews,
    others: HalfViews,
    partition: Partition,
    *,
    threads: int,
    tick: Callable[[float], None] = lambda done: None,
) -> Trial:
    """Adds a second pair of halves, and cuts between those of the grid where it matters.

    Args:
        trial: What was found with `views`.
        views: The first pair of halves.
        others: Another pair.
        partition: What clusters them.
        threads: At most so many.
        tick: Called with the share done.

    Returns:
        The trial with both pairs, each interval next to a cut of high utility in three parts.
    """
    n = trial.halves.shape[2]
    high = trial.utility >= trial.utility.max() - _HIGH
    left = np.flatnonzero(high[:-1] | high[1:])
    ratio = trial.density[left + 1] / trial.density[left]
    part = np.arange(1, _PARTS)[:, None] / _PARTS
    between = (trial.density[left] * ratio**part).ravel()
    density = np.concatenate([trial.density, between])
    order = np.argsort(-density)
    first = _cluster(
        views.edges(trial.recipe), n, between, partition, threads, lambda done: tick(done / 3)
    )
    second = _cluster(
        others.edges(trial.recipe),
        n,
        density[order],
        partition,
        threads,
        lambda done: tick((1 + 2 * done) / 3),
    )
    first = np.concatenate([trial.halves, first], axis=1)[:, order]
    return Trial.of(trial.recipe, density[order], np.concatenate([first, second]))


def _cluster(
    edges: list[Edges],
    n: int,
    grid: NDArray[np.float64],
    partition: Partition,
    threads: int,
    tick: Callable[[float], None],
) -> NDArray[np.int32]:
    """(h, c, n) clusters of each of h graphs at each of c cuts."""
    found = np.empty((len(edges), len(grid), n), np.int32)
    jobs = [(half, c) for c in range(len(grid)) for half in range(len(edges))]

    def run(job: tuple[int, int]) -> Int64:
        half, c = job
        return partition(thin_edges(edges[half], n, grid[c])[0], n)

    with _pool(threads) as pool:
        for done, (job, labels) in enumerate(zip(jobs, pool.map(run, jobs), strict=True), 1):
            found[job] = labels
            tick(done / len(jobs))
    return found


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Worker threads; an interrupt drops the jobs that have not begun."""
    pool = ThreadPoolExecutor(max(1, threads))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def _agreement(a: NDArray[np.int32], b: NDArray[np.int32]) -> float:
    """Adjusted mutual information, none where one side says nothing: all together or all alone."""
    if any(labels.max() in (0, len(labels) - 1) for labels in (a, b)):
        return 0.0
    return max(0.0, adjusted_mutual_information(a, b))


def _coverage(halves: NDArray[np.int32]) -> float:
    """Share of items whose cluster has another member, mean over the rows of `halves`."""
    return float(np.mean([np.bincount(labels)[labels] > 1 for labels in halves]))


@dataclass(frozen=True, slots=True)
class Decision:
    """The cut that loses least, and what all cuts of the winning recipe would have given.

    Attributes:
        trial: The winning recipe over its grid of cuts.
        labels: (c, n) int32 clusters of all dimensions at each cut.
        cut: (c,) float64, lightest edge kept at each cut.
        precision, recall: (c,) float64, BCubed precision and recall to be expected at each cut.
        chosen: Index of the cut taken.
    """

    trial: Trial
    labels: NDArray[np.int32]
    cut: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    chosen: int


def decide(
    trial: Trial, edges: Edges, partition: Partition, *, beta: float = 1.0, threads: int = 1
) -> Decision:
    """Takes the cut with the highest expected BCubed F-beta over the halves' clusters.

    Args:
        trial: The winning recipe.
        edges: Edges of all dimensions by the same recipe.
        partition: What clustered the halves.
        beta: How many times recall counts as much as precision.
        threads: Cuts clustered at the same time.

    Returns:
        The decision; O(c m + c^2 n) time for c cuts.
    """
    n = trial.halves.shape[2]
    thinned = [thin_edges(edges, n, density) for density in trial.density]
    with _pool(threads) as pool:
        labels = np.array(list(pool.map(lambda kept: partition(kept[0], n), thinned)), np.int32)
        counted = np.flatnonzero(trial.weight > 1e-4)
        shares = np.array(list(pool.map(lambda row: _expected(row, trial, counted, beta), labels)))
    return Decision(
        trial,
        labels,
        np.array([cut for _, cut in thinned]),
        shares[:, 0],
        shares[:, 1],
        int(shares[:, 2].argmax()),
    )


def _expected(
    labels: NDArray[np.int32], trial: Trial, counted: Int64, beta: float
) -> NDArray[np.float64]:
    """Mean BCubed precision, recall and F-beta against the halves, weighted by cut."""
    weight = trial.weight[counted] / trial.weight[counted].sum() / len(trial.halves)
    total = np.zeros(3)
    for half in range(len(trial.halves)):
        for c, share in zip(counted, weight, strict=True):
            got = bcubed(trial.halves[half, c], labels)
            precision, recall = got.precision, got.recall
            f = (1 + beta**2) * precision * recall / (beta**2 * precision + recall)
            total += share * np.array([precision, recall, f])
    return total
