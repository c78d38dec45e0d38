"""A refiner from labelled items: judged and calibrated on some of their groups, trained on all.

1. One group in three is held out. Whether to whiten, when to stop, how far to trust the network,
   what weighs edges, what makes groups of them and what all that means come from it; the network
   learns nothing of it.
2. The network is trained anew on all groups, for as many steps: by our trials the number of groups
   matters more than anything else (dev/LOG.md), and cosines keep their meaning.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from covey import __version__
from covey.clustering import cluster
from covey.labelled_rows import (
    LabelledRows,
    check_enough_groups,
    different_rows,
    draw_groups,
    fewest_to_hold_out,
    held_out,
)
from covey.metrics.clustering import bcubed
from covey.models.b_attention import fastest_device, refine
from covey.models.b_attention_config import BAttentionConfig
from covey.models.refiner import Refiner, joined
from covey.models.whitening import Whitening, fit_whitening
from covey.training.b_attention import (
    BAttentionPlan,
    local_sets_of,
    train_b_attention,
)
from covey.training.choosing import CHOOSING, choose_way
from covey.training.judging import best_share, judge
from covey.training.loop import Checkpoint, Schedule
from covey.training.watch import Validation, Watch
from covey.types import InputError, Int64

_ONE_IN = 3  # groups that is held out
_FEWEST = fewest_to_hold_out(_ONE_IN)
_HINT = (
    "label more, or fine-tune the scorer that ships by covey train universal, for which 2 will do"
)
_MOST = 100_000  # labelled items that are learned from
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
        stage: Called between the trainings with what is done, and the share of it.
        start: What an earlier run kept, by phase.
        begin: Called before each training with the phase, the steps that an earlier run has done,
            and the last step: the same where nothing is left to do.
    """

    tell: Callable[[str, int, float, Validation | None], None] = lambda phase, step, loss, v: None
    keep: Callable[[str, Checkpoint], None] = lambda phase, checkpoint: None
    stage: Callable[[str, float], None] = lambda stage, done: None
    start: Callable[[str], Checkpoint | None] = lambda phase: None
    begin: Callable[[str, int, int], None] = lambda phase, done, last: None

    def watch(self, phase: str, schedule: Schedule) -> Watch:
        """The same for one training, which begins."""
        start = self.start(phase)
        done = 0 if start is None else start.step
        over = start is not None and start.is_over(schedule)
        self.begin(phase, done, done if over else schedule.end)
        return Watch(
            lambda step, loss, validation: self.tell(phase, step, loss, validation),
            lambda checkpoint: self.keep(phase, checkpoint),
            start,
        )


