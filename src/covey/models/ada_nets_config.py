"""What an Ada-NETS network is made of; torch is not needed to read it."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Literal

Space = Literal["structure", "read", "knn"]
Length = Literal["adaptive", "fixed", "all", "gap", "stable"]

LISTS = 512
"""Lists that the filter reads at a time."""

SCORES = 4
"""What the filter is told of a candidate: similarity, score, agreement and fit."""


@dataclass(frozen=True, slots=True)
class AdaNETSConfig:
    """What an Ada-NETS network is made of, and which graph it reads.

    Attributes:
        inputs: Dimensions of the embeddings.
        k: Candidates of each item, the item itself counted; all n where there are no more.
        eta: Share of the cosine in structure space, in [0, 1].
        beta: Of the F that tells how good the first candidates are; below 1 precision counts more.
        space: What structure space is for: "structure" orders the candidates by it, as published;
            with "read" they stay in the order of their cosines, and the filter reads their scores;
            "knn" leaves it out.
        length: How many of the first candidates an item keeps: as a trained filter says, `fixed`,
            all, or without labels to the largest gap or where lists are most stable.
        fixed: Candidates kept where the length is "fixed", the item itself counted; training
            chooses it if None.
        filter_width: Dimensions in which the filter reads a candidate.
        filter_hidden: Dimensions of its LSTM, in each direction.
        width: Dimensions inside the graph network.
        layers: Graph convolutions.
        outputs: Dimensions of the refined embeddings.
        faithful: The published arithmetic: the filter reads the embeddings of candidates, in all
            their dimensions, instead of what is known of them; in the graph network an item counts
            twice beside its neighbours, which do not enter as they are, and the head has a PReLU.
    """

    inputs: int
    k: int = 40
    eta: float = 0.3
    beta: float = 0.5
    space: Space = "read"
    length: Length = "adaptive"
    fixed: int | None = None
    filter_width: int = 32
    filter_hidden: int = 32
    width: int = 64
    layers: int = 2
    outputs: int = 256
    faithful: bool = False

    def __post_init__(self) -> None:
        if self.k < 1 or self.layers < 1:
            raise ValueError(f"k and layers want to be 1 or more, got {self.k} and {self.layers}")
        if not 0 <= self.eta <= 1 or not 0 < self.beta < inf:
            raise ValueError(
                f"eta wants to lie in [0, 1] and beta above 0, got {self.eta} and {self.beta}"
            )

    @classmethod
    def published(cls, inputs: int, **changes: object) -> AdaNETSConfig:
        """The authors' sizes for faces: 80 candidates, widths of 256 and 512, 512 outputs.

        By our notes 40 candidates suit MSMT17 better; nothing else is known of other data.
        """
        sizes = {
            "inputs": inputs,
            "k": 80,
            "space": "structure",
            "filter_hidden": inputs,
            "width": 512,
            "outputs": 512,
            "faithful": True,
        }
        return cls(**{**sizes, **changes})  # type: ignore[arg-type]

    @property
    def token(self) -> int:
        """Numbers in which the filter reads a candidate."""
        return self.inputs if self.faithful else self.filter_width

    @property
    def entered(self) -> int:
        """Dimensions of the embeddings as the graph network reads them."""
        return self.inputs if self.faithful else self.width

    @property
    def reach(self) -> int:
        """Neighbours of an item that it reads."""
        return max(1, self.k - 1)

    def bytes_among(self, n: int) -> int:
        """About what refining n items takes on top of rows and of what comes out.

        Lists and their order, reciprocal sets while they hardly expand, the graph both ways, and
        the larger of what the filter and what the network hold.
        """
        k = min(self.k, n)
        token = max(self.token, 4 * self.filter_hidden)
        filtering = 40 * LISTS * k * token if self.length == "adaptive" else 0
        refining = 16 * n * max(self.entered, self.width) + 16 * n * k
        return 48 * n * k + max(filtering, refining)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every tensor, by name."""
        found = self._filter_shapes() if self.length == "adaptive" else {}
        linear = [("graph.head", self.outputs, self.width)]
        if self.entered != self.inputs:
            found["graph.enter.weight"] = self.entered, self.inputs
        if self.faithful:
            found["graph.bend.weight"] = (self.outputs,)
        before = self.entered
        for number in range(self.layers):
            layer = f"graph.layers.{number}"
            linear.append((f"{layer}.out", self.width, before))
            if not self.faithful:
                found |= {f"{layer}.norm.{part}": (self.width,) for part in ("weight", "bias")}
            before = self.width
        for name, after, before in linear:
            found |= {f"{name}.weight": (after, before), f"{name}.bias": (after,)}
        return found

    def _filter_shapes(self) -> dict[str, tuple[int, ...]]:
        d, hidden = self.token, self.filter_hidden
        found: dict[str, tuple[int, ...]] = {}
        if not self.faithful:
            found |= {"filter.mean": (SCORES,), "filter.scale": (SCORES,)}
            found |= {"filter.lift.weight": (d, SCORES), "filter.lift.bias": (d,)}
        for way in ("", "_reverse"):
            found[f"filter.lstm.weight_ih_l0{way}"] = 4 * hidden, d
            found[f"filter.lstm.weight_hh_l0{way}"] = 4 * hidden, hidden
            found[f"filter.lstm.bias_ih_l0{way}"] = (4 * hidden,)
            found[f"filter.lstm.bias_hh_l0{way}"] = (4 * hidden,)
        for name, after, before in (
            ("back", d, 2 * hidden),
            ("mix.0", 2 * d, d),
            ("mix.3", d, 2 * d),
            ("out", 1, d),
        ):
            found[f"filter.{name}.weight"] = after, before
            found[f"filter.{name}.bias"] = (after,)
        return found | {"filter.mix.1.weight": (2 * d,), "filter.mix.4.weight": (d,)}
