"""Losses on log odds of links, plain and for links of which one kind is rare.

(The rivals of GCN-Based Linkage Prediction for Face Clustering on Imbalanced Datasets, Yang et al.,
2021, arXiv 2107.02477. Read in our notes on the published code: the form of hard examples and of
class balance, the numbers of the focal loss and the floor of the density. Inferred: which side the
.75 of the focal loss goes to, what a density is.)
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from covey.models.linkage_gcn_config import LinkLoss

_HARD = 0.5  # share of the links that hard examples are
_STRANGERS = 3  # for each link within a group
_ALPHA, _GAMMA = 0.75, 2.0
_DENSE = 0.6  # density below which a link counts whole


def link_loss(name: LinkLoss, odds: Tensor, same: Tensor, density: Tensor) -> Tensor:
    """The loss of a name.

    Args:
        name: Of the loss.
        odds: (m,) log odds of m links, at least one.
        same: (m,) bool, whether both ends are of one group.
        density: (m,) of each link's far end; read by "density" alone.

    Returns:
        A scalar.
    """
    if name == "ohem":
        return hard_examples(odds, same)
    if name == "ohem-3-1":
        return hard_strangers(odds, same)
    if name == "class-balanced":
        return class_balanced(odds, same)
    if name == "focal":
        return focal(odds, same)
    if name == "density":
        return density_weighted(odds, same, density)
    return cross_entropies(odds, same).mean()


def cross_entropies(odds: Tensor, same: Tensor) -> Tensor:
    """(m,) minus the log probability of what each link is."""
    return functional.binary_cross_entropy_with_logits(odds, same.to(odds.dtype), reduction="none")


def hard_examples(odds: Tensor, same: Tensor) -> Tensor:
    """Mean cross-entropy of the harder half of the links, at least one.

    (Training Region-based Object Detectors with Online Hard Example Mining, Shrivastava et al.,
    CVPR 2016.)
    """
    each = cross_entropies(odds, same)
    return each.topk(max(1, int(_HARD * len(each)))).values.mean()


def hard_strangers(odds: Tensor, same: Tensor) -> Tensor:
    """Mean cross-entropy of all links within groups and, for each, the 3 hardest of the others.

    All links where there are none within groups, or none but these. (SSD: Single Shot MultiBox
    Detector, Liu et al., ECCV 2016, section 2.2.)
    """
    each = cross_entropies(odds, same)
    near, far = each[same], each[~same]
    if not len(near):
        return each.mean()
    hardest = far.topk(min(_STRANGERS * len(near), len(far))).values
    return torch.cat([near, hardest]).mean()


def class_balanced(odds: Tensor, same: Tensor) -> Tensor:
    """Half the mean cross-entropy of links within groups, half that of the others; 0 for none."""
    each = cross_entropies(odds, same)
    parts = [each[side].sum() / max(1, int(side.sum())) for side in (same, ~same)]
    return (parts[0] + parts[1]) / 2


def focal(odds: Tensor, same: Tensor) -> Tensor:
    """Mean of -a (1 - p)^2 log p, p of what a link is, a .75 within groups and .25 elsewhere.

    (Focal Loss for Dense Object Detection, Lin et al., ICCV 2017, equation 5.)
    """
    each = cross_entropies(odds, same)
    alpha = torch.where(same, _ALPHA, 1 - _ALPHA)
    return (alpha * (1 - torch.exp(-each)) ** _GAMMA * each).mean()


def density_weighted(odds: Tensor, same: Tensor, density: Tensor) -> Tensor:
    """Mean of cross-entropies times the density of the far end, 1 for densities below .6.

    So what lies in the densest places counts whole, what lies in sparse ones too, and the rest
    less. Published, the weights could never be put to use.
    """
    weight = torch.where(density < _DENSE, 1.0, density)
    return (weight * cross_entropies(odds, same)).mean()
