"""A refiner from labelled items: judged and calibrated on some of their groups, trained on all.

1. One group in three is held out. Whether to whiten, when to stop, how far to trust the network and
   what a cosine means come from it; nothing of it is learned from.
2. The network is trained anew on all groups, for as many steps: by our trials the number of groups
   matters more than anything else (dev/LOG.md), and cosines keep their meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from covey import __version__
from covey.calibration import calibrate
from covey.graph import knn_to_edges
from covey.knn import build_knn_graph
from covey.labelled_rows import check_enough_groups, different_rows, held_out, whole_groups
from covey.metrics.edges import average_precision
from covey.models.b_attention import refine
from covey.models.b_attention_config import BAttentionConfig
from covey.models.held_out import HeldOut
from covey.models.refiner import OWN_NEIGHBOURS, REFINED_NEIGHBOURS, Refiner, joined
from covey.models.whitening import Whitening, fit_whitening
from covey.training.b_attention import (
    BAttentionPlan,
    LabelledRows,
    Validation,
    Watch,
    local_sets_of,
    train_b_attention,
)
from covey.training.cuts import cuts_tried
from covey.training.loop import Checkpoint
from covey.types import Edges, Float32, InputError

_ONE_IN = 3  # groups that is held out
_DENSITIES = np.geomspace(50.0, 0.2, 25)  # edges an item at the cuts that are tried
_SHARES = (0.8, 0.5, 0.2, 0.0)  # of the item's own embedding, tried on what was held out
_EQUAL = 0.003  # BCubed F that differs by less; then embeddings count as they are
_CLEARLY = 0.9  # of what average precision lacks of 1, at most, when it is better
_WORTH = 0.01  # by which it must rise for embeddings to be whitened
_MOST = 100_000  # labelled items that are learned from, by whole groups
_MOST_WATCHED = 12_000  # and that are judged

PHASES = ("held out", "all groups")
"""The two trainings."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Who follows the making of a refiner.

    Attributes:
        tell: Called after each step with the phase, the step, the loss, and the validation if there
            was one.
        keep: Called after each validation with the phase and what is needed to go on.
        start: What an earlier run kept, by phase.
    """

    tell: Callable[[str, int, float, Validation | None], None] = lambda phase, step, loss, v: None
    keep: Callable[[str, Checkpoint], None] = lambda phase, checkpoint: None
    start: Callable[[str], Checkpoint | None] = lambda phase: None

    def watch(self, phase: str) -> Watch:
        """The same for one training."""
        return Watch(
            lambda step, loss, validation: self.tell(phase, step, loss, validation),
            lambda checkpoint: self.keep(phase, checkpoint),
            self.start(phase),
        )


def train_refiner(
    x: NDArray[Any],
    labels: NDArray[np.integer[Any]],
    *,
    name: str = "the items",
    network: BAttentionConfig | None = None,
    plan: BAttentionPlan | None = None,
    follow: Follow | None = None,
    device: str | None = None,
) -> Refiner:
    """Learns from some groups what belongs together, for others of the same embedding.

    Args:
        x: (n, d) embeddings. Of more than 100,000 different ones whole groups are drawn, about so
            many items in all.
        labels: (n,) groups; negative for items of nobody, each a group of its own.
        name: Of the collection, for messages and the card.
        network: What to train; the default variant if None.
        plan: How to train.
        follow: Progress, and how to go on.
        device: Where torch computes; a GPU where there is one if None.

    Raises:
        InputError: If fewer than 9 groups have two different items or more.
    """
    plan = plan or BAttentionPlan()
    follow = follow or Follow()
    device = device or _fastest_device()
    seed = plan.schedule.seed
    everything = _usable(x, labels, name, seed)
    held = held_out(everything.labels, seed, _ONE_IN)
    if not held.any():
        several = np.count_nonzero(np.unique(everything.labels, return_counts=True)[1] > 1)
        raise InputError(
            f"{name}: {several} groups have two different items or more; to hold some out takes "
            "9: label more, or fine-tune what ships by covey train universal"
        )
    learned, watched = everything.of(~held), _few(everything.of(held), seed)
    config = network or BAttentionConfig(everything.rows.shape[1])
    n = len(everything.rows)
    plain = Judged.of(watched, OWN_NEIGHBOURS, seed)
    whitening, before = None, plain
    if not config.faithful:
        tried = fit_whitening(learned.rows)
        white = Judged.of(_whitened(tried, watched), OWN_NEIGHBOURS, seed)
        if white.is_better(plain, n, by=_WORTH):
            whitening, before = tried, white
    learned, watched = _whitened(whitening, learned), _whitened(whitening, watched)
    trained, last = train_b_attention(
        learned, watched, config, plan, follow.watch(PHASES[0]), device=device
    )
    refined = refine(trained, watched.rows, local_sets_of(watched.rows, config.tests))
    if config.faithful:
        rows = LabelledRows(refined, watched.labels)
        own, found = 0.0, Judged.of(rows, REFINED_NEIGHBOURS, seed)
    else:
        own, found = _best_share(refined, watched, before, n, seed)
    if whitening is not None:
        whitening = fit_whitening(everything.rows)
    rows = _whitened(whitening, everything)
    if own < 1:
        again = replace(plan, schedule=replace(plan.schedule, until=last.best_step))
        trained, _ = train_b_attention(
            rows, None, config, again, follow.watch(PHASES[1]), device=device
        )
    expected = found.held
    if own == 1 and whitening is None:
        expected = judge_rows(_few(rows, seed), OWN_NEIGHBOURS, seed=seed)  # none was learned from
    about = {
        "covey": __version__,
        "trained on": f"{n} items in {_groups(everything)} groups of {name}",
        "held out before that": f"{len(watched.rows)} of them in {_groups(watched)} groups",
        "seed": seed,
        "plan": asdict(plan),
        "steps": last.best_step,
        "whitened": whitening is not None,
        "share of the embedding itself": own,
        "validation": {
            "average precision": round(found.precision, 4),
            "of the cosine": round(plain.precision, 4),
            "BCubed F": round(found.held.best, 4),
            "BCubed F of the cosine": round(plain.held.best, 4),
        },
    }
    tensors = {key: each.cpu().numpy().copy() for key, each in trained.state_dict().items()}
    return Refiner(config, tensors, whitening, own, expected, about)


@dataclass(frozen=True, slots=True)
class Judged:
    """Two measures of embeddings by labels; what one finds by chance, the other seldom does.

    Attributes:
        precision: Average precision of the edges to their neighbours.
        held: What the map equation makes of them at each cut.
    """

    precision: float
    held: HeldOut

    @classmethod
    def of(cls, items: LabelledRows, k: int, seed: int) -> Judged:
        """Measures them; groups are made of the edges to k neighbours."""
        precision = average_precision(_edges(items.rows, REFINED_NEIGHBOURS), items.labels)
        return cls(precision, judge_rows(items, k, seed=seed))

    def is_better(self, other: Judged, n: int, *, by: float = 0.0) -> bool:
        """Whether both are higher, as among n items: BCubed F by so much, precision clearly."""
        higher = self.held.among(n).best > other.held.among(n).best + by
        return higher and 1 - self.precision < _CLEARLY * (1 - other.precision)


def _best_share(
    refined: Float32, watched: LabelledRows, before: Judged, n: int, seed: int
) -> tuple[float, Judged]:
    """Of the item's own embedding: the largest that is as good as any.

    Where embeddings are good and most items alone, a local set is full of strangers and misleads.

    Args:
        refined: Of what is held out.
        watched: What is held out.
        before: These embeddings without refining.
        n: Labelled items in all.
        seed: Of the partition.
    """
    found = [(1.0, before)]
    for own in _SHARES:
        rows = LabelledRows(joined(refined, watched.rows, own), watched.labels)
        judged = Judged.of(rows, REFINED_NEIGHBOURS, seed)
        if judged.is_better(before, n):
            found.append((own, judged))
    best = max(judged.held.among(n).best for _, judged in found)
    return next(each for each in found if each[1].held.among(n).best >= best - _EQUAL)


def judge_rows(items: LabelledRows, k: int, *, seed: int = 0) -> HeldOut:
    """What cosines and cuts meant on labelled items.

    Args:
        items: Their embeddings and groups.
        k: Neighbours of each whose edges are looked at.
        seed: Of the partition.
    """
    labels, edges = items.labels, _edges(items.rows, k)
    together = (labels[edges.source] == labels[edges.target]).astype(np.float32)
    tried = cuts_tried(edges, labels, _DENSITIES, seed=seed)
    return HeldOut(len(labels), calibrate(edges, together), *tried)


def _edges(rows: Float32, k: int) -> Edges:
    return knn_to_edges(build_knn_graph(rows, min(k, len(rows) - 1)))


def _usable(
    x: NDArray[Any], labels: NDArray[np.integer[Any]], name: str, seed: int
) -> LabelledRows:
    """Different rows, those of nobody in groups of their own, not too many."""
    rows, groups = different_rows(x, labels)
    check_enough_groups(name, groups)
    alone = groups < 0
    groups[alone] = groups.max() + 1 + np.arange(np.count_nonzero(alone))
    usable = LabelledRows(rows, groups)
    return usable if len(rows) <= _MOST else usable.of(whole_groups(groups, _MOST, seed))


def _few(items: LabelledRows, seed: int) -> LabelledRows:
    """Whole groups of them, as many as are judged."""
    if len(items.rows) <= _MOST_WATCHED:
        return items
    return items.of(whole_groups(items.labels, _MOST_WATCHED, seed))


def _whitened(whitening: Whitening | None, items: LabelledRows) -> LabelledRows:
    return items if whitening is None else LabelledRows(whitening(items.rows), items.labels)


def _groups(items: LabelledRows) -> int:
    return len(np.unique(items.labels))


def _fastest_device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"
