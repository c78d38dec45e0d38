"""Ways to make a collection harder: noise, nuisances that groups share, another spectrum.

They take embeddings, real or synthetic, leave them unchanged and say nothing of who belongs to
whom: labels stay true. `covey.datasets.views` holds the oddities of the spaces themselves.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.datasets.rows import row_parts, unit_rows
from covey.types import UsageError

_SAMPLE_ROWS = 4000
_SMALLEST_EIGENVALUE = 1e-4  # of the largest: what is below is noise, not to be blown up


def with_noise(
    x: NDArray[Any],
    strength: float,
    *,
    spectrum: float = 0.0,
    spread: float = 0.0,
    seed: int = 0,
) -> NDArray[Any]:
    """Moves each row by Gaussian noise: badly seen items.

    x' = x / |x| + strength f e, scaled to length 1; e has expected squared length 1, of which
    column j = 1, 2, ... takes a share proportional to j^(-2 spectrum); f = exp(spread z) is drawn
    for each row. Where the noise is flat, cosines of two rows shrink to about
    1 / (1 + strength^2) of what they were.

    Args:
        x: (n, d) floats.
        strength: Length of the noise beside rows of length 1, at least 0.
        spectrum: 0 for noise that is alike in all columns, larger gathers it in the first.
        spread: Standard deviation of the log strength among rows, at least 0.
        seed: Seed.

    Returns:
        (n, d) rows of length 1, dtype of `x`. O(n d) time.

    Raises:
        UsageError: If a number is negative.
    """
    if not (strength >= 0 and spectrum >= 0 and spread >= 0):
        raise UsageError(
            f"strength {strength}, spectrum {spectrum} and spread {spread} must not be negative"
        )
    rng = np.random.default_rng(seed)
    scale = (strength * column_scales(x.shape[1], spectrum)).astype(np.float32)
    out = np.empty_like(x)
    for part in row_parts(len(x)):
        rows = unit_rows(x[part].astype(np.float32))
        own = np.exp(spread * rng.standard_normal((len(rows), 1))).astype(np.float32)
        rows += rng.standard_normal(rows.shape, np.float32) * scale * own
        out[part] = unit_rows(rows)
    return out


def with_styles(
    x: NDArray[Any],
    labels: NDArray[np.integer[Any]],
    *,
    n_styles: int,
    rank: int,
    strength: float,
    within: float = 0.0,
    seed: int = 0,
) -> NDArray[Any]:
    """Adds a nuisance that groups share, as cameras or lighting do.

    Each row gets one of `n_styles` styles at random: x' = x / |x| + strength s, scaled to length
    1, with s the unit vector of its style; all s lie in one random subspace of `rank` dimensions.
    `within` then moves the items of one group in one style together, by a random unit vector of
    their own, so that a group falls into views.

    Args:
        x: (n, d) floats.
        labels: (n,) group of each item, any integers; only used by `within`.
        n_styles: Styles, at least 1.
        rank: Dimensions that the styles span, at least 1.
        strength: Length of the style beside rows of length 1, at least 0.
        within: Length of the offset of each view beside rows of length 1, at least 0.
        seed: Seed.

    Returns:
        (n, d) rows of length 1, dtype of `x`. Time and memory O(n d).

    Raises:
        UsageError: If a number is out of range.
    """
    if n_styles < 1 or rank < 1 or not (strength >= 0 and within >= 0):
        raise UsageError(
            f"{n_styles} styles of rank {rank}, strength {strength}, within {within}: the first "
            "two must be at least 1, the others not negative"
        )
    rng = np.random.default_rng(seed)
    span = rng.standard_normal((rank, x.shape[1]))
    styles = strength * unit_rows(rng.standard_normal((n_styles, rank)) @ span)
    style = rng.integers(n_styles, size=len(x))
    views, offsets = None, np.empty((0, 0), np.float32)
    if within:
        _, group = np.unique(labels, return_inverse=True)
        seen, views = np.unique(group * n_styles + style, return_inverse=True)
        offsets = unit_rows(rng.standard_normal((len(seen), x.shape[1]), np.float32))
    out = np.empty_like(x)
    for part in row_parts(len(x)):
        rows = unit_rows(unit_rows(x[part].astype(np.float64)) + styles[style[part]])
        if views is not None:
            rows = unit_rows(rows + within * offsets[views[part]])
        out[part] = rows
    return out


def with_spectrum(
    x: NDArray[Any], exponent: float, *, centre: bool = False, seed: int = 0
) -> NDArray[Any]:
    """Stretches or flattens the principal components: another share of each direction.

    With C = V diag(v) V^T the covariance of the rows of length 1 and m their mean,
    x' = (x / |x| - m) V diag(v^exponent) V^T + m, scaled to length 1. An exponent of -1/2 whitens,
    0 leaves all, and what is above lets few directions rule and the mean weigh more.

    Args:
        x: (n, d) floats.
        exponent: Power of the eigenvalues, finite; those below 1e-4 of the largest count as that.
        centre: Whether to leave the mean out at the end.
        seed: Seed of the 4,000 rows that the covariance is taken from where there are more.

    Returns:
        (n, d) rows of length 1, dtype of `x`; with `centre`, a row at the mean becomes zero.
        Rows without spread (equal ones, or just one) are only scaled. O(n d^2 + d^3).

    Raises:
        UsageError: If `exponent` is not finite.
    """
    if not np.isfinite(exponent):
        raise UsageError(f"exponent must be finite, not {exponent}")
    rng = np.random.default_rng(seed)
    sample = np.arange(len(x))
    if len(x) > _SAMPLE_ROWS:
        sample = np.sort(rng.choice(len(x), _SAMPLE_ROWS, replace=False))
    rows = unit_rows(x[sample].astype(np.float64))
    mean = rows.mean(axis=0) if len(rows) else np.zeros(x.shape[1])
    rows -= mean
    values, vectors = np.linalg.eigh(rows.T @ rows / max(len(rows) - 1, 1))
    spread_out = values[-1] > np.finfo(np.float32).eps ** 2
    powers = np.maximum(values, values[-1] * _SMALLEST_EIGENVALUE) ** exponent if spread_out else 1
    stretch = ((vectors * powers) @ vectors.T).astype(np.float32)
    taken = mean.astype(np.float32) if spread_out else np.float32(0)
    given = np.float32(0) if centre else taken
    out = np.empty_like(x)
    for part in row_parts(len(x)):
        out[part] = unit_rows((unit_rows(x[part].astype(np.float32)) - taken) @ stretch + given)
    return out


def column_scales(d: int, spectrum: float) -> NDArray[np.float64]:
    """(d,) standard deviations proportional to j^-spectrum, j from 1, whose squares sum to 1."""
    scales = np.arange(1, d + 1, dtype=np.float64) ** -spectrum
    return np.asarray(scales / np.linalg.norm(scales))
