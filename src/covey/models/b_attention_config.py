"""What a B-Attention network is made of; torch is not needed to read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Flavour = Literal["gcn", "transformer"]


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

    @classmethod
    def published(cls, inputs: int, **changes: object) -> BAttentionConfig:
        """The authors' sizes: width as the embeddings, 240 members, 2,048 outputs."""
        sizes = {"inputs": inputs, "width": inputs, "outputs": 2048, "tests": 240, "faithful": True}
        return cls(**{**sizes, **changes})  # type: ignore[arg-type]
