"""Local scales: a similarity counts by how unusual it is for its two ends.

In uneven collections 0.6 is near among loners and far among twins. Each measure here judges a
similarity against the neighbours of both its ends, which also breaks hubs.
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from covey.types import Float32, KnnGraph


def mutual_proximity_matrix(knn: KnnGraph) -> Float32:
    """Scores neighbours by the chance that a neighbour of either end is farther off.

    MP(i, j) = Phi((s_ij - mu_i) / sigma_i) Phi((s_ij - mu_j) / sigma_j), mu and sigma the mean and
    deviation of the similarities to the k neighbours. (Schnitzer et al., JMLR 2012, the normal
    and independent form, on lists instead of all items.)

    Args:
        knn: n items, k neighbours each, any similarity.

    Returns:
        (n, k) float32 score of each entry of the lists, in [0, 1]. O(n k) time and memory.
    """
    if _own(knn).shape[1] == 0:
        return np.ones(knn.indices.shape, np.float32)
    mean = _own(knn).mean(axis=1, dtype=np.float32)
    spread = np.maximum(_own(knn).std(axis=1, dtype=np.float32), np.float32(1e-6))
    here = ndtr((knn.similarities - mean[:, None]) / spread[:, None])
    return here * ndtr((knn.similarities - mean[knn.indices]) / spread[knn.indices])


def csls_matrix(knn: KnnGraph) -> Float32:
    """Scores neighbours by cross-domain local scaling: 2 s_ij - r_i - r_j.

    r is the mean similarity of an item to its k neighbours. (Conneau et al., ICLR 2018.)

    Args:
        knn: n items, k neighbours each, any similarity.

    Returns:
        (n, k) float32 score of each entry of the lists, unbounded, 0 for a pair as close as the
        neighbours of its ends are on average. O(n k) time and memory.
    """
    if _own(knn).shape[1] == 0:
        return 2 * knn.similarities
    mean = _own(knn).mean(axis=1, dtype=np.float32)
    return 2 * knn.similarities - mean[:, None] - mean[knn.indices]


def _own(knn: KnnGraph) -> Float32:
    """Similarities to the neighbours, the item itself left out."""
    return knn.similarities[:, int(knn.includes_self) :]
