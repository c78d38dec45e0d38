"""How good the first candidates of an item are, where labels tell: an F of every prefix.

    Pr(j) = hits / j,  Rc(j) = hits / items of the class,  Q(j) = (1 + b^2) Pr Rc / (b^2 Pr + Rc)

of the hits among the first j candidates. As (b^2 Pr + Rc) = hits (b^2 / j + 1 / class), this is
(1 + b^2) hits / (b^2 class + j). (Ada-NETS, Wang et al., ICLR 2022, section 3.2.)
"""

from __future__ import annotations

import numpy as np

from covey.types import Float32, Int64, IntArray


def neighbour_quality(lists: IntArray, labels: Int64, beta: float = 0.5) -> Float32:
    """Rates the first 1, 2, ... candidates of every item.

    Args:
        lists: (n, m) candidates, the item itself first, where it is a hit.
        labels: (n,) classes of all n items, negative for those that belong with nobody.
        beta: Below 1 precision counts more than recall.

    Returns:
        (n, m) float32 in (0, 1]. O(n m) time and memory.
    """
    n, m = lists.shape
    own = labels[:, None]
    hit = (labels[lists] == own) & (own >= 0)
    hit[:, 0] = True
    counts = np.ones(n, np.int64)
    known = labels >= 0
    _, code, sizes = np.unique(labels[known], return_inverse=True, return_counts=True)
    counts[known] = sizes[code]
    hits = np.cumsum(hit, axis=1, dtype=np.float32)
    weight = beta * beta
    below = weight * counts[:, None] + np.arange(1, m + 1)
    return ((1 + weight) * hits / below).astype(np.float32)


def best_lengths(quality: Float32) -> Int64:
    """(n,) int64 from 1: the fewest candidates that are as good as any number, k_off."""
    return quality.argmax(axis=1).astype(np.int64) + 1


def best_fixed_length(quality: Float32) -> int:
    """The one length that is best for all in the mean."""
    return int(quality.mean(axis=0, dtype=np.float64).argmax()) + 1
