"""The main job as one function: embeddings in, groups and how far to trust them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from covey.calibration import Calibration, calibrate, with_probability
from covey.cluster_report import (
    ClusterReport,
    Prefer,
    report_cohesion,
    report_curve,
    report_notes,
)
from covey.graph import nearest
from covey.graph_partition import partition_edges
from covey.grouping_rule import GroupingRule
from covey.hub import UniversalModel, default_model, load_model
from covey.knn import KnnInfo, build_knn_graph_with_info
from covey.models.appraisal import Appraiser
from covey.models.held_out import HeldOut
from covey.models.link_scorer import EdgeScorer
from covey.models.refiner import Refiner
from covey.models.refining_memory import require_refining_memory
from covey.named_recipes import check_options, is_appraised, recipes_of, refined_recipe, sight_of
from covey.partition.strength import membership_strength
from covey.resources import available_threads
from covey.sampling import whole_regions
from covey.scoring import (
    as_affinity,
    neighbours_weighed,
    score_edges,
)
from covey.selection import (
    Decision,
    Foresight,
    Recipe,
    Sight,
    View,
    decide,
    edges_above,
    half_views,
    try_recipe,
)
from covey.stage_clock import Progress, StageClock
from covey.threads import bounded_threads
from covey.types import Clustering, Constraints, Edges, Float32, Int64, KnnGraph, UsageError
from covey.unique_items import unique_items

_BETA: dict[str, float] = {"precision": 0.25, "balanced": 1.0, "recall": 4.0}
_NEIGHBOURS = 80
_NEIGHBOURS_OF_MANY = 50  # where there are more than _MANY items: the lists are most of the memory
_MANY = 200_000
_MOST_JUDGED = 25_000  # items up to which scorers and cuts are compared on all
_SAMPLE = 12_000  # on so many, in whole regions, where there are more


@dataclass(frozen=True, slots=True)
class ClusterResult:
    """Everything that one run gives.

    Attributes:
        clustering: The partition, with a strength per item.
        report: How far to trust it.
        edges: Calibrated edges at or above the cut, which the partition was made from.
        knn: Neighbours of each item, of which the edges were made from the first `report.k`.
        rule: How the groups came from the neighbours.
    """

    clustering: Clustering
    report: ClusterReport
    edges: Edges
    knn: KnnGraph
    rule: GroupingRule


def cluster(
    x: ArrayLike,
    *,
    k: int | None = None,
    method: str = "auto",
    partition: str = "auto",
    prefer: Prefer = "balanced",
    model: UniversalModel | Refiner | str | PathLike[str] | None = None,
    metric: Literal["cosine", "euclidean"] = "cosine",
    constraints: Constraints | None = None,
    seed: int = 0,
    threads: int | None = None,
    memory_limit: int | None = None,
    progress: Progress | None = None,
) -> ClusterResult:
    """Groups the rows of `x`, with no labels, no number of groups and no threshold.

    Neighbours are found, their edges are weighed in more than one way, and all dimensions and two
    halves of them are clustered over a range of cuts. The way on which the halves agree best is
    taken; from that and other signs a trained appraiser foresees how good each of its cuts is, and
    the best of these is taken (see `selection`). Shuffling the rows changes nothing but names;
    equal rows share a cluster, and how often a row is repeated does not change the others' clusters
    (both unless there are constraints, which may tell equal rows apart).

    Args:
        x: (n, d) finite numbers, n >= 2; memory-mapped is fine.
        k: Neighbours of each item; if None as many as the scorer does well with, of 80 that are
            looked for, or 50 of more than 200,000 items.
        method: "untrained": the plain cosine and that of neighbourhood means compete; "auto": so
            does the universal scorer, up to 25,000 items (above, it took longer and was not seen to
            be better); "universal": it alone; or one of `covey.scoring.SCORERS`. By euclidean
            distance, only the distance itself.
        partition: "auto" or one of `covey.graph_partition.PARTITIONS`.
        prefer: Which error weighs more: mixed groups ("precision"), split ones ("recall").
        model: A folder that `covey train` wrote, or what `covey.hub.load_model` reads there. Of
            `covey train universal` it is a scorer and an appraiser, which judges untrained scorers,
            too; those that ship with the package if None. Of others it is what labels of other
            groups made: then embeddings are refined first, or edges are weighed by its network,
            and what held-out groups showed foresees precision and recall and chooses the cut. It
            was shown for one partition and lists of one length; with others the halves do both.
        metric: "cosine" for embeddings, "euclidean" where lengths matter.
        constraints: Pairs that must or must not share a cluster; always kept.
        seed: Draws the halves and every random order.
        threads: At most so many, in every library; all cores that the process may use if None.
        memory_limit: Bytes that float32 rows, refining and the neighbour search may take on top of
            `x`; what is available if None.
        progress: Called with the stage and the share done.

    Returns:
        The clustering, its report, edges and neighbours.

    Raises:
        InputError: If a row holds NaN, infinity or, for the cosine, only zeros; if n < 2.
        UsageError: If an option is unknown or out of range.
        MemoryLimitError: If rows, refining or neighbour search would need more memory than allowed.
    """
    check_options(method, partition, prefer, metric, k, seed, threads)
    if isinstance(model, str | PathLike):
        model = load_model(model)
    if not (model is None or isinstance(model, Refiner | UniversalModel)):
        raise UsageError(f"model must be a model or its folder, got {type(model).__name__}")
    refiner = model if isinstance(model, Refiner) else None
    if refiner is not None and method != "auto":
        name = refiner.kind.name
        raise UsageError(
            f"a model by covey train {name} has a method of its own: leave out {method!r}, or it"
        )
    threads = threads or available_threads()
    unit = metric == "cosine"
    clock = StageClock(progress)
    with clock.stage("reading"):
        items = unique_items(
            x,
            metric=metric,
            keep_equal=bool(constraints),
            memory_limit=memory_limit,
            tick=clock.tick,
        )
        rows, n = items.rows, len(items.rows)
        known = items.translate(constraints) if constraints else None
        if refiner is not None:
            refiner.check(rows.shape[1], metric)
            held = 4 * len(items.item) * rows.shape[1]
            require_refining_memory(refiner, n, limit=memory_limit, held=held)
            rows = refiner.prepare(rows)
            items = replace(items, rows=rows)  # what they were is not needed any more

    def neighbours_of(rows: Float32, width: int) -> tuple[KnnGraph, KnnInfo]:
        return build_knn_graph_with_info(
            rows,
            width,
            metric=metric,
            threads=threads,
            memory_limit=memory_limit,
            seed=seed,
            held=4 * len(items.item) * items.rows.shape[1],
            progress=clock.tick,
        )

    if refiner is not None and refiner.refines:
        with clock.stage("first neighbours"):
            local = neighbours_of(rows, refiner.neighbours_among(n))[0]
        with clock.stage("refining"):
            rows = refiner.refine(rows, local, threads=threads, tick=clock.tick)
        del local
        items = replace(items, rows=rows)
    with clock.stage("neighbours"):
        width = list_length(n, k)
        knn, search = neighbours_of(rows, width)
        graph = knn if unit else as_affinity(knn)
    with clock.stage("agreement"), bounded_threads(threads):
        if refiner is not None:
            recipes = [refined_recipe(refiner, partition, k)]
        else:
            few = n <= _MOST_JUDGED
            recipes = recipes_of(method, partition, k, unit=unit, few=few)
        most = n if n <= _MOST_JUDGED else _SAMPLE
        judged = whole_regions(rows, knn, most, unit=unit, seed=seed, threads=threads)
        universal = model if isinstance(model, UniversalModel) else default_model()
        scorer: EdgeScorer = universal.scorer
        halved = scorer
        if refiner is not None and refiner.scorer is not None:
            scorer, halved = refiner.scorer, refiner.halves_scorer
        foresight: Foresight | None = None
        expected = None
        if refiner is not None and refiner.held_out.can_tell_of(n):
            expected = refiner.held_out.among(n)
            if recipes == [refined_recipe(refiner, "auto", None)]:
                foresight = partial(_told_by_others, expected)
        elif is_appraised(recipes, rows.shape[1], unit):
            foresight = partial(_told_by_signs, universal.appraiser)
        if judged.share < 1 and any(recipe.scorer == "universal" for recipe in recipes):
            scorer = universal.scorer.fixed_on(judged.rows, judged.knn)  # the cut means the same
        whole = View(judged.rows, judged.knn, scorer)
        decision, evidence = _choose(
            whole,
            recipes,
            _BETA[prefer],
            width=width,
            scorer=halved,
            foresight=foresight,
            sight=sight_of(whole, recipes[0], None if foresight is None else expected),
            unit=unit,
            seed=seed,
            threads=threads,
            clock=clock,
        )
        evidence = expected.calibration if expected is not None else evidence
    with clock.stage("groups"), bounded_threads(threads):
        recipe = decision.trial.recipe
        cut = float(decision.trial.cut[decision.chosen])
        if judged.share == 1:
            edges = whole.edges(recipe)
        else:
            edges = score_edges(rows, nearest(graph, recipe.k), recipe.scorer, model=whole.scorer)
        rule = GroupingRule(
            recipe,
            cut,
            evidence,
            metric,
            repeatable=refiner is None and (judged.share == 1 or recipe.scorer != "universal"),
        )
        found = rule.partition(edges, n, constraints=known, seed=seed)
        edges = with_probability(edges_above(edges, cut), evidence)
        strength = membership_strength(edges, found.labels)
        clustering = Clustering(
            items.spread_labels(found.labels),
            strength[items.item],
            float(evidence(np.array([cut], np.float32))[0]),
        )
    precision, recall = decision.promise
    report = ClusterReport(
        expected_precision=precision,
        expected_recall=recall,
        agreement=decision.trial.mean_agreement,
        cut=float(clustering.cut or 0.0),
        curve=report_curve(decision, evidence, items, judged.share, found.n_clusters),
        method=recipe.scorer if refiner is None else refiner.kind.name,
        partition=recipe.partition,
        prefer=prefer,
        k=neighbours_weighed(recipe.scorer, min(recipe.k, graph.k), whole.scorer),
        n_unique=n,
        seconds=clock.seconds,
        cohesion=report_cohesion(items, edges, clustering, found.labels),
        notes=report_notes(decision, items, judged.share, search.recall)
        + ([] if refiner is None or expected is not None else [_too_few_judges(refiner, n)]),
        by_labels=expected is not None and foresight is not None,
    )
    return ClusterResult(clustering, report, items.spread_edges(edges), items.spread_knn(knn), rule)


def list_length(n: int, k: int | None = None) -> int:
    """Neighbours that `cluster` looks for around each of n different items."""
    return max(1, min(k or (_NEIGHBOURS if n <= _MANY else _NEIGHBOURS_OF_MANY), n - 1))


def _choose(
    whole: View,
    recipes: list[Recipe],
    beta: float,
    *,
    width: int,
    scorer: EdgeScorer,
    foresight: Foresight | None,
    sight: Sight,
    unit: bool,
    seed: int,
    threads: int,
    clock: StageClock,
) -> tuple[Decision, Calibration]:
    """Tries the recipes, decides on the clustering, and calibrates the winner's edges."""
    halves = half_views(whole.rows, width, unit=unit, seed=seed, threads=threads, model=scorer)
    trials = []
    for number, recipe in enumerate(recipes):
        trials.append(
            try_recipe(
                recipe,
                whole,
                halves,
                _divider(recipe, seed),
                foresight,
                densities=sight.densities,
                threads=threads,
                tick=clock.part(number, len(recipes)),
            )
        )
    decision = decide(trials, beta=beta, as_good=sight.as_good)
    edges = whole.edges(decision.trial.recipe)
    return decision, calibrate(edges, decision.trial.together(edges))


def _told_by_signs(
    appraiser: Appraiser, signs: Float32, cut: NDArray[np.float64]
) -> NDArray[np.float64]:
    return appraiser(signs)


def _told_by_others(
    expected: HeldOut, signs: Float32, cut: NDArray[np.float64]
) -> NDArray[np.float64]:
    return expected.foreseen(cut)


def _divider(recipe: Recipe, seed: int) -> Callable[[Edges, int], Int64]:
    """The recipe's partition, in fewer rounds than the final one."""
    return lambda edges, n: (
        partition_edges(
            edges, n, name=recipe.partition, rounds=2, seed=seed, probable=recipe.probable
        ).labels
    )


def _too_few_judges(refiner: Refiner, n: int) -> str:
    return (
        f"the model was judged on {refiner.held_out.n_items:,} items, too few to foresee anything "
        f"of {n:,}: cut, precision and recall are found as without labels"
    )
