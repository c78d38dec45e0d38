"""Batches of refined embeddings whose pairs are pulled together or pushed apart."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from covey.training.loop import Schedule
from covey.training.losses import Negatives, hinge, supervised_contrastive
from covey.training.samplers import groups_and_items, seeds_and_neighbours
from covey.types import Float32, Int64, IntArray


@dataclass(frozen=True, slots=True)
class PairPlan:
    """How a network that refines embeddings is trained.

    Attributes:
        schedule: How long and how fast.
        loss: "contrastive", or the published hinge.
        negatives: Pairs that the hinge pushes apart; "hardest" is published.
        seeds, near: Random items of a batch, and neighbours of each.
        pool: Neighbours that these are drawn from.
        groups, items: Random groups of a batch, and items of each, on top; none as published.
        dropped: Chance of each dimension of the embeddings to be left out of a batch.
        temperature: Of the contrastive loss.
    """

    schedule: Schedule = field(default_factory=Schedule)
    loss: Literal["contrastive", "hinge"] = "contrastive"
    negatives: Negatives = "all"
    seeds: int = 16
    near: int = 12
    pool: int = 40
    groups: int = 16
    items: int = 4
    dropped: float = 0.2
    temperature: float = 0.1

    def draw(self, pool: IntArray, codes: Int64, rng: np.random.Generator) -> Int64:
        """(b,) ascending items of a batch.

        Args:
            pool: (n, k) neighbours of all items.
            codes: (n,) their groups, from 0.
            rng: Source of the draw.
        """
        near = seeds_and_neighbours(pool, rng, seeds=self.seeds, near=self.near)
        return np.union1d(near, groups_and_items(codes, rng, groups=self.groups, items=self.items))

    def kept_dimensions(self, count: int, rng: np.random.Generator) -> Float32:
        """(count,) float32: 0 for dimensions that are left out, others scaled up instead."""
        return ((rng.random(count) >= self.dropped) / (1 - self.dropped)).astype(np.float32)

    def loss_of(self, refined: Tensor, codes: Int64) -> Tensor:
        """The loss, a scalar, of (b, d) embeddings of unit length of these groups."""
        groups = torch.from_numpy(codes)
        same = (groups[:, None] == groups[None]).to(refined.device)
        cosine = refined @ refined.T
        if self.loss == "contrastive":
            return supervised_contrastive(cosine, same, temperature=self.temperature)
        return hinge(cosine, same, negatives=self.negatives)
