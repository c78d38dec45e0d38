"""How likely suggestions are, by signs of how well their parts are tied.

The chance of an edge is how often halves of the dimensions agree on such edges. Where a space
misleads one half it misleads the other, too, and then all edges between two groups are wrong
together: they are no independent evidence, and their mean says little. So what signs mean is
learned: each chance is a logistic function of a few, fitted on views of labelled collections that
Covey had grouped without their labels (`benchmarks/review_chances_fit.py`; of clinc150,
googlenews_t, omniglot_eval and synthetic ones, none of which the figures of the docs are of).

    merge    how well both are tied to each other; what share that is of the ties that each has to
             all other groups, as what is like many groups is one with few of them; how small the
             smaller is
    mixed    how well its halves are tied to each other
    home     the pull of the group on the item, its share of the edges of the item, their number,
             and how large the group is
    outlier  the same, and the pull of the group that the item is in
    all      the leak: what share of all edges the run left between groups, by weight

That two groups are one, or an item at home in a group, is never more likely than the edges say: if
they err together that can only take away from it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from covey.types import Int64

Floats = NDArray[np.float64]

MERGE = (1.810, -0.427, 0.631, 0.242, 0.351, -1.018)
MIXED = (0.448, 0.242, -0.425, -0.271)
HOME = (0.126, -0.540, 0.474, 0.040, 1.134, -1.216)
OUTLIER = (-0.902, -0.636, 0.836, 0.365, 0.589, -0.924, -1.220)
"""Of each: the constant, then a number for each sign in the order of the functions below."""

_LEAST, _LEAST_SHARE = 0.005, 0.001  # nearer to 0 shares say no more, nor do those nearer to 1


def merge_signs(
    tie: Floats, back: Floats, share: Floats, share_back: Floats, size: Int64, leak: float
) -> Floats:
    """(p, 5) signs that two groups are one.

    Args:
        tie, back: (p,) how well the smaller is tied to the larger, and the other way.
        share, share_back: (p,) what share that is of the ties to all other groups.
        size: (p,) items of the smaller.
        leak: Of the run.
    """
    shares = np.log(np.clip([share, share_back], _LEAST_SHARE, 1.0))
    return _columns(leak, _log_odds(np.sqrt(tie * back)), *shares, np.log(size))


def mixed_signs(tie: Floats, back: Floats, leak: float) -> Floats:
    """(g, 3) signs that groups are two, by how well their halves are tied to each other."""
    return _columns(leak, _log_odds(tie), _log_odds(back))


def home_signs(pull: Floats, share: Floats, edges: Int64, size: Floats, leak: float) -> Floats:
    """(m, 5) signs that items belong to groups.

    Args:
        pull: (m,) of the group on the item.
        share: (m,) of the weight of its edges.
        edges: (m,) how many lead there.
        size: (m,) items of the group.
        leak: Of the run.
    """
    large = np.log(np.maximum(size, 1.0))
    return _columns(leak, _log_odds(pull), _log_odds(share), np.log(edges), large)


def outlier_signs(home: Floats, own: Floats) -> Floats:
    """(m, 6) signs that items belong elsewhere: those of a home, and the pull of their group."""
    return np.column_stack([home, _log_odds(own)])


def chances(signs: Floats, weights: tuple[float, ...]) -> Floats:
    """(m,) how likely each is.

    Args:
        signs: (m, s).
        weights: s + 1 of them, the constant first.
    """
    found: Floats = 1 / (1 + np.exp(-(weights[0] + signs @ np.array(weights[1:]))))
    return found


def _columns(leak: float, *signs: Floats) -> Floats:
    """(m, s) with that of the run first."""
    of_run = np.full(len(signs[0]), _log_odds(np.array(leak)))
    return np.column_stack([of_run, *signs])


def _log_odds(share: Floats) -> Floats:
    share = np.clip(share, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(share / (1 - share)), np.float64)
