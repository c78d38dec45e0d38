"""Which scorer and partition: what halves agree on. Which cut: the one foreseen to be best.

Every recipe (a scorer and a partition) is tried at every cut of a grid, on all dimensions and on
two halves of them (see `split_half`). The recipe whose halves agree best at any cut is taken. For
its cuts the `Appraiser` foresees BCubed precision and recall from the signs of each clustering; the
highest F, or what is as good, is taken. (Letting it choose among recipes, too, was no better on
views of collections that it had not seen and worse on whole ones: it is a judge of cuts.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from covey.graph import nearest
from covey.knn import build_knn_graph
from covey.models.appraisal import (
    SIGNS,
    CutTrial,
    read_signs,
)
from covey.models.link_scorer import EdgeScorer
from covey.models.universal import relative_weights
from covey.scoring import Scorer, as_affinity, score_edges
from covey.split_half import split_halves
from covey.types import Edges, Float32, Int64, KnnGraph
from covey.vectors import Metric

DENSITIES = np.geomspace(50.0, 0.25, 10)
"""Edges an item that are kept at each cut, from all of the usual lists to one for four items."""
WEAK_AGREEMENT = 0.3
"""Of the halves: below, there may be nothing to find."""
_EQUAL = 0.003  # utilities that differ by less
_AS_GOOD = 0.02  # F foreseen that differs by less: finer than that the appraiser cannot tell

_AGAINST_HALVES = [
    SIGNS.index(f"{share} against the halves at good cuts") for share in ("precision", "recall")
]

Partition = Callable[[Edges, int], Int64]
"""Clusters n items by their edges: (n,) labels."""


@dataclass(frozen=True, slots=True)
class Sight:
    """How finely cuts can be told apart.

    Attributes:
        densities: (c,) float64, edges an item that are kept at each cut, descending.
        as_good: F foreseen that differs by less says nothing; then the halves decide.
    """

    densities: NDArray[np.float64] = field(default_factory=lambda: DENSITIES)
    as_good: float = _AS_GOOD


FINE_SIGHT = Sight(np.geomspace(50.0, 0.25, 20), 0.005)
"""Of labels of other groups, which see finer than signs do."""

Foresight = Callable[[Float32, NDArray[np.float64]], NDArray[np.float64]]
"""(c, s) signs and (c,) scores of the lightest edges kept to (c, 2) precision and recall."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to clusters: scorer, length of the neighbour lists, name of the partition."""

    scorer: Scorer
    k: int
    partition: str = "map-equation"

    @property
    def relative(self) -> bool:
        """Whether edges are weighed by their odds above the cut, see `relative_weights`.

        Random walks follow weights in proportion, modularity compares them with what chance would
        give: only the former goes wrong when their level is open.
        """
        return self.scorer == "universal" and self.partition == "map-equation"

    @property
    def probable(self) -> bool:
        """Whether scores are probabilities, as those learned from labels of such items are."""
        return self.scorer == "learned"


class View:
    """Items in some of their dimensions: neighbours, and edges scored once for all partitions."""

    def __init__(self, rows: Float32, knn: KnnGraph, model: EdgeScorer | None = None) -> None:
        self.rows, self.knn, self.scorer = rows, knn, model
        self._edges: dict[tuple[Scorer, int], Edges] = {}

    def edges(self, recipe: Recipe) -> Edges:
        """All edges, weighed by the recipe's scorer."""
        key = recipe.scorer, recipe.k
        if key not in self._edges:
            self._edges[key] = score_edges(
                self.rows, nearest(self.knn, recipe.k), recipe.scorer, model=self.scorer
            )
        return self._edges[key]


def half_views(
    rows: Float32,
    k: int,
    *,
    unit: bool,
    seed: int,
    threads: int,
    model: EdgeScorer | None = None,
) -> list[View]:
    """Searches the neighbours in two halves of the dimensions."""
    metric: Metric = "cosine" if unit else "euclidean"
    views = []
    for half in split_halves(rows, unit=unit, seed=seed):
        graph = build_knn_graph(half, k, metric=metric, threads=threads)
        views.append(View(half, graph if unit else as_affinity(graph), model))
    return views


@dataclass(frozen=True, slots=True)
class Trial:
    """One recipe over the grid of cuts, coarsest first.

    Attributes:
        recipe: What was tried.
        cuts: The clusterings.
        cut: (c,) float64, score of the lightest edge kept.
        precision, recall: (c,) float64, BCubed precision and recall that are foreseen.
    """

    recipe: Recipe
    cuts: CutTrial
    cut: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    @property
    def utility(self) -> float:
        """Highest agreement of the halves times a power of the share of items in company."""
        return float(self.cuts.utility.max())

    @property
    def mean_agreement(self) -> float:
        """Agreement by the weight of the cuts: a half may need another cut than the whole."""
        return float(self.cuts.weight @ self.cuts.agreement)

    def f(self, beta: float) -> NDArray[np.float64]:
        """(c,) F-beta that is foreseen."""
        shares = self.precision, self.recall
        return (1 + beta**2) * shares[0] * shares[1] / (beta**2 * shares[0] + shares[1])

    def together(self, edges: Edges) -> Float32:
        """(m,) in [0, 1], how often the halves put both ends together, cuts by their weight."""
        share = np.zeros(edges.m, np.float64)
        weight = self.cuts.weight
        for c in np.flatnonzero(weight > 1e-4):
            for half in self.cuts.halves[:, c]:
                share += (half[edges.source] == half[edges.target]) * weight[c] / 2
        return share.astype(np.float32)


