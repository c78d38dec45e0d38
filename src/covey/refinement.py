"""A universal model goes on learning from a user's own labels.

The labelled items are taken as they are: their neighbours, their scale and their mixture of large
and small groups are those that the scorer will meet. Bent and cut down views, which a model for any
collection needs, taught it wrong here (dev/LOG.md). One group in five is kept back to see whether
the new scorer is better; if not, the old one stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from covey import __version__
from covey.datasets.view_draws import LabelledSet
from covey.extras import require
from covey.hub import UniversalModel
from covey.labelled_rows import (
    LabelledRows,
    check_enough_groups,
    different_rows,
    draw_groups,
    held_out,
)
from covey.models.universal import UniversalScorer
from covey.training.examples import EdgeExamples, draw_edges
from covey.types import UsageError

_MOST = 6000  # items whose edges are learned from
_COMPARED = 50_000  # items among which their neighbours are looked for, of the larger part
_PART = 120  # items of one example: training finds the level of each


def refine_model(
    model: UniversalModel,
    source: LabelledSet,
    *,
    steps: int = 400,
    seed: int = 0,
    tell: Callable[[str, float], None] = lambda what, done: None,
) -> UniversalModel:
    """Goes on training the scorer on a user's own labelled items; the appraiser stays.

    Args:
        model: Where to start.
        source: Labelled items; of items that belong to nobody each is a group of its own. Of more
            than 50,000 different ones groups are drawn, so many items in all at most.
        steps: Of the optimiser.
        seed: Draws the groups that are held out, the items learned from, and batches.
        tell: Progress, called as `tell(what, share done)`.

    Returns:
        The model, its scorer the one that ranks edges of the held-out groups better: the new one
        or the old, also where they do equally well to four places. Its `about` says under
        "validation" how both do there: None where all neighbours of held-out items belong with
        them, or none, and then the scorer is the old one; nothing, and the new scorer, where there
        are fewer than 15 groups of two items or more. Some seconds for 10,000 items.

    Raises:
        InputError: If fewer than two groups have two items.
        UsageError: If the seed is negative.
        MissingExtraError: If torch is not installed.
    """
    require("torch", "learn")
    if seed < 0:
        raise UsageError(f"seed must not be negative, not {seed}")
    from covey.training.universal import Schedule, faster, train_scorer, validate

    tell("edges", 0.0)
    rows, labels = different_rows(source.x, source.labels)
    check_enough_groups(source.name, labels)
    alone = labels < 0
    labels[alone] = labels.max() + 1 + np.arange(np.count_nonzero(alone))
    items, drawn = draw_groups(LabelledRows(rows, labels), _COMPARED, seed)
    rows, labels = items.rows, items.labels
    held = held_out(labels, seed)
    examples = _in_parts(draw_edges(rows[~held], labels[~held], _MOST, seed=seed))
    tell("edges", 0.8)
    test = [draw_edges(rows[held], labels[held], _MOST, seed=seed)] if held.any() else []
    tell("edges", 1.0)
    network = train_scorer(
        examples,
        faster(Schedule(seed=seed), steps),
        start=model.scorer.network,
        tell=lambda step, loss, validation: tell("scorer", step / steps),
    )
    scorer = UniversalScorer(network)
    figures: dict[str, float | int | None] = {}
    if test:
        after, before = (validate(one.network, test) for one in (scorer, model.scorer))
        ranked = {
            "average precision": after.precision,
            "of the cosine": after.cosine,
            "before": before.precision,
        }
        groups = np.unique(labels[held], return_counts=True)[1]
        figures = {"groups": int(np.count_nonzero(groups > 1)), **rounded(ranked)}
        # As rounded, so that who reads the figures sees which of the two was kept.
        if not round(after.precision, 4) > round(before.precision, 4):
            scorer = model.scorer
    about = {
        **model.about,
        "refined on": f"{len(source.x)} items of {source.name}{drawn and f' ({drawn})'}",
        "covey": __version__,
        "validation": figures,
    }
    return UniversalModel(scorer, model.appraiser, about)


def check_groups(source: LabelledSet) -> None:
    """Refuses a set that does not show what belongs together and what does not.

    Raises:
        InputError: If fewer than two of its groups have two items. Rows that repeat another one do
            not count.
    """
    check_enough_groups(source.name, different_rows(source.x, source.labels)[1])


def rounded(figures: Mapping[str, float]) -> dict[str, float | None]:
    """To four places; None for what is not known."""
    return {name: round(value, 4) if value == value else None for name, value in figures.items()}


def _in_parts(examples: EdgeExamples) -> list[EdgeExamples]:
    """Cuts the items of one collection into parts, as random as they were drawn."""
    order = np.random.default_rng(len(examples.together)).permutation(len(examples.together))
    parts = np.array_split(order, max(1, len(order) // _PART))
    return [
        EdgeExamples(examples.families, examples.features[part], examples.together[part])
        for part in parts
    ]
