"""An embedder made from labels: its weights, and what cosines of refined rows meant elsewhere.

The weights are arrays here, so that a model can be read and described without torch; torch is
imported to use them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from covey.extras import require
from covey.graph import symmetric_sets
from covey.knn import build_knn_graph
from covey.models.b_attention_config import BAttentionConfig
from covey.models.edge_features import LIST_LENGTH
from covey.models.held_out import HeldOut
from covey.models.universal import UniversalScorer
from covey.models.whitening import Whitening
from covey.types import Float32, InputError, IntArray, KnnGraph, UsageError

KIND = "b-attention"
"""Of a model, as its folder names it, and of the method, as reports do."""

WHITENING_MEAN, WHITENING_MAP = "whitening.mean", "whitening.map"
"""Names of tensors."""

SCORER = "scorer"
"""What the names of the scorer's tensors begin with."""

REFINED_NEIGHBOURS, _OWN_NEIGHBOURS = 40, 80
"""Neighbours whose cosines are judged and clustered: of refined rows, and of rows as they are."""

_JOINED = 8192  # rows that are joined at a time


def list_length(own: float) -> int:
    """Neighbours whose cosines are judged and clustered, by the share of the embedding itself."""
    return _OWN_NEIGHBOURS if own == 1 else REFINED_NEIGHBOURS


def joined(refined: Float32, rows: Float32, own: float) -> Float32:
    """(n, a + b) float32 whose cosines are those of both, weighted by 1 - `own` and `own`.

    One of them alone where the other has no share.
    """
    if own in (0, 1):
        return rows if own else refined
    width = refined.shape[1]
    both = np.empty((len(rows), width + rows.shape[1]), np.float32)
    np.multiply(refined, np.float32((1 - own) ** 0.5), out=both[:, :width])
    np.multiply(rows, np.float32(own**0.5), out=both[:, width:])
    return both


