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
from functools import partial
from typing import Any, Literal, cast

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
from covey.models.b_attention_config import BAttentionConfig
from covey.models.device import fastest_device
from covey.models.kinds import NetworkConfig
from covey.models.link_scorer import LinkScorer
from covey.models.linkage_gcn import LinkageGCN
from covey.models.refiner import Refiner, Weighed, joined
from covey.models.universal import UniversalScorer
from covey.models.whitening import Whitening, fit_whitening
from covey.training.b_attention import BAttentionPlan
from covey.training.choosing import CHOOSING, best_way, learned_ways, with_falls
from covey.training.edge_scorer import Crosswise
from covey.training.judged_links import judge_network
from covey.training.judging import Judged, best_share, judge
from covey.training.loop import Checkpoint, Schedule
from covey.training.networks import Plan, refined, train_network
from covey.training.watch import Watch
from covey.types import InputError, Int64

_ONE_IN = 3  # groups that is held out
_FEWEST = fewest_to_hold_out(_ONE_IN)
_HINT = (
    "label more, or fine-tune the scorer that ships by covey train universal, for which 2 will do"
)
_MOST = 100_000  # labelled items that are learned from
_MOST_WATCHED = 12_000  # and that are judged

PHASES = ("held out", "all groups")
"""The two trainings; where a part is trained before, a phase of its own is named after both."""


@dataclass(frozen=True, slots=True)
class Follow:
    """Who follows the making of a refiner.

    Attributes:
        tell: Called after each step with the phase, the step, the loss, and the validation if there
            was one: a `Validation`, or of what filters lists a `FilterValidation`.
        keep: Called after each validation with the phase and what is needed to go on.
        stage: Called between the trainings with what is done, and the share of it.
        start: What an earlier run kept, by phase.
        begin: Called before each training with the phase, the steps that an earlier run has done,
            and the last step: the same where nothing is left to do.
    """

    tell: Callable[[str, int, float, Any], None] = lambda phase, step, loss, validation: None
    keep: Callable[[str, Checkpoint], None] = lambda phase, checkpoint: None
    stage: Callable[[str, float], None] = lambda stage, done: None
    start: Callable[[str], Checkpoint | None] = lambda phase: None
    begin: Callable[[str, int, int], None] = lambda phase, done, last: None

    def watch(self, phase: str, part: str, schedule: Schedule) -> Watch[Any]:
        """The same for one training, which begins."""
        name = f"{phase}, {part}" if part else phase
        start = self.start(name)
        done = 0 if start is None else start.step
        over = start is not None and start.is_over(schedule)
        self.begin(name, done, done if over else schedule.end)
        return Watch(
            lambda step, loss, validation: self.tell(name, step, loss, validation),
            lambda checkpoint: self.keep(name, checkpoint),
            start,
        )