def train_refiner(
    x: NDArray[Any],
    labels: NDArray[np.integer[Any]],
    *,
    name: str = "the items",
    network: BAttentionConfig | None = None,
    plan: BAttentionPlan | None = None,
    follow: Follow | None = None,
    scores: Literal["auto", "cosine"] = "auto",
    device: str | None = None,
) -> Refiner:
    """Learns from some groups what belongs together, for others of the same embedding.

    Args:
        x: (n, d) embeddings. Of more than 100,000 different ones groups are drawn, so many items in
            all at most, and groups of more than 10,000 thinned (see `draw_groups`).
        labels: (n,) groups; negative for items of nobody, each a group of its own.
        name: Of the collection, for messages and the card.
        network: What to train; the default variant if None.
        plan: How to train.
        follow: Progress, and how to go on.
        scores: What may weigh the edges of what comes out: its cosines alone, or also a scorer
            learned from the groups that were held out, where each half of them shows the other that
            groups get better by it.
        device: Where torch computes; a GPU where there is one if None.

    Raises:
        InputError: If fewer than 9 groups have two different items or more, among 100,000 items.
    """
    plan = plan or BAttentionPlan()
    follow = follow or Follow()
    device = device or fastest_device()
    seed = plan.schedule.seed
    everything, named, drawn = _usable(x, labels, name, seed)
    held = held_out(everything.labels, seed, _ONE_IN)
    if not held.any():
        raise InputError(
            f"{name}: groups are so large that fewer than {_FEWEST} fit among the {_MOST:,} items "
            "that are learned from; leave out some items of each"
        )
    learned = everything.of(~held)
    items, judged = draw_groups(everything.of(held), _MOST_WATCHED, seed)
    watched = items
    config = network or BAttentionConfig(everything.rows.shape[1])
    n = len(everything.rows)
    plain = judge(watched)
    whitening, before = None, plain
    if not config.faithful:
        tried = fit_whitening(learned.rows)
        white = judge(_whitened(tried, watched))
        if white.is_better(plain, n):
            whitening, before = tried, white
    learned, watched = _whitened(whitening, learned), _whitened(whitening, watched)
    trained, last = train_b_attention(
        learned, watched, config, plan, follow.watch(PHASES[0], plan.schedule), device=device
    )
    refined = refine(trained, watched.rows, local_sets_of(watched.rows, config.tests))
    if config.faithful:
        best = judge(LabelledRows(refined, watched.labels), 0.0)
    else:
        best = best_share(refined, watched, before, n)
    if whitening is not None:
        whitening = fit_whitening(everything.rows)
    rows = _whitened(whitening, everything)
    judges = items
    if best.own == 1 and whitening is None:  # nothing was learned from any item: all may judge
        judges = draw_groups(everything, _MOST_WATCHED, seed)[0]
        best = plain = judge(judges)

    def rows_at(own: float) -> LabelledRows:
        if judges is not items:
            return judges
        return LabelledRows(joined(refined, watched.rows, own), watched.labels)

    learned_too = scores == "auto" and not config.faithful
    way = choose_way(best, rows_at, n, learned_too=learned_too, seed=seed, tell=follow.stage)
    unlabelled = cluster(judges.rows, seed=seed).clustering.labels
    follow.stage(CHOOSING, 1.0)
    if way.own < 1:
        again = replace(plan, schedule=replace(plan.schedule, until=last.best_step))
        trained, _ = train_b_attention(
            rows, None, config, again, follow.watch(PHASES[1], again.schedule), device=device
        )
    about = {
        "covey": __version__,
        "trained on": f"{n} items in {_groups(everything.labels, named, name)}",
        "held out before that": f"{len(items.rows)} of them in {_groups(items.labels, named)}",
        **({"drawn": drawn} if drawn else {}),
        **({"judged": judged} if judged else {}),
        "seed": seed,
        "plan": asdict(plan),
        "steps": last.best_step,
        "whitened": whitening is not None,
        "share of the embedding itself": way.own,
        "edges": "cosine" if way.learned is None else "learned",
        "partition": way.partition,
        "validation": {
            "average precision": round(way.precision, 4),
            "of the cosine": round(plain.precision, 4),
            "BCubed F": round(way.held.best, 4),
            "BCubed F of the cosine": round(plain.held.best, 4),
            "BCubed F without labels": round(bcubed(judges.labels, unlabelled).f, 4),
        },
    }
    tensors = {key: each.cpu().numpy().copy() for key, each in trained.state_dict().items()}
    scorer = None if way.learned is None else way.learned.scorer()
    return Refiner(config, tensors, whitening, way.own, way.held, about, scorer, way.partition)


def _usable(
    x: NDArray[Any], labels: NDArray[np.integer[Any]], name: str, seed: int
) -> tuple[LabelledRows, int, str]:
    """Different rows, those of nobody in groups from a number on; and what is left out."""
    rows, groups = different_rows(x, labels)
    check_enough_groups(name, groups, _FEWEST, hint=_HINT)
    alone = groups < 0
    named = int(groups.max()) + 1
    groups[alone] = named + np.arange(np.count_nonzero(alone))
    usable, drawn = draw_groups(LabelledRows(rows, groups), _MOST, seed)
    return usable, named, drawn


def _whitened(whitening: Whitening | None, items: LabelledRows) -> LabelledRows:
    return items if whitening is None else LabelledRows(whitening(items.rows), items.labels)


def _groups(labels: Int64, named: int, name: str = "") -> str:
    """How many groups there are, and how many items of nobody: those numbered from `named` on."""
    nobody = np.count_nonzero(labels >= named)
    told = f"{len(np.unique(labels)) - nobody} groups" + (f" of {name}" if name else "")
    return told + (f", {nobody} of them of nobody" if nobody else "")
