"""Items on a plane, like ones near each other: t-SNE of some, the others among these."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from covey.types import Float32, Int64
from covey.vectors import Metric

MOST_POINTS = 20_000
MOST_DRAWN = 3_000
"""Items that t-SNE places."""
_NEAREST = 8  # drawn items that another one lies among
_BLOCK = 2_000


@dataclass(frozen=True, slots=True)
class Layout:
    """Where items lie.

    Attributes:
        item: (p,) int64, ascending.
        x, y: (p,) float32, in [0, 1] over the longer side.
    """

    item: Int64
    x: Float32
    y: Float32


def lay_out(
    rows: Callable[[Int64], Float32],
    n: int,
    *,
    metric: Metric = "cosine",
    most: int = MOST_POINTS,
    drawn: int = MOST_DRAWN,
    seed: int = 0,
) -> Layout:
    """Places up to `most` items.

    t-SNE (van der Maaten and Hinton, JMLR 2008) places those that are drawn; each other one goes to
    the mean of the 8 drawn ones that it is most like, weighed by how much more than the ninth.

    Args:
        rows: Gives the rows of items.
        n: Number of items.
        metric: How rows are compared.
        most: Items that get a place; drawn by the seed where there are more.
        drawn: Items that t-SNE places.
        seed: Decides the draw and the map.
    """
    rng = np.random.default_rng(seed)
    item = np.sort(rng.permutation(n)[:most])
    landmark = np.sort(rng.permutation(len(item))[:drawn])
    x = _comparable(rows(item[landmark]), metric)
    places = np.empty((len(item), 2))
    places[landmark] = _by_tsne(x, seed)
    others = np.setdiff1d(np.arange(len(item)), landmark, assume_unique=True)
    for part in np.array_split(others, max(1, len(others) // _BLOCK)):
        if len(part):
            some = _comparable(rows(item[part]), metric)
            places[part] = _among(some, x, places[landmark])
    places -= places.min(axis=0, initial=np.inf)
    places /= max(float(places.max(initial=0.0)), 1e-12)
    return Layout(item, places[:, 0].astype(np.float32), places[:, 1].astype(np.float32))


def _comparable(rows: Float32, metric: Metric) -> Float32:
    """Rows whose Euclidean distances order pairs as the metric does."""
    if metric == "euclidean":
        return rows
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(lengths, np.float32(1e-30)), np.float32)


def _by_tsne(x: Float32, seed: int) -> NDArray[np.float64]:
    """(l, 2), one thread so that sums come out the same every time."""
    many = len(x)
    if many < 4:
        return np.column_stack([np.arange(many), np.zeros(many)]).astype(np.float64)
    with threadpool_limits(1):
        centred = x - x.mean(axis=0)
        values, axes = np.linalg.eigh(centred.T @ centred)
        flat = centred @ axes[:, np.argsort(-values)[:50]]
        init = np.zeros((many, 2), np.float32)
        init[:, : flat.shape[1]] = flat[:, :2] / (float(flat[:, 0].std()) or 1.0) * 1e-2
        init += np.random.default_rng(seed).normal(0, 1e-4, init.shape)
        model = TSNE(
            init=init, perplexity=min(30.0, (many - 1) / 3), max_iter=500, random_state=seed
        )
        return np.asarray(model.fit_transform(flat), np.float64)


def _among(some: Float32, drawn: Float32, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(m, 2) weighted means of places."""
    far = np.square(some).sum(1)[:, None] + np.square(drawn).sum(1)[None] - 2 * some @ drawn.T
    k = min(_NEAREST, len(drawn) - 1)
    near = np.argpartition(far, k, axis=1)[:, : k + 1]
    gaps = np.take_along_axis(far, near, 1)
    weight = gaps.max(axis=1, keepdims=True) - gaps
    total = weight.sum(axis=1, keepdims=True)
    weight = np.where(total > 0, weight / np.maximum(total, 1e-30), 1 / (k + 1))
    return np.asarray((weight[:, :, None] * places[near]).sum(axis=1))
