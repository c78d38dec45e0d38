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
from numpy.typing import NDArray

from covey import __version__
from covey.labelled_rows import (
    LabelledRows,
    check_enough_groups,
    different_rows,
    draw_groups,
    held_out,
)
from covey.models.b_attention import fastest_device, refine
from covey.models.b_attention_config import BAttentionConfig
from covey.models.refiner import Refiner, list_length
from covey.models.whitening import Whitening, fit_whitening
from covey.training.b_attention import (
    BAttentionPlan,
    local_sets_of,
    train_b_attention,
)
from covey.training.judging import best_share, judge, judge_rows
from covey.training.loop import Checkpoint
from covey.training.watch import Validation, Watch
from covey.types import InputError

_ONE_IN = 3  # groups that is held out
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
        x: (n, d) embeddings. Of more than 100,000 different ones groups are drawn, so many items in
            all at most, and groups of more than 10,000 thinned (see `draw_groups`).
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
    device = device or fastest_device()
    seed = plan.schedule.seed
    everything, drawn = _usable(x, labels, name, seed)
    held = held_out(everything.labels, seed, _ONE_IN)
    if not held.any():
        several = np.count_nonzero(np.unique(everything.labels, return_counts=True)[1] > 1)
        raise InputError(
            f"{name}: {several} groups have two different items or more; to hold some out takes "
            "9: label more, or fine-tune what ships by covey train universal"
        )
    learned = everything.of(~held)
    watched, judged = draw_groups(everything.of(held), _MOST_WATCHED, seed)
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
        learned, watched, config, plan, follow.watch(PHASES[0]), device=device
    )
    refined = refine(trained, watched.rows, local_sets_of(watched.rows, config.tests))
    if config.faithful:
        best = judge(LabelledRows(refined, watched.labels), 0.0)
    else:
        best = best_share(refined, watched, before, n)
    if whitening is not None:
        whitening = fit_whitening(everything.rows)
    rows = _whitened(whitening, everything)
    expected = best.held
    if best.own < 1:
        again = replace(plan, schedule=replace(plan.schedule, until=last.best_step))
        trained, _ = train_b_attention(
            rows, None, config, again, follow.watch(PHASES[1]), device=device
        )
    elif whitening is None:  # nothing was learned from any item, so all of them may judge
        expected = judge_rows(draw_groups(rows, _MOST_WATCHED, seed)[0], list_length(1.0))
    about = {
        "covey": __version__,
        "trained on": f"{n} items in {_groups(everything)} groups of {name}",
        "held out before that": f"{len(watched.rows)} of them in {_groups(watched)} groups",
        **({"drawn": drawn} if drawn else {}),
        **({"judged": judged} if judged else {}),
        "seed": seed,
        "plan": asdict(plan),
        "steps": last.best_step,
        "whitened": whitening is not None,
        "share of the embedding itself": best.own,
        "validation": {
            "average precision": round(best.precision, 4),
            "of the cosine": round(plain.precision, 4),
            "BCubed F": round(best.held.best, 4),
            "BCubed F of the cosine": round(plain.held.best, 4),
        },
    }
    tensors = {key: each.cpu().numpy().copy() for key, each in trained.state_dict().items()}
    return Refiner(config, tensors, whitening, best.own, expected, about)


def _usable(
    x: NDArray[Any], labels: NDArray[np.integer[Any]], name: str, seed: int
) -> tuple[LabelledRows, str]:
    """Different rows, those of nobody in groups of their own, not too many; and what is left."""
    rows, groups = different_rows(x, labels)
    check_enough_groups(name, groups)
    alone = groups < 0
    groups[alone] = groups.max() + 1 + np.arange(np.count_nonzero(alone))
    return draw_groups(LabelledRows(rows, groups), _MOST, seed)


def _whitened(whitening: Whitening | None, items: LabelledRows) -> LabelledRows:
    return items if whitening is None else LabelledRows(whitening(items.rows), items.labels)


def _groups(items: LabelledRows) -> int:
    return len(np.unique(items.labels))
