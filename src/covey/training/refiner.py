"""A refiner from labelled items: trained on most groups, judged and calibrated on the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey import __version__
from covey.calibration import calibrate
from covey.graph import knn_to_edges
from covey.graph_partition import partition_edges
from covey.knn import build_knn_graph
from covey.labelled_rows import check_enough_groups, different_rows, held_out, whole_groups
from covey.metrics.clustering import evaluate
from covey.metrics.edges import average_precision
from covey.models.b_attention import refine
from covey.models.b_attention_config import BAttentionConfig
from covey.models.refiner import REFINED_NEIGHBOURS, HeldOut, Refiner, joined
from covey.training.b_attention import (
    BAttentionPlan,
    LabelledRows,
    local_sets_of,
    train_b_attention,
)
from covey.training.loop import Checkpoint
from covey.types import Edges, Float32, InputError, Int64

_CUTS = 24
_DENSITIES = np.geomspace(30.0, 0.2, _CUTS)  # edges an item at the cuts that are tried
_SHARES = (0.0, 0.2, 0.5, 0.8, 1.0)  # of the item's own embedding, tried on what was held out
_EQUAL = 0.003  # BCubed F that differs by less
_MOST = 100_000  # labelled items that are learned from, by whole groups


@dataclass(frozen=True, slots=True)
class Steps:
    """What a caller may want to hear of a training.

    Attributes:
        start: A run to go on with.
        tell: Called after each step with the step, its loss, and the validation if there was one.
        keep: Called after each validation with what is needed to go on.
    """

    start: Checkpoint | None = None
    tell: Callable[[int, float, float | None], None] = lambda step, loss, score: None
    keep: Callable[[Checkpoint], None] = lambda checkpoint: None


def train_refiner(
    x: NDArray[Any],
    labels: NDArray[np.integer[Any]],
    *,
    name: str = "the items",
    network: BAttentionConfig | None = None,
    plan: BAttentionPlan | None = None,
    steps: Steps | None = None,
) -> Refiner:
    """Learns from some groups what belongs together, for others of the same embedding.

    One group in five is held out: it says when to stop, what cosines of refined rows mean, and
    which precision and recall each cut gives. Nothing of it is learned from.

    Args:
        x: (n, d) embeddings. Of more than 100,000 different ones whole groups are drawn, about so
            many items in all.
        labels: (n,) groups; negative for items of nobody, each a group of its own.
        name: Of the collection, for messages and the card.
        network: What to train; `inputs` is put to d. The default variant if None.
        plan: How to train.
        steps: Progress and resuming.

    Raises:
        InputError: If fewer than 15 groups have two different items or more.
    """
    plan = plan or BAttentionPlan()
    steps = steps or Steps()
    seed = plan.schedule.seed
    rows, groups = different_rows(x, labels)
    check_enough_groups(name, groups)
    alone = groups < 0
    groups[alone] = groups.max() + 1 + np.arange(np.count_nonzero(alone))
    if len(rows) > _MOST:
        drawn = whole_groups(groups, _MOST, seed)
        rows, groups = rows[drawn], groups[drawn]
    held = held_out(groups, seed)
    if not held.any():
        several = np.count_nonzero(np.unique(groups, return_counts=True)[1] > 1)
        raise InputError(
            f"{name}: {several} groups have two different items or more; to hold some out takes "
            "15: label more, or fine-tune what ships by covey train universal"
        )
    learned = LabelledRows(rows[~held], groups[~held])
    watched = LabelledRows(rows[held], groups[held])
    config = network or BAttentionConfig(rows.shape[1])
    trained, last = train_b_attention(
        learned, watched, config, plan, start=steps.start, tell=steps.tell, keep=steps.keep
    )
    refined = refine(trained, watched.rows, local_sets_of(watched.rows, config.tests))
    own, expected = _best_share(refined, watched, (0.0,) if config.faithful else _SHARES, seed)
    raw = knn_to_edges(
        build_knn_graph(watched.rows, min(REFINED_NEIGHBOURS, len(watched.rows) - 1))
    )
    about = {
        "covey": __version__,
        "trained on": f"{len(learned.rows)} items of {name}",
        "held out": f"{len(watched.rows)} items in {len(np.unique(watched.labels))} groups",
        "seed": seed,
        "plan": asdict(plan),
        "best step": last.best_step,
        "share of the embedding itself": own,
        "validation": {
            "average precision": round(last.score, 4),
            "of the cosine": round(average_precision(raw, watched.labels), 4),
        },
    }
    weights = {k: v.numpy().copy() for k, v in trained.state_dict().items()}
    return Refiner(config, weights, own, expected, about)


def _best_share(
    refined: Float32, watched: LabelledRows, shares: Sequence[float], seed: int
) -> tuple[float, HeldOut]:
    """Of the item's own embedding: the least by which the groups come out best, and what to expect.

    Where embeddings are good and most items alone, a local set is full of strangers and misleads.
    """
    found = [
        (own, judge_refined(joined(refined, watched.rows, own), watched.labels, seed=seed))
        for own in shares
    ]
    best = max(held.best for _, held in found)
    return next((own, held) for own, held in found if held.best >= best - _EQUAL)


def judge_refined(refined: Float32, labels: Int64, *, seed: int = 0) -> HeldOut:
    """What cosines and cuts of refined rows meant on labelled items.

    Args:
        refined: (n, d) float32 of unit length.
        labels: (n,) their groups.
        seed: Of the partition.
    """
    n = len(refined)
    edges = knn_to_edges(build_knn_graph(refined, min(REFINED_NEIGHBOURS, n - 1)))
    together = (labels[edges.source] == labels[edges.target]).astype(np.float32)
    order = np.sort(edges.score)[::-1]
    kept = np.unique(np.clip(np.round(_DENSITIES * n), 1, edges.m).astype(np.int64))[::-1]
    found = []
    for count in kept:
        cut = order[count - 1]
        above = edges.score >= cut
        some = Edges(edges.source[above], edges.target[above], edges.score[above])
        scores = evaluate(labels, partition_edges(some, n, rounds=2, seed=seed).labels).bcubed
        found.append((float(cut), scores.precision, scores.recall))
    cut, precision, recall = np.array(found).T
    return HeldOut(n, calibrate(edges, together), cut, precision, recall)
