"""The main job as one function: embeddings in, groups and how far to trust them out."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from covey.calibration import Calibration, CutCurve, calibrate, with_probability
from covey.graph_partition import PARTITIONS, TRIED_PARTITIONS, partition_edges
from covey.knn import build_knn_graph_with_info
from covey.partition.strength import membership_strength
from covey.sampling import Sample, whole_regions
from covey.scoring import (
    COMPARE_DIRECTIONS,
    LIST_LENGTH,
    SCORERS,
    Scorer,
    as_affinity,
    nearest,
    score_edges,
)
from covey.selection import (
    TRIED,
    Decision,
    HalfViews,
    Recipe,
    decide,
    edges_above,
    look_closer,
    try_recipe,
)
from covey.split_half import FEWEST_DIMENSIONS
from covey.types import Clustering, Constraints, Edges, Int64, KnnGraph, UsageError
from covey.unique_items import UniqueItems, unique_items

Prefer = Literal["precision", "balanced", "recall"]
Progress = Callable[[str, float], None]
"""Called as `progress(stage, fraction)`, fraction in [0, 1]."""

_BETA: dict[str, float] = {"precision": 0.25, "balanced": 1.0, "recall": 4.0}
_NEIGHBOURS = 80
_NEIGHBOURS_OF_MANY = 50  # where there are more than _MANY items: the lists are most of the memory
_MANY = 200_000
_MOST_JUDGED = 25_000  # items up to which scorers and cuts are compared on all
_SAMPLE = 12_000  # on so many, in whole regions, where there are more
FEWEST_TESTED = 20  # different items below which agreement of halves says little
WEAK_AGREEMENT = 0.3
_LOW_PRECISION = 0.5
_LOW_RECALL = 0.965  # of the neighbour search, whose target is 0.97


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """How sure the clustering is, and what the other cuts would have given.

    Attributes:
        expected_precision: Of the items in an average item's cluster (itself included), the share
            that is expected to belong with it: BCubed precision, in [0, 1].
        expected_recall: Of all items that belong with an average item, the share expected in its
            cluster: BCubed recall, in [0, 1].
        agreement: Adjusted mutual information of the clusters of two halves of the dimensions,
            mean over the cuts that had a say in the choice: 1 when they come out the same, 0 when
            no more alike than chance.
        cut: The edge probability below which edges were ignored.
        curve: The partition at every cut that was tried.
        method: Name of the scorer.
        partition: Name of the partition that was taken.
        prefer: The user's dial.
        seconds: Wall seconds of each stage, by name.
        cohesion: (n_clusters,) float32, how probably two linked members of a cluster belong
            together, on average; 1 for singletons.
        notes: Sentences for the user: what was odd about this collection.
    """

    expected_precision: float
    expected_recall: float
    agreement: float
    cut: float
    curve: CutCurve
    method: str
    partition: str
    prefer: Prefer
    seconds: dict[str, float]
    cohesion: NDArray[np.float32]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ClusterResult:
    """Everything that one run gives.

    Attributes:
        clustering: The partition, with a strength per item.
        report: How far to trust it.
        edges: Calibrated edges at or above the cut, which the partition was made from.
        knn: The neighbours that the edges were made from.
    """

    clustering: Clustering
    report: ClusterReport
    edges: Edges
    knn: KnnGraph


def cluster(
    x: ArrayLike,
    *,
    k: int | None = None,
    method: str = "auto",
    partition: str = "auto",
    prefer: Prefer = "balanced",
    metric: Literal["cosine", "euclidean"] = "cosine",
    constraints: Constraints | None = None,
    seed: int = 0,
    threads: int | None = None,
    memory_limit: int | None = None,
    progress: Progress | None = None,
) -> ClusterResult:
    """Groups the rows of `x`, with no labels, no number of groups and no threshold.

    Neighbours are found, their edges are weighed in more than one way, and the clusters of two
    halves of the dimensions are compared over a range of cuts: what both halves agree on decides
    the scorer and the cut (see `selection`). Shuffling the rows changes nothing but names; equal
    rows share a cluster, and how often a row is repeated does not change the others' clusters (both
    unless there are constraints, which may tell equal rows apart).

    Args:
        x: (n, d) finite numbers, n >= 2; memory-mapped is fine.
        k: Neighbours of each item; if None 80, or 50 of more than 200,000 items.
        method: "auto", or one of the scorers in `covey.scoring.SCORERS`.
        partition: "auto" or one of `covey.graph_partition.PARTITIONS`.
        prefer: Which error weighs more: mixed groups ("precision"), split ones ("recall").
        metric: "cosine" for embeddings, "euclidean" where lengths matter.
        constraints: Pairs that must or must not share a cluster; always kept.
        seed: Draws the halves and every random order.
        threads: At most so many; all cores if None.
        memory_limit: Bytes that the neighbour search may take; what is available if None.
        progress: Called with the stage and the share done.

    Returns:
        The clustering, its report, edges and neighbours.

    Raises:
        InputError: If a row holds NaN, infinity or, for the cosine, only zeros; if n < 2.
        UsageError: If an option is unknown or out of range.
        MemoryLimitError: If the neighbour search would need more memory than allowed.
    """
    _check(method, partition, prefer, metric, k, seed, threads)
    threads = threads or os.cpu_count() or 1
    unit = metric == "cosine"
    clock = _Clock(progress)
    with clock.stage("reading"):
        items = unique_items(x, metric=metric, keep_equal=bool(constraints), tick=clock.tick)
        rows, n = items.rows, len(items.rows)
        known = items.translate(constraints) if constraints else None
    with clock.stage("neighbours"):
        width = list_length(n, k)
        knn, search = build_knn_graph_with_info(
            rows,
            width,
            metric=metric,
            threads=threads,
            memory_limit=memory_limit,
            seed=seed,
            progress=lambda stage, done: clock.tick(done),
        )
        graph = knn if unit else as_affinity(knn)
    with clock.stage("agreement"), _bounded_kernels(threads):
        most = n if n <= _MOST_JUDGED else min(_SAMPLE, _MOST_JUDGED)
        judged = whole_regions(rows, knn, most, unit=unit, seed=seed, threads=threads)
        decision, evidence = _choose(
            judged,
            _recipes(method, partition, k, unit),
            _BETA[prefer],
            width=width,
            unit=unit,
            seed=seed,
            threads=threads,
            clock=clock,
        )
    with clock.stage("groups"), _bounded_kernels(threads):
        recipe = decision.trial.recipe
        edges = score_edges(rows, nearest(graph, recipe.k), recipe.scorer)
        edges = edges_above(edges, decision.cut[decision.chosen])
        found = partition_edges(edges, n, name=recipe.partition, constraints=known, seed=seed)
        edges = with_probability(edges, evidence)
        strength = membership_strength(edges, found.labels)
        clustering = Clustering(
            items.spread_labels(found.labels),
            strength[items.item],
            float(evidence(decision.cut[[decision.chosen]].astype(np.float32))[0]),
        )
    report = ClusterReport(
        expected_precision=float(decision.precision[decision.chosen]),
        expected_recall=float(decision.recall[decision.chosen]),
        agreement=decision.trial.mean_agreement,
        cut=float(clustering.cut or 0.0),
        curve=_curve(decision, evidence, items, judged.share, found.n_clusters),
        method=recipe.scorer,
        partition=recipe.partition,
        prefer=prefer,
        seconds=clock.seconds,
        cohesion=_cohesion(items, edges, clustering, found.labels),
        notes=_notes(decision, items, judged.share, search.recall),
    )
    return ClusterResult(clustering, report, items.spread_edges(edges), items.spread_knn(knn))


def list_length(n: int, k: int | None = None) -> int:
    """Neighbours that `cluster` looks for around each of n different items."""
    return max(1, min(k or (_NEIGHBOURS if n <= _MANY else _NEIGHBOURS_OF_MANY), n - 1))


def _choose(
    judged: Sample,
    recipes: list[Recipe],
    beta: float,
    *,
    width: int,
    unit: bool,
    seed: int,
    threads: int,
    clock: _Clock,
) -> tuple[Decision, Calibration]:
    """Tries the recipes on the halves, decides on the cut, and calibrates the winner's edges."""

    def divider(name: str) -> Callable[[Edges, int], Int64]:
        return lambda edges, size: (
            partition_edges(edges, size, name=name, rounds=2, seed=seed).labels
        )

    steps = len(recipes) + 2
    pairs = [
        HalfViews(judged.rows, width, unit=unit, seed=2 * seed + pair, threads=threads)
        for pair in (0, 1)
    ]
    trials = []
    for number, recipe in enumerate(recipes):
        tick = clock.part(number, steps)
        divide = divider(recipe.partition)
        trials.append(try_recipe(recipe, pairs[0], divide, threads=threads, tick=tick))
    best = max(trials, key=lambda trial: trial.utility.max())
    recipe = best.recipe
    divide = divider(recipe.partition)
    tick = clock.part(len(recipes), steps)
    best = look_closer(best, pairs[0], pairs[1], divide, threads=threads, tick=tick)
    edges = score_edges(judged.rows, nearest(judged.knn, recipe.k), recipe.scorer)
    decision = decide(best, edges, divide, beta=beta, threads=threads)
    return decision, calibrate(edges, best.together(edges))


