"""Losses on the cosines of a batch of embeddings: same group near, other groups far."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

Negatives = Literal["hardest", "top", "all"]
_MARGIN_SAME, _MARGIN_OTHER, _WEIGHT_SAME = 0.95, 1.0, 10.0
_TOP = 10


def hinge(
    cosine: Tensor,
    same: Tensor,
    *,
    negatives: Negatives = "all",
    top: int = _TOP,
) -> Tensor:
    """The loss of B-Attention, and its two relatives that do not collapse in short trainings.

    10 mean over pairs of one group, items with themselves counted, of [0.95 - s]+, plus the mean
    over some pairs of different groups of [1 + s]+. (Wang et al., NeurIPS 2022: "hardest" alone is
    published; by our notes it stays collapsed for hundreds of steps on small data.)

    Args:
        cosine: (b, b) cosines.
        same: (b, b) bool, whether both are of one group, true on the diagonal.
        negatives: Of the other pairs the one closest, the `top` closest of each item, or all.
        top: See `negatives`.

    Returns:
        The loss, a scalar; without pairs of different groups their part is 0.
    """
    near = (_MARGIN_SAME - cosine).clamp(min=0)[same].mean() * _WEIGHT_SAME
    other = ~same
    if not bool(other.any()):
        return near
    far = (_MARGIN_OTHER + cosine).clamp(min=0)
    if negatives == "all":
        return near + far[other].mean()
    closest = far.masked_fill(same, -torch.inf)
    if negatives == "hardest":
        return near + closest.max()
    found = closest.topk(min(top, cosine.shape[1]), dim=1).values
    return near + found[found.isfinite()].mean()


def supervised_contrastive(cosine: Tensor, same: Tensor, *, temperature: float = 0.07) -> Tensor:
    """Minus the mean log share that pairs of one group have of all pairs of an item.

    (Supervised Contrastive Learning, Khosla et al., NeurIPS 2020, the form that averages outside
    the logarithm.)

    Args:
        cosine: (b, b) cosines.
        same: (b, b) bool, whether both are of one group; the diagonal does not count.
        temperature: Divides cosines.

    Returns:
        The loss, a scalar, mean over items that have company in the batch; 0 if none has.
    """
    itself = torch.eye(len(cosine), dtype=torch.bool, device=cosine.device)
    logits = (cosine / temperature).masked_fill(itself, -torch.inf)
    share = logits - logits.logsumexp(dim=1, keepdim=True)
    pairs = same & ~itself
    count = pairs.sum(1)
    mean = share.masked_fill(~pairs, 0).sum(1) / count.clamp(min=1)
    return -mean[count > 0].mean() if bool((count > 0).any()) else cosine.sum() * 0
