"""Many different collections out of few labelled ones: what a scorer for any embedding learns from.

A view is a random part of a labelled set, or a synthetic collection, bent at random. Between the
bounds numbers are drawn uniformly, or so on a log scale where the table says log. (The tables of
the rest: `covey.datasets.synthetic_draws`, `covey.datasets.bends`.)

    synthetic   33 %, or as the caller says, or all where there are no sets
    part        largest group 2 to 500 (log), items 1,500 to 12,000 (log) but at most 90 % of what
                the groups give, groups from the fewest that give so many, and a third more, to
                all (log); sizes lognormal 50 %, zipf 30 %, equal 20 %
    strays      40 %, where more than 5 groups were left out: one item of each of 1 to all of them
                (log), at most a third of the most items
    nobody's    50 %, where there are any: 5 to all of the items that belong to nobody (log), at
                most a third of the most items
    mixture     10 %: a part of another set, of up to 4,000 items, beside the first; both turned
                at random in the columns of the smaller
    takes       15 %, or as the caller says, synthetic or not: every item a person, most of them
                met once (`covey.datasets.takes`)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.datasets.bends import bend
from covey.datasets.rows import unit_rows
from covey.datasets.sizes import Tail
from covey.datasets.synthetic import Collection
from covey.datasets.synthetic_draws import draw_seed, draw_synthetic, log_uniform
from covey.datasets.takes import draw_takes
from covey.datasets.views import random_projection_view, subset_view
from covey.types import Float32, InputError, Int64, UsageError
from covey.vectors import as_rows, group_equal_rows

DRAWS = 2
"""Raised when the same seed comes to give another view: examples of before are not mixed in."""

FEWEST_ROWS = 200
"""Rows of a view, where the sets allow."""

_TRIES = 20
_LARGEST_GROUP = (2, 500)
_ITEMS = (1500, 12_000)
_PARTNER_ITEMS = 4000
_SPARE_ITEMS = 0.9
_SPARE_GROUPS = 1.3
_BEYOND_ALL = 1.2  # the log scale ends here, so that all groups are drawn now and then
_FEWEST_GROUPS = 3
_TAILS: tuple[Tail, ...] = ("lognormal", "zipf", "equal")
_TAIL_CHANCES = (0.5, 0.3, 0.2)
_STRAYS_CHANCE, _ENOUGH_STRAYS = 0.4, 6
_NOBODYS_CHANCE, _FEWEST_NOBODYS = 0.5, 5
_MIXTURE_CHANCE = 0.1
_EXTRA = 3  # strays, and nobody's, are at most one in so many of the most items


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """A labelled collection to draw views from.

    Attributes:
        name: Its name.
        family: Shared by sets of the same items or texts, which are held out together.
        x: (n, d) finite floats of any length; rows of zeros are never drawn.
        labels: (n,) integers; negative ones belong to nobody, each is a group of its own.
        share: How often it is drawn, beside that of other sets.
    """

    name: str
    family: str
    x: NDArray[Any]
    labels: NDArray[np.integer[Any]]
    share: float = 1.0

    def __post_init__(self) -> None:
        if self.x.ndim != 2 or self.x.shape[1] == 0 or self.labels.shape != self.x.shape[:1]:
            raise InputError(
                f"set {self.name}: x {self.x.shape} must be (n, d) with d >= 1, labels "
                f"{self.labels.shape} a vector of n"
            )
        if self.labels.dtype.kind not in "iu":
            raise InputError(
                f"set {self.name}: labels are {self.labels.dtype.name}, not integers; "
                "numpy.unique(labels, return_inverse=True)[1] makes them"
            )
        if not 0 < self.share < np.inf:
            raise UsageError(f"set {self.name}: share must be positive, not {self.share}")
        finite = np.isfinite(self.x).all(axis=1)
        if not finite.all():
            row = int(np.argmin(finite))
            raise InputError(f"set {self.name}: row {row} holds NaN or infinity; drop or repair it")


@dataclass(frozen=True, slots=True)
class View:
    """A collection to train or test on.

    Attributes:
        name: "synthetic", the name of a set, or two of them with a "+".
        families: Those of the sets, ascending, each once; none for a synthetic one.
        x: (n, d) float32 rows of length 1, no two equal.
        labels: (n,) int64 from 0, who belongs together; all numbers up to the largest occur.
    """

    name: str
    families: tuple[str, ...]
    x: Float32
    labels: Int64


def draw_view(
    sets: Sequence[LabelledSet],
    seed: int,
    *,
    synthetic: float = 0.33,
    bent: float = 1.0,
    takes: float = 0.15,
) -> View:
    """Draws one view; the same sets and seed give the same bytes.

    Args:
        sets: What to draw from; where there are none, everything is synthetic.
        seed: Seed, not negative.
        synthetic: Share of synthetic collections, in [0, 1].
        bent: Share of views that are bent, in [0, 1]; the others are as nature made them.
        takes: Share of views whose items become persons, in [0, 1].

    Returns:
        A view of 200 to 33,000 rows, mostly 1,000 to 6,000. What gives fewer is drawn anew, set and
        all, so that small sets come less often than their share; after 20 in vain, the largest of
        them. About 0.1 s for 5,000 rows, longer where d is above 700.

    Raises:
        UsageError: If a number is out of range.
    """
    if seed < 0 or not all(0 <= share <= 1 for share in (synthetic, bent, takes)):
        raise UsageError(
            "seed must not be negative, synthetic, bent and takes in [0, 1], not "
            f"{seed}, {synthetic}, {bent} and {takes}"
        )
    largest: View | None = None
    for attempt in range(_TRIES):
        view = _draw_once(sets, np.random.default_rng([seed, attempt]), synthetic, bent, takes)
        if largest is None or len(view.x) > len(largest.x):
            largest = view
        if len(largest.x) >= FEWEST_ROWS:
            break
    assert largest is not None
    return largest


def draw_subset(
    source: LabelledSet, rng: np.random.Generator, *, most: int = _ITEMS[1]
) -> Collection:
    """Draws a part of a set, with strays of other groups and items of nobody.

    Args:
        source: The set.
        rng: Source of all numbers.
        most: Items at most, at least 1; strays and items of nobody come on top, up to a third as
            many each.

    Returns:
        x (m, d) float32 of unit rows, in the order of the set but for strays and items of nobody,
        which follow; labels (m,) int64 from 0.
    """
    usable = source.x.any(axis=1)
    grouped = np.where(usable, source.labels, -1).astype(np.int64)
    rows = _rows_of_groups(grouped, rng, most)
    if rng.random() < _STRAYS_CHANCE:
        rows = np.concatenate([rows, _strays(grouped, rows, rng, most // _EXTRA)])
    nobodys = np.flatnonzero(usable & (source.labels < 0))
    if len(nobodys) and rng.random() < _NOBODYS_CHANCE:
        upper = max(min(len(nobodys), most // _EXTRA), _FEWEST_NOBODYS)
        wanted = min(int(log_uniform(rng, _FEWEST_NOBODYS, upper)), len(nobodys))
        rows = np.concatenate([rows, rng.choice(nobodys, wanted, replace=False)])
    labels = grouped[rows]
    alone = labels < 0
    labels[alone] = labels.max(initial=-1) + 1 + np.arange(np.count_nonzero(alone))
    return as_rows(source.x[rows]), _from_zero(labels)


def _draw_once(
    sets: Sequence[LabelledSet],
    rng: np.random.Generator,
    synthetic: float,
    bent: float,
    takes: float,
) -> View:
    used: list[LabelledSet] = []
    if not sets or rng.random() < synthetic:
        x, labels = draw_synthetic(rng)
    else:
        shares = np.array([one.share for one in sets], np.float64)
        chances = shares / shares.sum()
        used.append(sets[rng.choice(len(sets), p=chances)])
        x, labels = draw_subset(used[0], rng)
        if rng.random() < _MIXTURE_CHANCE:
            used.append(sets[rng.choice(len(sets), p=chances)])
            partner = draw_subset(used[1], rng, most=_PARTNER_ITEMS)
            x, labels = _side_by_side((x, labels), partner, rng)
    if rng.random() < takes and len(x) > 1:
        x, labels = draw_takes(x, labels, rng)
    if rng.random() < bent:
        x, labels = bend(x, labels, rng)
    x, labels = _without_repeats(x, labels)
    name = "+".join(one.name for one in used) or "synthetic"
    return View(name, tuple(sorted({one.family for one in used})), x, labels)


def _rows_of_groups(labels: Int64, rng: np.random.Generator, most: int) -> Int64:
    """Ascending rows of random groups, cut down to random sizes; -1 is never drawn."""
    counts = np.unique(labels[labels >= 0], return_counts=True)[1]
    if len(counts) == 0:
        return np.empty(0, np.int64)
    n_all = len(counts)
    largest = int(log_uniform(rng, *_LARGEST_GROUP))
    typical = float(np.minimum(counts, largest).mean())
    wanted = log_uniform(rng, min(_ITEMS[0], most), most)
    n = max(int(min(wanted, _SPARE_ITEMS * typical * n_all)), 1)
    fewest = max(min(_SPARE_GROUPS * n / typical + 1, n_all - 1), 1)
    n_groups = max(int(log_uniform(rng, fewest, _BEYOND_ALL * n_all)), _FEWEST_GROUPS)
    n_groups = min(n_groups, n_all, n)
    tail = _TAILS[rng.choice(len(_TAILS), p=_TAIL_CHANCES)]
    return subset_view(
        labels,
        n_groups=n_groups,
        n=min(n, largest * n_groups),
        tail=tail,
        min_size=1,
        max_size=largest,
        seed=draw_seed(rng),
    )


def _strays(labels: Int64, rows: Int64, rng: np.random.Generator, most: int) -> Int64:
    """One random row of each of some groups that are not in `rows`, in random order."""
    left_out = rng.permutation(np.flatnonzero((labels >= 0) & ~np.isin(labels, labels[rows])))
    first = rng.permutation(np.unique(labels[left_out], return_index=True)[1])
    if len(first) < _ENOUGH_STRAYS:
        return np.empty(0, np.int64)
    return left_out[first[: int(log_uniform(rng, 1, min(len(first), most) + 1))]]


def _side_by_side(one: Collection, other: Collection, rng: np.random.Generator) -> Collection:
    """Both in the columns of the smaller, each turned at random, no group shared."""
    d = min(one[0].shape[1], other[0].shape[1])
    turned = [random_projection_view(x, d, seed=draw_seed(rng)) for x, _ in (one, other)]
    labels = [one[1], other[1] + one[1].max(initial=-1) + 1]
    return np.concatenate([unit_rows(x) for x in turned]), np.concatenate(labels)


def _without_repeats(x: NDArray[Any], labels: Int64) -> tuple[Float32, Int64]:
    """Unit rows, each once and none of zeros, in the order given; labels from 0."""
    directed = x.any(axis=1)
    rows = as_rows(x[directed])
    first, _, _ = group_equal_rows(rows)
    return rows[first], _from_zero(labels[directed][first])


def _from_zero(labels: Int64) -> Int64:
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)
