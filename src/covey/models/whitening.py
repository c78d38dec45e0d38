"""Whitening: directions in which a collection spreads widely count less.

Neural embeddings share a large mean and a few wide directions that tell little about who is who;
cosines of what is left after both are taken out separate groups better, on some collections by as
much as a trained network does, on others not at all. It needs no labels, but labels tell whether
it helps. (Jégou and Chum, "Negative evidences and co-occurrences in image retrieval", ECCV 2012;
the shrinkage towards the mean of the variances is our own choice, dev/LOG.md.)
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from covey.types import Float32


@dataclass(frozen=True, slots=True)
class Whitening:
    """A mean to take off and a map to apply.

    Attributes:
        mean: (d,) float32.
        map: (d, d) float32, applied from the right.
    """

    mean: Float32
    map: Float32

    def __call__(self, rows: Float32) -> Float32:
        """(n, d) unit rows to (n, d) float32 unit rows; a row that is the mean itself stays 0."""
        out = rows @ self.map
        out -= self.mean @ self.map
        length = np.sqrt(np.einsum("nd,nd->n", out, out))
        out /= np.maximum(length, 1e-12)[:, None]
        return out


def fit_whitening(rows: Float32) -> Whitening:
    """Reads mean and principal axes off a collection.

    Each axis is divided by the root of its variance plus the mean variance of all, so that axes
    along which there is nothing but noise are not blown up.

    Args:
        rows: (n, d) float32, n >= 1.
    """
    n, d = rows.shape
    mean = rows.mean(axis=0, dtype=np.float64)
    moment = np.zeros((d, d))
    for start in range(0, n, 8192):
        part = rows[start : start + 8192] - mean
        moment += part.T @ part
    variance, axes = np.linalg.eigh(moment / n)
    variance = np.maximum(variance, 0)
    scale = np.sqrt(np.maximum(variance + variance.mean(), 1e-12))
    return Whitening(mean.astype(np.float32), (axes / scale).astype(np.float32))
