"""One plain verdict from agreement and the two expected figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from covey.cluster_report import FEWEST_TESTED, WEAK_AGREEMENT, ClusterReport
from covey.io.report.groups import Groups
from covey.io.report.words import count, percent

SOME_AGREEMENT = 0.6

Level = Literal["trust", "look", "doubt"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How far to rely on the clusters, and why, in words."""

    level: Level
    heading: str
    sentence: str


def judge(report: ClusterReport, groups: Groups) -> Verdict:
    """Reads the figures that are foreseen, after shapes and agreement that leave them no ground."""
    precision, recall = report.expected_precision, report.expected_recall
    agreement = report.agreement
    if groups.n == 0:
        return Verdict("doubt", "There is nothing to judge.", "The collection holds no items.")
    if groups.n_singletons == groups.n_clusters:
        return Verdict(
            "doubt",
            "Do not rely on it: nothing was grouped.",
            "Every item stands alone. Either nothing here belongs together, or the embeddings do "
            "not show it.",
        )
    if report.n_unique > 2 and groups.n_clusters == 1:
        return Verdict(
            "doubt",
            "Do not rely on it: everything fell into one cluster.",
            "No cut could tell clusters apart. The items may be near copies of each other, or the "
            "embeddings may not show the difference.",
        )
    if math.isnan(precision) or math.isnan(recall):
        return Verdict(
            "look",
            "Look before you rely on it.",
            "Precision and recall could not be estimated for this collection; judge by the "
            "clusters below.",
        )
    if agreement < WEAK_AGREEMENT and report.n_unique >= FEWEST_TESTED:
        return Verdict(
            "doubt",
            "Do not rely on it: there may be no groups here.",
            f"Two halves of the data agree on the clusters by {percent(agreement)}, where 0% is "
            "chance. What the report shows may be chance too.",
        )
    if agreement < SOME_AGREEMENT or report.n_unique < FEWEST_TESTED:
        few = (
            f"{count(report.n_unique, 'item')} without repeats: too few to test whether the "
            "clusters are real."
        )
        weak = (
            f"Two halves of the data agree on the clusters by {percent(agreement)} only, so the "
            "expected figures are rough."
        )
        return Verdict(
            "look",
            "Look before you rely on it.",
            (few if report.n_unique < FEWEST_TESTED else weak) + " Judge by the clusters below.",
        )
    if precision >= 0.95 and recall < 0.5:
        return Verdict(
            "doubt",
            "Rely on what is together, not on the number of clusters.",
            "By its own estimate the clusters are pure, but most things are spread over several. "
            "Begin with the possible merges, or prefer recall.",
        )
    if precision < 0.75 or recall < 0.5:
        flaw = (
            "many clusters mix different things" if precision < 0.75 else "most clusters are split"
        )
        return Verdict(
            "doubt",
            "Do not rely on it yet.",
            f"By its own estimate {flaw}. Correct the clusters below, or try other embeddings.",
        )
    if precision >= 0.95 and recall >= 0.9:
        return Verdict(
            "trust",
            "Trust it, and spot-check.",
            "By its own estimate nearly all clusters are whole and pure. What follows is what is "
            "most likely to be wrong.",
        )
    if precision >= 0.95:
        return Verdict(
            "look",
            "Trust what is together; look for what is split.",
            "By its own estimate the clusters are pure, but some things are spread over several. "
            "Begin with the possible merges.",
        )
    return Verdict(
        "look",
        "Look before you rely on it.",
        "By its own estimate most clusters are right, but some hold more than one thing"
        + (", and some things are spread over several." if recall < 0.9 else ".")
        + " Begin with the mixed-looking clusters.",
    )


def precision_sentence(precision: float) -> str:
    """What the expected precision means for this run."""
    if math.isnan(precision):
        return "Could not be estimated."
    return (
        f"Of the members of an average item's cluster, itself included, {percent(precision)} "
        "should belong with it."
    )


def recall_sentence(recall: float) -> str:
    """What the expected recall means for this run."""
    if math.isnan(recall):
        return "Could not be estimated."
    return f"Of all that belong with an average item, {percent(recall)} should be in its cluster."


def agreement_sentence(agreement: float, *, by_labels: bool = False) -> str:
    """What the agreement of the two halves means."""
    if math.isnan(agreement):
        return "Could not be measured."
    return (
        "How alike the clusters of two halves of the dimensions are: 0% is chance, 100% the same. "
        + (
            "It is low, so the other two figures mean little."
            if agreement < SOME_AGREEMENT
            else "The other two come from groups with labels, on which the model was judged."
            if by_labels
            else "The other two figures are foreseen from it and from other signs."
        )
    )
