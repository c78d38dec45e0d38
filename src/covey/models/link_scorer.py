"""Scores of edges by a linkage GCN; its weights are arrays here, and torch is imported to use them.

Scorers of edges that come with a model are called alike, see `EdgeScorer`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numba
import numpy as np

from covey.extras import require
from covey.graph import LEAST_WEIGHT
from covey.models.linkage_gcn_config import LinkageGCNConfig
from covey.threads import torch_threads
from covey.types import Float32, KnnGraph


class EdgeScorer(Protocol):
    """Weighs the entries of neighbour lists."""

    @property
    def longest(self) -> int | None:
        """Neighbours of an item that it weighs at most; any number if None."""

    def score(self, rows: Float32, knn: KnnGraph) -> Float32:
        """Maps (n, d) rows of unit length and their lists to (n, k) float32 in (0, 1]."""


@dataclass(frozen=True, slots=True)
class LinkScorer:
    """A trained linkage GCN.

    Attributes:
        config: What it is made of.
        tensors: Its weights by name.
    """

    config: LinkageGCNConfig
    tensors: dict[str, Float32] = field(repr=False)

    @property
    def longest(self) -> int:
        """As many as it was judged on."""
        return self.config.near

    def score(self, rows: Float32, knn: KnnGraph) -> Float32:
        """The probability that both ends of each entry belong together, as its first end sees it.

        Args:
            rows: (n, inputs) float32 of unit length.
            knn: Their neighbours, without the item itself.

        Returns:
            (n, k) float32 in (0, 1]. The CPU and a GPU differ by rounding.

        Raises:
            MissingExtraError: If torch is not installed.
        """
        torch = require("torch", "learn")
        from covey.models.device import fastest_device
        from covey.models.linkage_gcn import LinkageGCN, score_links

        network = LinkageGCN(self.config)
        network.load_state_dict({k: torch.from_numpy(v) for k, v in self.tensors.items()})
        network.to(fastest_device(self.config.bytes_among(len(rows))))
        with torch_threads(numba.get_num_threads()):
            return np.maximum(score_links(network, rows, knn), LEAST_WEIGHT)


@dataclass(frozen=True, slots=True)
class CosineScorer:
    """The cosines of the lists, for rows that a network does not fit: halves of all dimensions."""

    @property
    def longest(self) -> None:
        """Any number."""

    def score(self, rows: Float32, knn: KnnGraph) -> Float32:
        """(n, k) float32 in (0, 1]: neighbours that point away count next to nothing."""
        return np.clip(knn.similarities, LEAST_WEIGHT, np.float32(1))