def train_refiner(
    x: NDArray[Any],
    labels: NDArray[np.integer[Any]],
    *,
    name: str = "the items",
    network: NetworkConfig | None = None,
    plan: Plan | None = None,
    follow: Follow | None = None,
    scores: Literal["auto", "cosine"] = "auto",
    alone: bool = False,
    device: str | None = None,
) -> Refiner:
    """Learns from some groups what belongs together, for others of the same embedding.

    Args:
        x: (n, d) embeddings. Of more than 100,000 different ones groups are drawn, so many items in
            all at most, and groups of more than 10,000 thinned (see `draw_groups`).
        labels: (n,) groups; negative for items of nobody, each a group of its own.
        name: Of the collection, for messages and the card.
        network: What to train; the default variant of B-Attention if None.
        plan: How to train, of the same kind; that of B-Attention if None.
        follow: Progress, and how to go on.
        scores: What may weigh the edges between refined embeddings: their cosines alone, or also a
            scorer learned from the groups that were held out, where it makes better groups by what
            some of them teach of the others. A linkage GCN weighs edges itself, and competes too.
        alone: Whether the network stands alone, to measure it: no whitening, no share of the
            embedding itself, no learned scorer, and it is used whether it gains anything or not.
        device: Where torch computes; a GPU where there is one if None.

    Raises:
        InputError: If fewer than 9 groups have two different items or more, among 100,000 items.
        UsageError: If network and plan are of different kinds.
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
    config = network or BAttentionConfig(everything.rows.shape[1])
    alone = alone or (isinstance(config, BAttentionConfig) and config.faithful)
    n = len(everything.rows)
    plain = before = judge(items)
    whitening, watched = None, items
    if not alone:
        tried = fit_whitening(learned.rows)
        white = judge(_whitened(tried, items))
        if white.is_better(plain, n):
            whitening, before = tried, white
    learned, watched = _whitened(whitening, learned), _whitened(whitening, watched)
    trained = train_network(
        learned, watched, config, plan, partial(follow.watch, PHASES[0]), device=device
    )
    follow.stage(CHOOSING, 0.1)
    judges = items
    links: list[Judged] = []
    if isinstance(trained.network, LinkageGCN):
        out, best = watched.rows, before
        links = judge_network(watched, trained.network, seed=seed)
    else:
        out = refined(trained.network, watched.rows)
        best = judge(LabelledRows(out, watched.labels), 0.0)
        if not alone:
            best = best_share(out, watched, before, n)
        if best.own == 1 and whitening is None:  # nothing was learned from any item: all may judge
            judges = draw_groups(everything, _MOST_WATCHED, seed)[0]
            best = plain = judge(judges)

    def rows_at(own: float) -> LabelledRows:
        if judges is not items:
            return judges
        return LabelledRows(joined(out, watched.rows, own), watched.labels)

    ways = [best, *links]
    if scores == "auto" and not alone:
        ways += learned_ways(best, rows_at, seed=seed, tell=follow.stage)
    way = max(links, key=lambda each: each.f(n)) if links and alone else best_way(ways, n)
    way = with_falls(way, rows_at(way.own), seed=seed)
    follow.stage(CHOOSING, 0.8)
    unlabelled = cluster(judges.rows, seed=seed).clustering.labels
    follow.stage(CHOOSING, 1.0)
    weighed = _weighed(way)
    if whitening is not None:
        whitening = fit_whitening(everything.rows)
    if way.own < 1 or weighed == "network":
        rows = _whitened(whitening, everything)
        watching = partial(follow.watch, PHASES[1])
        network_again = train_network(rows, None, config, trained.again, watching, device=device)
        trained = replace(network_again, steps=trained.steps)
    about = {
        "covey": __version__,
        "trained on": f"{n} items in {_groups(everything.labels, named, name)}",
        "held out before that": f"{len(items.rows)} of them in {_groups(items.labels, named)}",
        **({"drawn": drawn} if drawn else {}),
        **({"judged": judged} if judged else {}),
        "seed": seed,
        "plan": asdict(plan),
        "steps": trained.steps,
        "whitened": whitening is not None,
        "share of the embedding itself": way.own,
        "edges": weighed,
        "partition": way.partition,
        "validation": {
            "average precision": round(way.precision, 4),
            "of the cosine": round(plain.precision, 4),
            "BCubed F": round(way.held.best, 4),
            "BCubed F of the cosine": round(plain.held.best, 4),
            "BCubed F without labels": round(bcubed(judges.labels, unlabelled).f, 4),
        },
    }
    tensors, used = trained.tensors(), trained.network.config
    scorer: UniversalScorer | LinkScorer | None = None
    if isinstance(way.scored, Crosswise):
        scorer = way.scored.scorer()
    elif weighed == "network":
        scorer = LinkScorer(cast(LinkageGCN, trained.network).config, tensors)
    return Refiner(used, tensors, whitening, way.own, way.held, about, scorer, way.partition)


def _weighed(way: Judged) -> Weighed:
    """What weighs edges there."""
    if way.scored is None:
        return "cosine"
    return "learned" if isinstance(way.scored, Crosswise) else "network"


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
