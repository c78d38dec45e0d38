"""Information that two partitions share, corrected for chance."""

from __future__ import annotations

import math

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from covey.types import Int64


def adjusted_mutual_information(labels_a: ArrayLike, labels_b: ArrayLike) -> float:
    """How much two partitions agree beyond what their group sizes alone would give.

    AMI = (I - E[I]) / (mean(H_a, H_b) - E[I]), E over random partitions of the same sizes. (Vinh,
    Epps and Bailey, JMLR 2010.)

    Args:
        labels_a, labels_b: (n,) integers, any numbering.

    Returns:
        1 for equal partitions, about 0 for independent ones. O(n log n) time.
    """
    _, a, sizes_a = np.unique(np.asarray(labels_a), return_inverse=True, return_counts=True)
    _, b, sizes_b = np.unique(np.asarray(labels_b), return_inverse=True, return_counts=True)
    _, count = np.unique(a.astype(np.int64) * len(sizes_b) + b, return_counts=True)
    return information(count, sizes_a, sizes_b)[3]


def entropy(size: Int64) -> float:
    """Entropy in nats of a partition with the given sizes."""
    share = size / size.sum()
    return max(0.0, float(-(share * np.log(share)).sum()))


def information(count: Int64, groups: Int64, clusters: Int64) -> tuple[float, float, float, float]:
    """Homogeneity, completeness, NMI and AMI from table entries and margins."""
    if len(count) == len(groups) == len(clusters):
        return 1.0, 1.0, 1.0, 1.0
    h_group, h_cluster = entropy(groups), entropy(clusters)
    mutual = min(h_group, h_cluster, max(0.0, h_group + h_cluster - entropy(count)))
    mean = (h_group + h_cluster) / 2
    if len(groups) == 1 or len(clusters) == 1:
        ami = 0.0
    else:
        sizes_a, times_a = np.unique(groups, return_counts=True)
        sizes_b, times_b = np.unique(clusters, return_counts=True)
        chance = _expected_mutual_information(sizes_a, times_a, sizes_b, times_b, count.sum())
        ami = (mutual - chance) / max(mean - chance, math.ulp(1.0))
    return (
        mutual / h_group if h_group else 1.0,
        mutual / h_cluster if h_cluster else 1.0,
        mutual / mean,
        ami,
    )


@njit(cache=True, nogil=True)
def _expected_mutual_information(
    sizes_a: Int64, times_a: Int64, sizes_b: Int64, times_b: Int64, n: int
) -> float:
    """Mean mutual information, in nats, of two random partitions with the given sizes.

    Sum over pairs of sizes (a, b), each as often as it occurs, of the mean of
    k/n log(n k / (a b)) for k hypergeometric: the overlap of a random a-set and a random b-set.
    (Vinh, Epps and Bailey, JMLR 2010, equation 24a.) The probabilities are walked outwards from
    the mode by their ratio p(k+1)/p(k) = (a-k)(b-k) / ((k+1)(n-a-b+k+1)) and divided by their
    sum, so there is no logarithm of a factorial to cancel.

    Args:
        sizes_a, times_a: (p,) int64, distinct sizes of one partition and how often each occurs.
        sizes_b, times_b: (q,) int64, of the other.
        n: Items, `(sizes_a * times_a).sum()`.

    Returns:
        Nats. O(p q s) time, s the standard deviation of an overlap; p, q <= sqrt(2 n).
    """
    negligible = 1e-25
    total = 0.0
    for i in range(len(sizes_a)):
        a = float(sizes_a[i])
        for j in range(len(sizes_b)):
            b = float(sizes_b[j])
            lowest, highest = max(0.0, a + b - n), min(a, b)
            mode = np.floor((a + 1) * (b + 1) / (n + 2))
            mode = min(max(mode, lowest), highest)
            scale = n / (a * b)
            mass = 1.0
            mean = mode * np.log(mode * scale) if mode > 0 else 0.0
            k, p = mode, 1.0
            while k < highest and p > negligible:
                p *= (a - k) * (b - k) / ((k + 1) * (n - a - b + k + 1))
                k += 1
                mass += p
                mean += p * k * np.log(k * scale)
            k, p = mode, 1.0
            while k > lowest and p > negligible:
                p *= k * (n - a - b + k) / ((a - k + 1) * (b - k + 1))
                k -= 1
                mass += p
                if k > 0:
                    mean += p * k * np.log(k * scale)
            total += times_a[i] * times_b[j] * (mean / mass) / n
    return total
