"""What a linkage GCN is made of; torch is not needed to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Sampling = Literal["riws", "resample", "none"]
"""How first hops are drawn to learn from, see `training.riws`."""

LinkLoss = Literal["ce", "ohem", "ohem-3-1", "class-balanced", "focal", "density"]
"""What is minimised over links, see `training.link_losses`."""

CENTRES = 64
"""Centres whose links are scored at a time."""

_COPIES = 8  # of what a layer holds of a node, with its neighbours' mean


@dataclass(frozen=True, slots=True)
class LinkageGCNConfig:
    """What a linkage GCN is made of, and which sub-graphs it reads.

    Attributes:
        inputs: Dimensions of the embeddings.
        width: Dimensions that it reads at most; embeddings of more are reduced to so many.
        hidden: Dimensions after each graph convolution.
        near: Neighbours in the first hop (k1): as many links of a centre are scored.
        second: Neighbours of each of these in the second hop (k2).
        active: Neighbours that a node is joined to where they are inside.
        length: Whether a node also has the length of x_j - x_c as a feature; not published.
    """

    inputs: int
    width: int = 64
    hidden: tuple[int, ...] = (64, 64, 32, 32)
    near: int = 40
    second: int = 5
    active: int = 5
    length: bool = True

    def __post_init__(self) -> None:
        if not self.hidden:
            raise ValueError("hidden wants a width for each graph convolution, got none")

    @classmethod
    def published(cls, inputs: int, **changes: object) -> LinkageGCNConfig:
        """The authors' sizes for faces: 80 and 10 neighbours, 10 of them active.

        They test the same weights on 79 and 5 neighbours, 5 active, which `replace` gives; on
        clothes all are 5. What differs from their code with these sizes, too, is in `linkage_gcn`.
        """
        sizes = {
            "inputs": inputs,
            "width": inputs,
            "hidden": (512, 512, 256, 256),
            "near": 80,
            "second": 10,
            "active": 10,
            "length": False,
        }
        return cls(**{**sizes, **changes})  # type: ignore[arg-type]

    @property
    def entered(self) -> int:
        """Dimensions of the embeddings as the network reads them."""
        return min(self.inputs, self.width)

    @property
    def features(self) -> int:
        """Features of a node."""
        return self.entered + int(self.length)

    @property
    def reach(self) -> int:
        """Neighbours of an item whose links are scored."""
        return self.near

    def bytes_among(self, n: int) -> int:
        """About what scoring all links of n items takes: rows as they are read, and a batch."""
        nodes = CENTRES * (1 + self.near * (1 + self.second))
        return 4 * n * self.entered + _COPIES * 4 * nodes * max(self.features, *self.hidden)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor, by name."""
        found: dict[str, tuple[int, ...]] = {
            "mean": (self.features,),
            "variance": (self.features,),
        }
        if self.inputs > self.entered:
            found["axes"] = self.entered, self.inputs
        before = self.features
        for number, after in enumerate(self.hidden):
            found[f"convolutions.{number}.weight"] = after, 2 * before
            found[f"convolutions.{number}.bias"] = (after,)
            before = after
        found |= {"classify.0.weight": (before, before), "classify.0.bias": (before,)}
        found["classify.1.weight"] = (before,)
        return found | {"classify.2.weight": (1, before), "classify.2.bias": (1,)}
