"""How a run came from neighbours to groups, so that items that come later are treated alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, cast

import numpy as np

from covey.calibration import Calibration, with_probability
from covey.graph import nearest
from covey.graph_partition import partition_edges
from covey.models.link_scorer import EdgeScorer
from covey.models.universal import relative_weights
from covey.scoring import SCORERS, as_affinity, score_edges
from covey.selection import Recipe, edges_above
from covey.types import Clustering, Constraints, Edges, Float32, InputError, KnnGraph
from covey.vectors import Metric


@dataclass(frozen=True, slots=True)
class GroupingRule:
    """What a run chose.

    Attributes:
        recipe: Scorer, length of the lists, partition.
        cut: Score of the lightest edge that is used.
        evidence: What scores mean.
        metric: How rows are compared.
        repeatable: Whether scores of a larger collection mean the same: not those of a model from
            labels, which is not kept here, nor where the universal scorer was fixed on a sample.
    """

    recipe: Recipe
    cut: float
    evidence: Calibration
    metric: Metric = "cosine"
    repeatable: bool = True

    def edges(self, rows: Float32, knn: KnnGraph, scorer: EdgeScorer | None = None) -> Edges:
        """All edges, scored and with their probabilities.

        Args:
            rows: (n, d) float32, for the cosine of unit length.
            knn: Neighbours of the rows.
            scorer: Weights of a trained one; those that ship with the package if None.
        """
        graph = knn if self.metric == "cosine" else as_affinity(knn)
        found = score_edges(rows, nearest(graph, self.recipe.k), self.recipe.scorer, model=scorer)
        return with_probability(found, self.evidence)

    def partition(
        self, edges: Edges, n: int, *, constraints: Constraints | None = None, seed: int = 0
    ) -> Clustering:
        """Groups n items by those of their edges that are as heavy as the cut.

        Raises:
            UsageError: If constraints contradict each other.
        """
        kept = edges_above(Edges(edges.source, edges.target, edges.score), self.cut)
        weighed = relative_weights(kept, self.cut) if self.recipe.relative else kept
        return partition_edges(
            weighed,
            n,
            name=self.recipe.partition,
            constraints=constraints,
            seed=seed,
            probable=self.recipe.probable,
        )

    def facts(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "recipe": asdict(self.recipe),
            "cut": self.cut,
            "scores": self.evidence.score.tolist(),
            "probabilities": self.evidence.probability.tolist(),
            "metric": self.metric,
            "repeatable": self.repeatable,
        }


def rule_from(facts: dict[str, Any]) -> GroupingRule:
    """Reads what `GroupingRule.facts` made.

    Raises:
        InputError: If something is missing or unknown.
    """
    try:
        recipe = Recipe(**facts["recipe"])
        evidence = Calibration(
            np.array(facts["scores"], np.float64), np.array(facts["probabilities"], np.float64)
        )
        rule = GroupingRule(
            recipe,
            float(facts["cut"]),
            evidence,
            cast(Metric, facts["metric"]),
            bool(facts["repeatable"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the rule of a run cannot be read: {error!r}") from None
    if recipe.scorer not in (*SCORERS, "learned"):
        raise InputError(f"the rule of a run names an unknown scorer, {recipe.scorer!r}")
    return rule
