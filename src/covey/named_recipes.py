"""The words that `cluster` takes for its methods, and the recipes that they stand for."""

from __future__ import annotations

from typing import cast, get_args

import numpy as np

from covey.cluster_report import Prefer
from covey.graph_partition import PARTITIONS, TRIED_PARTITIONS
from covey.models.held_out import HeldOut
from covey.models.refiner import Refiner
from covey.scoring import COMPARE_DIRECTIONS, LIST_LENGTH, SCORERS, Scorer
from covey.selection import FINE_SIGHT, Recipe, Sight, View
from covey.types import UsageError

METHODS: dict[str, tuple[Scorer, ...]] = {
    "auto": ("cosine", "smoothed", "universal"),
    "universal": ("universal",),
    "untrained": ("cosine", "smoothed"),
}
"""Names for scorers that compete, the cheapest first; by euclidean distance only it does."""

_FEWEST_APPRAISED = 16
"""Dimensions from which the appraiser, which never saw fewer, is asked. Nor did it see distances,
other partitions and scorers than those that compete by default; elsewhere the halves decide alone.
"""


def recipes_of(
    method: str, partition: str, k: int | None, *, unit: bool, few: bool
) -> list[Recipe]:
    """The recipes to try: where the user named scorer or partition, only with that.

    Args:
        method, partition, k: As `cluster` takes them.
        unit: Whether rows are compared by cosine.
        few: Whether all items are judged, and so the universal scorer competes.
    """
    if method == "auto" and not few:
        method = "untrained"
    named = METHODS.get(method, (cast(Scorer, method),))
    scorers = [scorer for scorer in named if unit or scorer not in COMPARE_DIRECTIONS] or ["cosine"]
    partitions = TRIED_PARTITIONS if partition == "auto" else (partition,)
    return [
        Recipe(scorer, k or LIST_LENGTH[scorer], name) for name in partitions for scorer in scorers
    ]


def refined_recipe(refiner: Refiner, partition: str, k: int | None) -> Recipe:
    """How refined embeddings are clustered: as on the groups that were held out, by default."""
    name = refiner.partition if partition == "auto" else partition
    scorer: Scorer = "cosine" if refiner.scorer is None else "learned"
    return Recipe(scorer, k or refiner.list_length, name)


def sight_of(whole: View, recipe: Recipe, expected: HeldOut | None) -> Sight:
    """Which cuts are tried: where probabilities were judged, those that they were judged at."""
    if expected is None:
        return Sight()
    if not recipe.probable:
        return FINE_SIGHT
    score = np.sort(whole.edges(recipe).score)
    above = len(score) - np.searchsorted(score, expected.cut.astype(np.float32))
    densities = np.unique(np.maximum(above, 1))[::-1] / len(whole.rows)
    return Sight(densities, FINE_SIGHT.as_good)


def is_appraised(recipes: list[Recipe], dimensions: int, unit: bool) -> bool:
    """Whether the appraiser knows what it would judge."""
    known = all(
        recipe.scorer in METHODS["auto"] and recipe.partition in TRIED_PARTITIONS
        for recipe in recipes
    )
    return known and unit and dimensions >= _FEWEST_APPRAISED


def check_options(
    method: str,
    partition: str,
    prefer: str,
    metric: str,
    k: int | None,
    seed: int,
    threads: int | None,
) -> None:
    """Refuses options of `cluster` that are unknown or out of range.

    Raises:
        UsageError: For the first such option.
    """
    for name, value, allowed in (
        ("method", method, tuple(dict.fromkeys((*METHODS, *SCORERS)))),
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
