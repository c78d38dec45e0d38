"""A universal model goes on learning from a user's own labels.

The labelled items are taken as they are: their neighbours, their scale and their mixture of large
and small groups are those that the scorer will meet. Bent and cut down views, which a model for any
collection needs, taught it wrong here (dev/LOG.md). One group in five is kept back to see whether
the new scorer is better; if not, the old one stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from covey import __version__
from covey.datasets.view_draws import LabelledSet
from covey.extras import require
from covey.hub import UniversalModel
from covey.models.universal import UniversalScorer
from covey.training.examples import EdgeExamples, draw_edges
from covey.types import Float32, InputError, Int64, UsageError
from covey.vectors import as_rows, group_equal_rows, take_rows

_HELD_OUT = 5  # one group in so many
_FEWEST = 3  # groups of two items or more that are worth holding out
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
            than 50,000 different ones whole groups are drawn, about so many items in all.
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
    rows, labels = _different(source)
    _check_groups(source.name, labels)
    alone = labels < 0
    labels[alone] = labels.max() + 1 + np.arange(np.count_nonzero(alone))
    if len(rows) > _COMPARED:
        chosen = _whole_groups(labels, _COMPARED, seed)
        rows, labels = rows[chosen], labels[chosen]
    held = _held_out(labels, seed)
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
        "refined on": f"{len(source.x)} items of {source.name}",
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
    _check_groups(source.name, _different(source)[1])


def rounded(figures: Mapping[str, float]) -> dict[str, float | None]:
    """To four places; None for what is not known."""
    return {name: round(value, 4) if value == value else None for name, value in figures.items()}


def _check_groups(name: str, labels: Int64) -> None:
    """The same for the labels of different items."""
    counts = np.unique(labels[labels >= 0], return_counts=True)[1]
    several = int(np.count_nonzero(counts > 1))
    if several < 2:
        raise InputError(
            f"{name}: {several} of {len(counts)} groups have two different items or more; "
            "to learn what belongs together takes at least two such groups"
        )


def _different(source: LabelledSet) -> tuple[Float32, Int64]:
    """Unit rows, each once and none of zeros, and their groups from 0, -1 for those of nobody.

    Of equal rows the first that belongs to somebody tells the group.
    """
    usable = source.x.any(axis=1)
    x, labels = source.x, source.labels
    if not usable.all():
        x, labels = x[usable], labels[usable]
    rows = as_rows(x)
    first, row, _ = group_equal_rows(rows)
    known = np.flatnonzero(labels >= 0)
    codes = np.unique(labels[known], return_inverse=True)[1]
    groups = np.full(len(first), -1, np.int64)
    groups[row[known[::-1]]] = codes[::-1]
    return take_rows(rows, first, in_place=False), groups


def _whole_groups(labels: Int64, most: int, seed: int) -> NDArray[np.bool_]:
    """(n,) whether an item's group is drawn: random ones, until they hold `most` items."""
    _, code, counts = np.unique(labels, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(counts))
    before = np.cumsum(counts[order]) - counts[order]
    drawn = np.zeros(len(counts), np.bool_)
    drawn[order[before < most]] = True
    return drawn[code]


def _held_out(labels: Int64, seed: int) -> NDArray[np.bool_]:
    """(n,) whether an item's group is held out: one in five, of those with company and of others.

    None where there are too few with company.
    """
    found, code, counts = np.unique(labels, return_inverse=True, return_counts=True)
    held = np.zeros(len(found), np.bool_)
    rng = np.random.default_rng(seed)
    for several in (True, False):
        groups = rng.permutation(np.flatnonzero((counts > 1) == several))
        if several and len(groups) < _FEWEST * _HELD_OUT:
            break
        held[groups[: len(groups) // _HELD_OUT]] = True
    return held[code]


def _in_parts(examples: EdgeExamples) -> list[EdgeExamples]:
    """Cuts the items of one collection into parts, as random as they were drawn."""
    order = np.random.default_rng(len(examples.together)).permutation(len(examples.together))
    parts = np.array_split(order, max(1, len(order) // _PART))
    return [
        EdgeExamples(examples.families, examples.features[part], examples.together[part])
        for part in parts
    ]