def try_recipe(
    recipe: Recipe,
    whole: View,
    halves: Sequence[View],
    partition: Partition,
    foresight: Foresight | None,
    *,
    densities: NDArray[np.float64] = DENSITIES,
    threads: int,
    tick: Callable[[float], None] = lambda done: None,
) -> Trial:
    """Clusters all dimensions and both halves at every cut, and appraises the clusterings.

    Without foresight, what is foreseen is precision and recall against the halves' clusters at
    the cuts on which they agree.
    """
    cuts, cut = try_cuts(
        recipe, whole, halves, partition, densities=densities, threads=threads, tick=tick
    )
    signs = read_signs(cuts, whole.edges(recipe), whole.knn)
    foreseen = signs.astype(np.float64)[:, _AGAINST_HALVES]
    if foresight is not None:
        foreseen = foresight(signs, cut)
    return Trial(recipe, cuts, cut, foreseen[:, 0], foreseen[:, 1])


def try_cuts(
    recipe: Recipe,
    whole: View,
    halves: Sequence[View],
    partition: Partition,
    *,
    densities: NDArray[np.float64] = DENSITIES,
    threads: int,
    tick: Callable[[float], None] = lambda done: None,
) -> tuple[CutTrial, NDArray[np.float64]]:
    """Clusters all dimensions and both halves at every cut.

    Returns:
        The clusterings and (c,) the score of the lightest edge of all dimensions that is kept.
    """
    n, count = len(whole.rows), len(densities)
    views = (whole, *halves)
    edges = [view.edges(recipe) for view in views]
    labels = np.empty((len(views), count, n), np.int32)
    cut, kept = np.zeros(count), np.zeros(count)
    jobs = [(v, c) for c in range(count) for v in range(len(views))]

    def run(job: tuple[int, int]) -> None:
        v, c = job
        thinned, at = thin_edges(edges[v], n, densities[c])
        found = labels[v, c] = partition_thinned(thinned, at, n, recipe, partition)
        if v == 0:
            cut[c] = at
            inside = found[thinned.source] == found[thinned.target]
            kept[c] = inside.mean() if thinned.m else 0.0

    with _pool(threads) as pool:
        for done, _ in enumerate(pool.map(run, jobs), 1):
            tick(done / len(jobs))
    return CutTrial(densities, labels[0], labels[1:], kept), cut


def partition_thinned(
    edges: Edges, cut: float, n: int, recipe: Recipe, partition: Partition
) -> Int64:
    """Clusters n items by edges that a cut has thinned, weighed as the recipe wants."""
    return partition(relative_weights(edges, cut) if recipe.relative else edges, n)


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


@contextmanager
def _pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Worker threads; an interrupt drops the jobs that have not begun."""
    pool = ThreadPoolExecutor(max(1, threads))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class Decision:
    """The best recipe and the cut taken.

    Attributes:
        trial: The recipe over its grid of cuts.
        chosen: Index of the cut.
    """

    trial: Trial
    chosen: int

    @property
    def promise(self) -> tuple[float, float]:
        """BCubed precision and recall to expect, lower where the halves hardly agree.

        Foreseen precision is what such signs meant in collections that had groups. Where halves
        agree on nothing there may be none, and then an item is only sure to belong with itself:
        below an agreement of .3 the promise falls to the precision of that, by its square, as
        halves of a few dozen items agree on a little by chance.
        """
        labels = self.trial.cuts.labels[self.chosen]
        itself = float(np.mean(1 / np.bincount(labels)[labels]))
        trust = float(np.clip(self.trial.mean_agreement / WEAK_AGREEMENT, 0, 1)) ** 2
        foreseen = float(self.trial.precision[self.chosen])
        recall = float(self.trial.recall[self.chosen])
        return itself + trust * (max(foreseen, itself) - itself), recall


def decide(trials: Sequence[Trial], *, beta: float = 1.0, as_good: float = _AS_GOOD) -> Decision:
    """Takes the recipe on which the halves agree best, and of its cuts the highest F foreseen.

    Of cuts that are foreseen to be as good the one of the highest utility.

    Args:
        trials: The recipes, the cheapest first: of those that agree equally well, to .003, the
            first is taken.
        beta: How many times recall counts as much as precision.
        as_good: By how much F may differ; finer than .02 the appraiser cannot tell.
    """
    highest = max(trial.utility for trial in trials)
    best = next(trial for trial in trials if trial.utility >= highest - _EQUAL)
    f = best.f(beta)
    close = np.flatnonzero(f >= f.max() - as_good)
    return Decision(best, int(max(close, key=lambda cut: (best.cuts.utility[cut], f[cut]))))
