"""Every item becomes a person of whom there are several takes, or more often one.

So any labelled set gives collections of thousands of groups, most of them of one item: as faces
are, and as labelled sets of text and pictures hardly ever. The old groups become what persons have
in common, which is not the truth any more.

At random, numbers drawn uniformly between the bounds, or so on a log scale where it says log:

    persons     30 to 100 % of the items
    takes       of 20 to 95 % of the persons one; of the others 2 and more by a power law whose
                exponent is 0.8 to 3, at most 2 to 500 (log); 12,000 in all
    strength    0.25 to 1.3 (log), spread 0 to 0.6
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.datasets.rows import row_parts, unit_rows
from covey.datasets.synthetic import Collection
from covey.datasets.synthetic_draws import draw_seed, log_uniform
from covey.types import Float32, Int64, UsageError

_DIFFERENCES = 20_000
_SAMPLE = 1000  # items whose nearest neighbour tells what is far
_PERSONS, _ALONE = (0.3, 1.0), (0.2, 0.95)
_EXPONENT, _LARGEST, _TAKES = (0.8, 3.0), (2, 500), 12_000
_STRENGTH, _SPREAD = (0.25, 1.3), (0.0, 0.6)


def draw_takes(x: NDArray[Any], labels: Int64, rng: np.random.Generator) -> Collection:
    """Draws takes by the table of this module.

    Args:
        x: (n, d) floats, n >= 2, no row of zeros.
        labels: (n,) group of each item, from 0.
        rng: Source of all numbers.

    Returns:
        x and labels of `with_takes`; one person at least has two takes.
    """
    persons = max(int(len(x) * rng.uniform(*_PERSONS)), 1)
    alone = rng.random(persons) < rng.uniform(*_ALONE)
    alone[0] = False
    exponent, largest = rng.uniform(*_EXPONENT), int(log_uniform(rng, *_LARGEST))
    several = 1 + np.ceil((1 - rng.random(persons)) ** (-1 / exponent))
    sizes = np.where(alone, 1, np.minimum(several, largest)).astype(np.int64)
    return with_takes(
        x,
        labels,
        sizes[np.cumsum(sizes) <= _TAKES],
        strength=log_uniform(rng, *_STRENGTH),
        spread=rng.uniform(*_SPREAD),
        seed=draw_seed(rng),
    )


def with_takes(
    x: NDArray[Any],
    labels: Int64,
    sizes: Int64,
    *,
    strength: float = 0.6,
    spread: float = 0.0,
    seed: int = 0,
) -> Collection:
    """Draws takes of some items, each moved the way items of one group differ.

    A take of item i is x_i / |x_i| + strength r exp(spread z) v, scaled to length 1. r is the
    median distance of an item to its nearest neighbour, z Gaussian, and v the sum of two random
    differences between items of one group, scaled to length 1; of any two items where no group has
    two. With strength 0.7 two takes lie about as far from each other as nearest neighbours did.

    Args:
        x: (n, d) floats, n >= 2, no row of zeros.
        labels: (n,) group of each item, from 0.
        sizes: (m,) takes of each of m <= n items, which are drawn at random, each at least 1.
        strength: Length of the move, not negative.
        spread: How much some takes are worse than others, not negative.
        seed: Seed.

    Returns:
        x (sum of sizes, d) float32 of unit rows and labels, who it is, in ascending order. O(n d)
        time and memory beside the result, and a product of 1,000 rows with all.

    Raises:
        UsageError: If there are too few items, or a number is out of range.
    """
    if len(x) < 2 or len(sizes) > len(x) or np.any(sizes < 1):
        raise UsageError(f"{len(sizes)} items cannot be taken out of {len(x)}, each once or more")
    if strength < 0 or spread < 0:
        raise UsageError(f"strength and spread must not be negative: {strength}, {spread}")
    rng = np.random.default_rng(seed)
    rows = unit_rows(np.asarray(x, np.float32))
    person = np.repeat(np.arange(len(sizes)), sizes)
    item = rng.permutation(len(rows))[person]
    first, second = _pairs_within(labels, rng)
    length = strength * _typical_distance(rows, rng)
    moves = length * np.exp(spread * rng.standard_normal(len(item)))
    drawn = rng.integers(len(first), size=(2, len(item)))
    out = np.empty((len(item), x.shape[1]), np.float32)
    for part in row_parts(len(item)):
        one, other = drawn[:, part]
        move = rows[first[one]] - rows[second[one]] + rows[first[other]] - rows[second[other]]
        move /= np.maximum(np.linalg.norm(move, axis=1, keepdims=True), np.float32(1e-6))
        out[part] = unit_rows(rows[item[part]] + moves[part, None].astype(np.float32) * move)
    return out, person.astype(np.int64)


def _pairs_within(labels: Int64, rng: np.random.Generator) -> tuple[Int64, Int64]:
    """Random pairs of different items of one group; of any where no group has two."""
    counts = np.bincount(labels)
    paired = np.flatnonzero(counts[labels] > 1)
    if not len(paired):
        labels, counts = np.zeros_like(labels), np.array([len(labels)])
        paired = np.arange(len(labels))
    order = np.argsort(labels, kind="stable")
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    first = rng.choice(paired, _DIFFERENCES)
    group = labels[first]
    start = (np.cumsum(counts) - counts)[group]
    steps = rng.integers(1, counts[group])
    second = order[start + (place[first] - start + steps) % counts[group]]
    return first, second


def _typical_distance(rows: Float32, rng: np.random.Generator) -> float:
    """Median distance of an item to its nearest neighbour, from a sample."""
    sample = rng.permutation(len(rows))[:_SAMPLE]
    similarity = rows[sample] @ rows.T
    similarity[np.arange(len(sample)), sample] = -1
    nearest = similarity.max(axis=1).astype(np.float64)
    return float(np.sqrt(np.median(np.maximum(2 - 2 * nearest, 0))))
