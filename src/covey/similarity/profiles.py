"""Multiple tests: neighbours that are similar to the same items, and to the same degree."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from covey.graph import local_sets
from covey.types import Float32, IntArray, KnnGraph, UsageError
from covey.vectors import as_matrix, as_rows

_CHUNK_BYTES = 64 << 20


def profile_matrix(x: ArrayLike, knn: KnnGraph, *, centred: bool = False) -> Float32:
    """Re-scores neighbours by the cosine of their similarity profiles over a local set.

    For each item i, L = i and its k neighbours, A_X = X_L X_L^T, and the score of (i, j) is the
    cosine of rows i and j of A_X: k + 1 tests where the plain similarity is one. (The untrained
    form of multiple tests in "Robust Graph Structure Learning via Multiple Statistical Tests",
    Wang et al., NeurIPS 2022.)

    `centred` takes the mean off each row: it compares where two items differ in their likes, not
    how much they like on the whole. For that, every member counts as near to itself as the
    nearest neighbour of i is to i. Far better where groups are confusable and every item has
    company, and useless where most items stand alone, as the level is what tells those.

    Args:
        x: (n, d) embeddings that `knn` was built from, any dtype; rows need not be of unit length.
        knn: n items, k neighbours each.
        centred: Whether rows of A_X are centred.

    Returns:
        (n, k) float32 score of each entry of the lists, in [-1, 1], by the set of i alone.
        O(n k^2 d) time, 128 MiB beyond rows of unit length.

    Raises:
        UsageError: If `x` and `knn` differ in the number of items.
        InputError: If a row of `x` is zero or not finite.
    """
    matrix = as_matrix(x)
    if len(matrix) != knn.n:
        raise UsageError(f"x has {len(matrix)} rows, the graph has {knn.n} items")
    rows = as_rows(matrix)
    scores = local_profiles(rows, local_sets(knn), centred=centred)
    skip = 0 if knn.includes_self else 1
    return np.clip(scores[:, skip:], -1, 1)


def local_profiles(rows: Float32, sets: IntArray, *, centred: bool = False) -> Float32:
    """Cosines of the profile of the first member of each set and those of all its members.

    Args:
        rows: (n, d) float32 of unit length.
        sets: (m, s) rows that each local set has.
        centred: As in `profile_matrix`; sets are then in order of similarity to the first member.

    Returns:
        (m, s) float32, about 1 in the first column. O(m s^2 d) time, 128 MiB.
    """
    m, size = sets.shape
    scores = np.empty((m, size), np.float32)
    step = max(1, _CHUNK_BYTES // (4 * max(size, 1) * (rows.shape[1] + size)))
    diagonal = np.arange(size)
    for start in range(0, m, step):
        members = rows[sets[start : start + step]]
        tests = members @ members.transpose(0, 2, 1)
        if centred and size > 1:
            tests[:, diagonal, diagonal] = tests[:, 0, 1, None]
            tests -= tests.mean(axis=2, keepdims=True)
        length = np.maximum(np.linalg.norm(tests, axis=2, keepdims=True), np.float32(1e-12))
        tests /= length
        scores[start : start + step] = (tests @ tests[:, 0, :, None])[:, :, 0]
    return scores