def _recipes(method: str, partition: str, k: int | None, unit: bool) -> list[Recipe]:
    """The recipes to try: where the user named scorer or partition, only with that."""
    scorers = (
        [scorer for scorer in TRIED if unit or scorer not in COMPARE_DIRECTIONS]
        if method == "auto"
        else [cast(Scorer, method)]
    )
    partitions = TRIED_PARTITIONS if partition == "auto" else (partition,)
    return [
        Recipe(scorer, k or LIST_LENGTH[scorer], name) for name in partitions for scorer in scorers
    ]


def _check(
    method: str,
    partition: str,
    prefer: str,
    metric: str,
    k: int | None,
    seed: int,
    threads: int | None,
) -> None:
    """Refuses options that are unknown or out of range."""
    for name, value, allowed in (
        ("method", method, ("auto", *SCORERS)),
        ("partition", partition, ("auto", *PARTITIONS)),
        ("prefer", prefer, get_args(Prefer)),
        ("metric", metric, ("cosine", "euclidean")),
    ):
        if value not in allowed:
            raise UsageError(f"unknown {name} {value!r}: choose one of {', '.join(allowed)}")
    if metric == "euclidean" and method in COMPARE_DIRECTIONS:
        raise UsageError(f"method {method!r} compares directions: use metric 'cosine' with it")
    if k is not None and k < 1:
        raise UsageError(f"k must be at least 1, got {k}")
    if seed < 0:
        raise UsageError(f"seed must be at least 0, got {seed}")
    if threads is not None and threads < 1:
        raise UsageError(f"threads must be at least 1, got {threads}")


