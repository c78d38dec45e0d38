"""Synthetic collections with a known truth, each with one difficulty that real embeddings have.

Every generator takes a seed, gives the same rows for it on every machine with the same numpy, and
returns `(x, labels)`: x (n, d) of unit rows (unless said otherwise) in random order, labels (n,)
int64. Rows are made in blocks, so that the peak is x and a little. `covey.datasets.views` bends
what these make further: cones, hubs, projections, subsets, duplicates; so does
`covey.datasets.distortions`: noise, styles, another spectrum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from covey.datasets.rows import row_parts
from covey.datasets.sizes import Tail, long_tailed_labels
from covey.types import Float32, Int64, UsageError

Collection = tuple[NDArray[Any], Int64]
"""x (n, d) and labels (n,)."""


def concentration_for(similarity: ArrayLike, d: int) -> NDArray[np.float64]:
    """The von Mises-Fisher concentration at which two of a group have this expected cosine.

    kappa = r (d - r^2) / (1 - r^2) with r = sqrt(similarity), the expected cosine to the centre.
    (Banerjee et al., "Clustering on the unit hypersphere using von Mises-Fisher distributions",
    JMLR 2005, equation 4.4.)
    """
    r = np.sqrt(np.asarray(similarity, np.float64))
    return r * (d - r**2) / (1 - r**2)


def von_mises_fisher_mixture(
    n: int,
    d: int,
    *,
    n_groups: int | None = None,
    tail: Tail = "zipf",
    min_size: int = 2,
    max_size: int | None = None,
    concentration: ArrayLike | None = None,
    concentration_spread: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Collection:
    """Groups around uniform directions on the sphere, sizes long-tailed.

    Exact sampling: the cosine to the centre by rejection from a beta envelope, the rest uniform
    across it. (Wood, "Simulation of the von Mises Fisher distribution", 1994.)

    Args:
        n: Items.
        d: Values in a row, at least 2.
        n_groups: Groups without the noise; None for one in about 65 items.
        tail, min_size, max_size: As in `group_sizes`.
        concentration: One number for all groups or (n_groups,), larger is tighter; None for an
            expected cosine of 0.5 between two of a group.
        concentration_spread: Standard deviation of a log-normal factor per group: groups of
            unlike tightness.
        noise: Share of items, in [0, 1], that belong to nobody: uniform on the sphere, each its
            own label after those of the groups.
        seed: Seed.
        dtype: float16, float32 or float64.

    Returns:
        x and labels; group g has the g-th largest size. 584,000 x 256 takes about 10 s and 0.7 GB.

    Raises:
        UsageError: If the numbers contradict each other.
    """
    _check_shape(n, d)
    if not 0 <= noise <= 1:
        raise UsageError(f"noise is a share from 0 to 1, not {noise}")
    rng = np.random.default_rng(seed)
    n_noise = round(noise * n)
    labels, n_groups = long_tailed_labels(n - n_noise, n_groups, tail, min_size, max_size, rng)
    labels = np.concatenate([labels, n_groups + np.arange(n_noise)])[rng.permutation(n)]
    kappa = concentration_for(0.5, d) if concentration is None else np.asarray(concentration)
    if (kappa <= 0).any() or kappa.shape not in ((), (n_groups,)):
        raise UsageError(f"concentration must be positive: one number, or {n_groups} of them")
    kappa = kappa * rng.lognormal(0.0, concentration_spread, n_groups)
    centres = _unit(rng.standard_normal((n_groups, d), np.float32))

    x = np.empty((n, d), dtype)
    for part in row_parts(n):
        own = labels[part]
        grouped = own < n_groups
        rows = rng.standard_normal((len(own), d), np.float32)
        if grouped.any():
            centre = centres[own[grouped]]
            w = _cosines_to_centre(kappa[own[grouped]], d, rng).astype(np.float32)[:, None]
            across = rows[grouped]
            across -= np.einsum("ij,ij->i", across, centre)[:, None] * centre
            rows[grouped] = w * centre + np.sqrt(1 - w**2) * _unit(across)
        x[part] = _unit(rows)
    return x, labels


def hierarchical_gaussians(
    n: int,
    d: int,
    *,
    branching: Sequence[int] = (20, 10),
    scales: Sequence[float] = (1.0, 0.5, 0.35),
    tail: Tail = "zipf",
    min_size: int = 1,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Collection:
    """Groups within groups: near siblings that are easily taken for one.

    A leaf's centre is the sum of one Gaussian step for each level, an item is its leaf's centre
    and one more; step l has expected length scales[l].

    Args:
        n: Items.
        d: Values in a row.
        branching: Children of each node, from the top; their product is the number of groups.
        scales: Length of the step at each level and, last, of an item: one more than `branching`.
        tail, min_size: As in `group_sizes`.
        seed: Seed.
        dtype: float16, float32 or float64.

    Returns:
        x and the labels of the leaves, numbered so that the parent of leaf g is
        g // branching[-1], and so on upward. Leaves of no items can be absent.

    Raises:
        UsageError: If `scales` is not one longer than `branching`.
    """
    _check_shape(n, d)
    if len(scales) != len(branching) + 1:
        raise UsageError(f"{len(branching)} levels need {len(branching) + 1} scales")
    rng = np.random.default_rng(seed)
    centres = np.zeros((1, d), np.float32)
    for children, scale in zip(branching, scales, strict=False):
        centres = np.repeat(centres, children, axis=0)
        centres += rng.standard_normal(centres.shape, np.float32) * np.float32(scale / np.sqrt(d))
    labels, _ = long_tailed_labels(n, len(centres), tail, min_size, None, rng)
    labels = rng.permutation(len(centres))[labels]

    x = np.empty((n, d), dtype)
    for part in row_parts(n):
        rows = rng.standard_normal((len(labels[part]), d), np.float32)
        x[part] = _unit(centres[labels[part]] + rows * np.float32(scales[-1] / np.sqrt(d)))
    return x, labels


def low_dimensional_manifolds(
    n: int,
    d: int,
    *,
    n_groups: int | None = None,
    intrinsic: int = 2,
    extent: float = 1.0,
    curvature: float = 1.0,
    noise: float = 0.1,
    tail: Tail = "zipf",
    min_size: int = 2,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Collection:
    """Groups that are thin curved sheets: far ends differ, yet everything between is there.

    x = centre + extent (A z + curvature B (z^2 - 1/3)) + noise, z uniform in [-1, 1]^intrinsic,
    A and B random for each group with columns of expected length 1.

    Args:
        n: Items.
        d: Values in a row.
        n_groups: Groups; None for one in about 65 items.
        intrinsic: Dimensions of a sheet.
        extent: Size of a sheet, beside centres of length 1.
        curvature: 0 for flat sheets.
        noise: Expected length of the Gaussian off the sheet.
        tail, min_size: As in `group_sizes`.
        seed: Seed.
        dtype: float16, float32 or float64.
    """
    _check_shape(n, d)
    rng = np.random.default_rng(seed)
    labels, n_groups = long_tailed_labels(n, n_groups, tail, min_size, None, rng)
    centres = _unit(rng.standard_normal((n_groups, d), np.float32))
    maps = rng.standard_normal((2, n_groups, intrinsic, d), np.float32)
    maps *= np.float32(extent / np.sqrt(d))
    maps[1] *= np.float32(curvature)

    x = np.empty((n, d), dtype)
    for part in row_parts(n):
        own = labels[part]
        z = rng.uniform(-1, 1, (len(own), intrinsic)).astype(np.float32)
        rows = rng.standard_normal((len(own), d), np.float32) * np.float32(noise / np.sqrt(d))
        rows += centres[own]
        for axis in range(intrinsic):
            rows += z[:, axis, None] * maps[0, own, axis]
            rows += (z[:, axis, None] ** 2 - np.float32(1 / 3)) * maps[1, own, axis]
        x[part] = _unit(rows)
    return x, labels


def near_duplicate_chains(
    n: int,
    d: int,
    *,
    n_groups: int | None = None,
    neighbour_similarity: float = 0.95,
    tail: Tail = "zipf",
    min_size: int = 2,
    max_size: int | None = 200,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Collection:
    """Groups that are walks on the sphere, like frames of a video: only neighbours are alike.

    A step goes sideways at random so that its cosine to the last item is `neighbour_similarity`;
    items t steps apart have expected cosine neighbour_similarity^t.

    Args:
        n: Items.
        d: Values in a row, at least 2.
        n_groups: Groups; None for one in about 65 items.
        neighbour_similarity: Cosine of successive items, in [-1, 1].
        tail, min_size, max_size: As in `group_sizes`.
        seed: Seed.
        dtype: float16, float32 or float64.
    """
    _check_shape(n, d)
    if not -1 <= neighbour_similarity <= 1:
        raise UsageError(f"neighbour_similarity is a cosine, not {neighbour_similarity}")
    rng = np.random.default_rng(seed)
    labels, n_groups = long_tailed_labels(n, n_groups, tail, min_size, max_size, rng)
    sizes = np.bincount(labels, minlength=n_groups)  # descending, as group_sizes gives them
    place = np.argsort(labels, kind="stable")
    start = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    along, across = neighbour_similarity, np.sqrt(1 - neighbour_similarity**2)

    x = np.empty((n, d), dtype)
    at = _unit(rng.standard_normal((n_groups, d), np.float32))
    for step in range(int(sizes.max(initial=0))):
        alive = int(np.searchsorted(-sizes, -step))  # groups with more than `step` items
        at = at[:alive]
        if step:
            aside = rng.standard_normal(at.shape, np.float32)
            aside -= np.einsum("ij,ij->i", aside, at)[:, None] * at
            at = _unit(np.float32(along) * at + np.float32(across) * _unit(aside))
        x[place[start[:alive] + step]] = at
    return x, labels


def _check_shape(n: int, d: int) -> None:
    if n < 0 or d < 2:
        raise UsageError(f"a collection needs n >= 0 items and d >= 2 values, not {n} x {d}")


def _unit(rows: Float32) -> Float32:
    """`rows` scaled to length 1 in place; zero rows stay."""
    lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))
    rows /= np.where(lengths > 0, lengths, 1)[:, None].astype(rows.dtype)
    return rows


def _cosines_to_centre(
    kappa: NDArray[np.float64], d: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """One cosine per entry of `kappa`, distributed as exp(kappa w) (1 - w^2)^((d - 3) / 2)."""
    b = (d - 1) / (2 * kappa + np.sqrt(4 * kappa**2 + (d - 1) ** 2))
    x0 = (1 - b) / (1 + b)
    c = kappa * x0 + (d - 1) * np.log1p(-(x0**2))
    w = np.empty(len(kappa))
    left = np.arange(len(kappa))
    while len(left):
        z = rng.beta((d - 1) / 2, (d - 1) / 2, len(left))
        own = b[left]
        tried = (1 - (1 + own) * z) / (1 - (1 - own) * z)
        level = kappa[left] * tried + (d - 1) * np.log1p(-x0[left] * tried) - c[left]
        taken = level >= np.log1p(-rng.random(len(left)))
        w[left[taken]] = tried[taken]
        left = left[~taken]
    return w
