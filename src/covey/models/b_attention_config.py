"""What a B-Attention network is made of; torch is not needed to read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Flavour = Literal["gcn", "transformer"]

Tests = Literal["both", "multiple", "single", "none"]
"""Which tests weigh the members of a local set, in a word."""

BATCH_BYTES = 64 << 20
"""What the local sets that are refined at a time may take; on a GPU sixteen times that."""


@dataclass(frozen=True, slots=True)
class BAttentionConfig:
    """What a B-Attention network is made of.

    Attributes:
        inputs: Dimensions of the embeddings.
        width: Dimensions inside; embeddings are mapped to them first where they have others.
        outputs: Dimensions of the refined embeddings.
        layers: Stacked layers.
        tests: Members that profiles are read on.
        single, multiple: Which tests weigh the members; without either all weigh the same.
        flavour: How a layer combines what it has gathered.
        faithful: The published arithmetic: no mending, `tests` is the size of every local set,
            `inputs` is `width`, and the head has a channel-wise PReLU.
    """

    inputs: int
    width: int = 64
    outputs: int = 256
    layers: int = 3
    tests: int = 32
    single: bool = True
    multiple: bool = True
    flavour: Flavour = "gcn"
    faithful: bool = False

    def __post_init__(self) -> None:
        if self.faithful and self.inputs != self.width:
            raise ValueError(f"faithful wants width {self.inputs}, as the inputs, got {self.width}")

    @classmethod
    def published(cls, inputs: int, **changes: object) -> BAttentionConfig:
        """The authors' sizes: width as the embeddings, 240 members, 2,048 outputs."""
        sizes = {"inputs": inputs, "width": inputs, "outputs": 2048, "tests": 240, "faithful": True}
        return cls(**{**sizes, **changes})  # type: ignore[arg-type]

    @property
    def reach(self) -> int:
        """Neighbours of an item that it reads."""
        return self.tests - 1

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor, by name."""
        linear: list[tuple[str, int, int]] = [("head", self.outputs, self.width)]
        other: dict[str, tuple[int, ...]] = {}
        if self.inputs != self.width:
            other["enter.weight"] = self.width, self.inputs
        if self.faithful:
            other["bend.weight"] = (self.outputs,)
        for number in range(self.layers):
            layer = f"layers.{number}"
            other[f"{layer}.fuse"] = (2,)
            for norm in ("norm", "after")[: 2 if self.flavour == "transformer" else 1]:
                other |= {f"{layer}.{norm}.{part}": (self.width,) for part in ("weight", "bias")}
            linear += [(f"{layer}.{name}", after, before) for name, after, before in self._inside()]
        for name, after, before in linear:
            other |= {f"{name}.weight": (after, before), f"{name}.bias": (after,)}
        return other

    def bytes_of_set(self, members: int) -> int:
        """About what a layer holds of one local set at its most, all in float32.

        Half a dozen copies of the members, with a Transformer's hidden layer 14 more, and three of
        their weights and profiles: to a third what was measured, at 64 to 1,024 dimensions.
        """
        copies = 6 if self.flavour == "gcn" else 20
        return 4 * members * (copies * self.width + 3 * (members + self.tests))

    def _inside(self) -> Iterator[tuple[str, int, int]]:
        """The linear maps of a layer: name, dimensions after and before."""
        d, tests = self.width, self.tests
        if self.single:
            yield from (("single.query", d, d), ("single.key", d, d))
        if self.multiple:
            yield from (("multiple.query", tests, tests), ("multiple.key", tests, tests))
        if self.flavour == "gcn":
            yield "out", d, 2 * d
        else:
            yield from (("value", d, d), ("out", d, d), ("feed.0", 8 * d, d), ("feed.2", d, 8 * d))