def _curve(
    decision: Decision, evidence: Calibration, items: UniqueItems, share: float, n_clusters: int
) -> CutCurve:
    """The curve over all cuts, coarsest first.

    Numbers of clusters of a sample are scaled so that the chosen cut has as many as were found
    among all items: mostly by less than 1 / share, because a sample tears groups. Its largest
    cluster, for which there is no such factor, and its repeated rows count as they are.
    """
    copies = np.bincount(items.item) if share == 1 else None
    sizes = [np.bincount(labels, copies) for labels in decision.labels]
    factor = 1.0 if share == 1 else n_clusters / len(sizes[decision.chosen])

    def scaled(counts: list[int]) -> Int64:
        return np.rint(np.array(counts) * factor).astype(np.int64)

    return CutCurve(
        cut=evidence(decision.cut.astype(np.float32)).astype(np.float64),
        n_clusters=scaled([len(size) for size in sizes]),
        n_singletons=scaled([int((size == 1).sum()) for size in sizes]),
        largest=np.array([size.max() for size in sizes], np.int64),
        precision=decision.precision,
        recall=decision.recall,
        agreement=decision.trial.agreement,
        chosen=decision.chosen,
    )


def _cohesion(
    items: UniqueItems, edges: Edges, clustering: Clustering, found: Int64
) -> NDArray[np.float32]:
    """Mean probability of the edges inside each cluster of all items; 1 without edges."""
    label = clustering.labels[items.first]  # of each different row, in the numbering of all items
    inside = found[edges.source] == found[edges.target]
    owner = label[edges.source[inside]]
    n_clusters = clustering.n_clusters
    count = np.bincount(owner, minlength=n_clusters)
    total = np.bincount(owner, edges.weight[inside], n_clusters)
    return np.where(count > 0, total / np.maximum(count, 1), 1.0).astype(np.float32)


def _notes(decision: Decision, items: UniqueItems, share: float, recall: float) -> list[str]:
    """What the user should know about this collection."""
    notes = []
    n, unique = len(items.item), len(items.rows)
    if unique < n:
        what = "1 item repeats" if n - unique == 1 else f"{n - unique:,} items repeat"
        notes.append(f"{what} another row exactly, in the same cluster.")
    if unique < FEWEST_TESTED:
        what = "one item" if unique == 1 else f"{unique} items"
        notes.append(f"Only {what} without repeats: too few to test whether groups are real.")
    elif decision.trial.mean_agreement < WEAK_AGREEMENT:
        notes.append(
            "Two halves of the data hardly agree on any grouping: "
            "there may be no groups in this collection."
        )
    elif decision.precision[decision.chosen] < _LOW_PRECISION:
        notes.append("Groups are expected to be mixed; to prefer precision makes purer ones.")
    if items.rows.shape[1] < FEWEST_DIMENSIONS:
        notes.append(
            f"Rows of fewer than {FEWEST_DIMENSIONS} numbers have no halves: agreement says that "
            "groups withstand a little noise, not that they are real."
        )
    if share < 1:
        notes.append(
            f"Scorer and cut were chosen on whole regions with {share:.0%} of the items; "
            "counts of the cut curve are scaled up from there."
        )
    if recall < _LOW_RECALL:
        notes.append(f"The neighbour search found {recall:.0%} of the neighbours, not 97%.")
    return notes


@contextmanager
def _bounded_kernels(threads: int) -> Iterator[None]:
    """Lets compiled loops use so many threads, and puts numba's setting back."""
    before = numba.get_num_threads()
    numba.set_num_threads(min(threads, before))
    try:
        yield
    finally:
        numba.set_num_threads(before)


class _Clock:
    """Times stages and passes progress on."""

    def __init__(self, progress: Progress | None) -> None:
        self.seconds: dict[str, float] = {}
        self._progress = progress
        self._stage = ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Times what runs inside."""
        self._stage = name
        began = time.perf_counter()
        self.tick(0.0)
        yield
        self.tick(1.0)
        self.seconds[name] = time.perf_counter() - began

    def tick(self, done: float) -> None:
        """Reports the share of the current stage that is done."""
        if self._progress is not None:
            self._progress(self._stage, done)

    def part(self, number: int, parts: int) -> Callable[[float], None]:
        """Gives a `tick` for one of several parts of the current stage."""
        return lambda done: self.tick((number + done) / parts)
