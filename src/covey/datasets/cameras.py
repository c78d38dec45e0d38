"""A synthetic collection as several cameras see it: the truth is not what looks most alike."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from covey.datasets.distortions import column_scales
from covey.datasets.rows import row_parts, unit_rows
from covey.datasets.sizes import Tail, long_tailed_labels
from covey.datasets.synthetic import Collection
from covey.types import UsageError


def seen_by_cameras(
    n: int,
    d: int,
    *,
    n_groups: int | None = None,
    n_cameras: int = 6,
    camera: float = 0.4,
    view: float = 0.4,
    noise: float = 0.6,
    spectrum: float = 0.4,
    tail: Tail = "zipf",
    min_size: int = 2,
    seed: int = 0,
    dtype: DTypeLike = np.float32,
) -> Collection:
    """Groups that every camera moves its own way: items of one camera look alike.

    x = group + camera c + view v + noise e, scaled to length 1. The four are Gaussian, one draw
    for each group, for each camera, for each group in each camera and for each item; before the
    factors their expected squared length is 1, of which column j = 1, 2, ... takes a share
    proportional to j^(-2 spectrum). Each item is seen by one camera at random.

    Args:
        n: Items.
        d: Values in a row, at least 1.
        n_groups: Groups; None for one in about 65 items.
        n_cameras: Cameras, at least 1.
        camera: Length of what all items of a camera share, beside groups of length 1.
        view: Length of what the items of a group in one camera share.
        noise: Length of what an item has of its own.
        spectrum: 0 for columns that are alike, larger lets the first ones rule.
        tail, min_size: As in `covey.datasets.sizes.group_sizes`.
        seed: Seed.
        dtype: float16, float32 or float64.

    Returns:
        x and labels; group g has the g-th largest size. O(n d) time and memory.

    Raises:
        UsageError: If the numbers contradict each other or are negative.
    """
    if n < 0 or d < 1 or n_cameras < 1:
        raise UsageError(f"{n} items of {d} values and {n_cameras} cameras are no collection")
    if not all(number >= 0 for number in (camera, view, noise, spectrum)):
        raise UsageError("camera, view, noise and spectrum must not be negative")
    rng = np.random.default_rng(seed)
    labels, n_groups = long_tailed_labels(n, n_groups, tail, min_size, None, rng)
    seen_by = rng.integers(n_cameras, size=n)
    pairs, views = np.unique(labels * n_cameras + seen_by, return_inverse=True)
    scales = column_scales(d, spectrum).astype(np.float32)
    groups = rng.standard_normal((n_groups, d), np.float32) * scales
    cameras = rng.standard_normal((n_cameras, d), np.float32) * (np.float32(camera) * scales)
    offsets = rng.standard_normal((len(pairs), d), np.float32) * (np.float32(view) * scales)

    x = np.empty((n, d), dtype)
    for part in row_parts(n):
        rows = rng.standard_normal((len(labels[part]), d), np.float32) * (
            np.float32(noise) * scales
        )
        rows += groups[labels[part]]
        rows += cameras[seen_by[part]]
        rows += offsets[views[part]]
        x[part] = unit_rows(rows)
    return x, labels