@dataclass(frozen=True, slots=True)
class Refiner:
    """Maps the embeddings of a collection to better ones, each from its local set.

    Attributes:
        network: What the network is made of.
        tensors: Its weights by name.
        whitening: Of the embeddings, before anything else; None where they stay as they are.
        own: Share of the item's own embedding in every cosine, in [0, 1]; the rest is that of what
            the network makes of its local set. At 1 nothing was gained from the network.
        held_out: What to expect.
        about: Where it comes from: data, seed, version, figures.
        scorer: Gives edges of the rows that come out the probability that both ends belong
            together; None where cosines weigh them.
        partition: What made groups of the edges that `held_out` tells of.
    """

    network: BAttentionConfig
    tensors: dict[str, Float32] = field(repr=False)
    whitening: Whitening | None = field(repr=False)
    own: float
    held_out: HeldOut = field(repr=False)
    about: dict[str, Any]
    scorer: UniversalScorer | None = None
    partition: str = "map-equation"

    @property
    def uses_network(self) -> bool:
        """Whether the network has any share; if not, rows are whitened, or stay as they are."""
        return self.own < 1

    def weights(self) -> dict[str, Float32]:
        """The tensors of model.safetensors."""
        weights = {name: np.ascontiguousarray(each) for name, each in self.tensors.items()}
        if self.whitening is not None:
            weights |= {WHITENING_MEAN: self.whitening.mean, WHITENING_MAP: self.whitening.map}
        if self.scorer is not None:
            weights |= self.scorer.network.tensors(SCORER)
        return weights

    def config(self) -> dict[str, Any]:
        """All the rest, for config.json: see `refiner_format`."""
        held = self.held_out
        return {
            "kind": KIND,
            "network": asdict(self.network),
            "own": self.own,
            "held_out": {
                "n_items": held.n_items,
                "score": held.calibration.score,
                "probability": held.calibration.probability,
                "cut": held.cut,
                "precision": held.precision,
                "recall": held.recall,
                "precision_falls": held.precision_falls,
                "recall_falls": held.recall_falls,
            },
            "partition": self.partition,
            "scale": None if self.scorer is None else asdict(self.scorer.fixed_scale),
            "about": self.about,
        }

    def check(
        self,
        dimensions: int,
        metric: str = "cosine",
        *,
        name: str = "the model",
        rows: str = "these",
    ) -> None:
        """Refuses embeddings that it was not made for.

        Args:
            dimensions: Numbers in a row.
            metric: How rows are to be compared.
            name: Of the model, for messages.
            rows: What they are, for messages.

        Raises:
            InputError: If they have other dimensions.
            UsageError: If lengths matter.
        """
        wanted = self.network.inputs
        if dimensions != wanted:
            raise InputError(
                f"{name} was trained on embeddings of {wanted} numbers, {rows} have {dimensions}; "
                "use the embeddings that it was trained for, or train another"
            )
        if metric != "cosine":
            raise UsageError(
                f"{name} compares directions; it cannot be used with metric {metric!r}: use "
                "'cosine', or leave the model out"
            )

    def prepare(self, rows: Float32) -> Float32:
        """(n, inputs) unit rows as local sets are found and refined in: whitened, or the same."""
        return rows if self.whitening is None else self.whitening(rows)

    def refine(
        self,
        rows: Float32,
        knn: KnnGraph | None = None,
        *,
        threads: int | None = None,
        device: str | None = None,
        tick: Callable[[float], None] = lambda done: None,
    ) -> Float32:
        """Refines all rows of a collection.

        Args:
            rows: (n, inputs) float32 of unit length, as `prepare` gives them.
            knn: Their neighbours, without the items themselves, `neighbours_among(n)` each; looked
                for if None.
            threads: At most so many.
            device: Where torch computes; if None a GPU that it finds and that has the memory,
                otherwise the CPU. Results differ by rounding.
            tick: Called with the share done.

        Returns:
            (n, outputs) float32 of unit length, behind it the `inputs` of the item itself where
            these have a share; only these where they have all of it.

        Raises:
            InputError: If the dimensions are others than it was trained on.
            MissingExtraError: If torch is not installed.
        """
        self.check(rows.shape[1])
        if not self.uses_network:
            return rows
        if knn is None:
            knn = build_knn_graph(rows, self.neighbours_among(len(rows)), threads=threads)
        sets = symmetric_sets(knn, self.members)
        return self.refine_sets(rows, sets, threads=threads, device=device, tick=tick)

    def refine_sets(
        self,
        rows: Float32,
        sets: IntArray,
        *,
        seeds: Float32 | None = None,
        threads: int | None = None,
        device: str | None = None,
        tick: Callable[[float], None] = lambda done: None,
    ) -> Float32:
        """Refined embeddings of the first members of s local sets, as `refine` gives them.

        Args:
            rows: (n, inputs) float32 of unit length, as `prepare` gives them.
            sets: (s, members) numbers of rows, -1 where there is no member.
            seeds: (s, inputs) float32, the first members where they are no rows; `sets` then names
                the others, (s, members - 1).
            threads: At most so many.
            device: As for `refine`.
            tick: Called with the share done.
        """
        if not self.uses_network:
            return rows[sets[:, 0]] if seeds is None else seeds
        torch = require("torch", "learn")
        from covey.models.b_attention import BAttentionNetwork, fastest_device, gpu_bytes, refine

        network = BAttentionNetwork(self.network)
        network.load_state_dict({k: torch.from_numpy(v) for k, v in self.tensors.items()})
        network.to(device or fastest_device(gpu_bytes(self.network, len(rows))))
        out = np.empty((len(sets), self.dimensions), np.float32)
        outputs = self.network.outputs
        before = torch.get_num_threads()
        torch.set_num_threads(min(threads or before, before))
        try:
            refine(network, rows, sets, seeds=seeds, out=out[:, :outputs], tick=tick)
        finally:
            torch.set_num_threads(before)
        for start in range(0, len(sets) if self.own else 0, _JOINED):
            block = slice(start, start + _JOINED)
            items = rows[sets[block, 0]] if seeds is None else seeds[block]
            out[block] = joined(out[block, :outputs], items, self.own)
        return out

    def neighbours_among(self, n: int) -> int:
        """How many neighbours the local sets of n items are made from."""
        return max(1, min(self.members, n) - 1)

    @property
    def list_length(self) -> int:
        """Neighbours of the rows that `refine` gives, as they were judged."""
        return list_length(self.own) if self.scorer is None else LIST_LENGTH

    @property
    def dimensions(self) -> int:
        """Of the rows that `refine` gives."""
        if self.own == 1:
            return self.network.inputs
        return self.network.outputs + (self.network.inputs if self.own else 0)

    @property
    def members(self) -> int:
        """Of a local set."""
        return self.network.tests
