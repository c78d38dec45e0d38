"""What a clustering says about itself: figures to expect, the curve of cuts, notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from covey.calibration import Calibration, CutCurve
from covey.selection import WEAK_AGREEMENT, Decision
from covey.split_half import FEWEST_DIMENSIONS
from covey.types import Clustering, Edges, Int64
from covey.unique_items import UniqueItems

Prefer = Literal["precision", "balanced", "recall"]

FEWEST_TESTED = 20  # different items below which agreement of halves says little
_LOW_PRECISION = 0.5
_LOW_RECALL = 0.965  # of the neighbour search, whose target is 0.97


@dataclass(frozen=True, slots=True)
class ClusterReport:
    """How sure the clustering is, and what the other cuts would have given.

    Attributes:
        expected_precision: Of the items in an average item's cluster (itself included), the share
            that is foreseen to belong with it: BCubed precision, in [0, 1]. Not below the mean of
            1 / cluster size, since each item belongs with itself, and drawn down to that in
            proportion where `agreement` is below .3 (`selection.Decision.promise`).
        expected_recall: Of all items that belong with an average item, the share foreseen in its
            cluster: BCubed recall, in [0, 1]. Both by `models.appraisal`, or see `by_labels`.
        agreement: Adjusted mutual information of the clusters of two halves of the dimensions,
            mean over the cuts that had a say in the choice: 1 when they come out the same, 0 when
            no more alike than chance.
        cut: The edge probability below which edges were ignored.
        curve: The partition at every cut that was tried. Its precision is as foreseen, without
            the bound and the drawing down, so that at the chosen cut it may differ from
            `expected_precision`.
        method: Name of the scorer.
        partition: Name of the partition that was taken.
        prefer: The user's dial.
        k: Neighbours of each item whose edges were weighed: as many as the scorer does well with,
            or was asked for, and at most all others.
        n_unique: Items without repeats: equal rows count once, unless constraints told them apart.
        seconds: Wall seconds of each stage, by name.
        cohesion: (n_clusters,) float32, how probably two linked members of a cluster belong
            together, on average; 1 for singletons.
        notes: Sentences for the user: what was odd about this collection.
        by_labels: Whether precision and recall are foreseen from groups with labels that the model
            was judged on.
    """

    expected_precision: float
    expected_recall: float
    agreement: float
    cut: float
    curve: CutCurve
    method: str
    partition: str
    prefer: Prefer
    k: int
    n_unique: int
    seconds: dict[str, float]
    cohesion: NDArray[np.float32]
    notes: list[str] = field(default_factory=list)
    by_labels: bool = False


def report_curve(
    decision: Decision, evidence: Calibration, items: UniqueItems, share: float, n_clusters: int
) -> CutCurve:
    """The curve over all cuts, coarsest first.

    Numbers of clusters of a sample are scaled so that the chosen cut has as many as were found
    among all items: mostly by less than 1 / share, because a sample tears groups. Its largest
    cluster, for which there is no such factor, and its repeated rows count as they are.
    """
    copies = np.bincount(items.item) if share == 1 else None
    trial = decision.trial
    sizes = [np.bincount(labels, copies) for labels in trial.cuts.labels]
    factor = 1.0 if share == 1 else n_clusters / len(sizes[decision.chosen])

    def scaled(counts: list[int]) -> Int64:
        return np.rint(np.array(counts) * factor).astype(np.int64)

    return CutCurve(
        cut=evidence(trial.cut.astype(np.float32)).astype(np.float64),
        n_clusters=scaled([len(size) for size in sizes]),
        n_singletons=scaled([int((size == 1).sum()) for size in sizes]),
        largest=np.array([size.max() for size in sizes], np.int64),
        precision=trial.precision,
        recall=trial.recall,
        agreement=trial.cuts.agreement,
        chosen=decision.chosen,
    )


def report_cohesion(
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


def report_notes(decision: Decision, items: UniqueItems, share: float, recall: float) -> list[str]:
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
    elif decision.trial.precision[decision.chosen] < _LOW_PRECISION:
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
