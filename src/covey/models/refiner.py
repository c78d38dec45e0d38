"""What labels made of embeddings: better ones, or scores of their edges, and what these meant.

The weights are arrays here, so that a model can be read and described without torch; torch is
imported to use them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np

from covey.extras import require
from covey.graph import symmetric_sets
from covey.knn import build_knn_graph
from covey.models.ada_nets_config import AdaNETSConfig
from covey.models.b_attention_config import BAttentionConfig
from covey.models.edge_features import LIST_LENGTH
from covey.models.held_out import HeldOut
from covey.models.kinds import Kind, NetworkConfig, kind_of
from covey.models.link_scorer import CosineScorer, EdgeScorer, LinkScorer
from covey.models.linkage_gcn_config import LinkageGCNConfig
from covey.models.universal import UniversalScorer
from covey.models.whitening import Whitening
from covey.threads import torch_threads
from covey.types import Float32, InputError, IntArray, KnnGraph, UsageError

Weighed = Literal["cosine", "learned", "network"]
"""What weighs edges: the cosine of rows, a scorer learned on top, or the network itself."""

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
    """Makes more of the embeddings of a collection, by what labels of other groups taught.

    The network of most kinds maps each embedding to a better one, in the light of its nearest; that
    of a linkage GCN leaves embeddings as they are and weighs the edges between them.

    Attributes:
        network: What the network is made of; says which kind it is.
        tensors: Its weights by name.
        whitening: Of the embeddings, before anything else; None where they stay as they are.
        own: Share of the item's own embedding in every cosine, in [0, 1]; the rest is that of what
            the network makes of its neighbourhood. At 1 no embedding gains anything by it.
        held_out: What to expect.
        about: Where it comes from: data, seed, version, figures.
        scorer: Gives edges of the rows that come out the probability that both ends belong
            together: the network itself, or a smaller one learned on top; None where cosines do.
        partition: What made groups of the edges that `held_out` tells of.
    """

    network: NetworkConfig
    tensors: dict[str, Float32] = field(repr=False)
    whitening: Whitening | None = field(repr=False)
    own: float
    held_out: HeldOut = field(repr=False)
    about: dict[str, Any]
    scorer: UniversalScorer | LinkScorer | None = None
    partition: str = "map-equation"

    @property
    def kind(self) -> Kind:
        """What is said of its kind."""
        return kind_of(self.network)

    @property
    def refines(self) -> bool:
        """Whether the network changes embeddings."""
        return self.own < 1

    @property
    def uses_network(self) -> bool:
        """Whether the network is used at all; if not, rows are whitened, or stay as they are."""
        return self.refines or isinstance(self.scorer, LinkScorer)

    @property
    def edges(self) -> Weighed:
        """What weighs edges."""
        if self.scorer is None:
            return "cosine"
        return "network" if isinstance(self.scorer, LinkScorer) else "learned"

    @property
    def halves_scorer(self) -> EdgeScorer:
        """What weighs edges where rows have half of the dimensions; only their order tells then."""
        if isinstance(self.scorer, UniversalScorer):
            return self.scorer.as_others_see()
        return CosineScorer()

    def weights(self) -> dict[str, Float32]:
        """The tensors of model.safetensors."""
        weights = {name: np.ascontiguousarray(each) for name, each in self.tensors.items()}
        if self.whitening is not None:
            weights |= {WHITENING_MEAN: self.whitening.mean, WHITENING_MAP: self.whitening.map}
        if isinstance(self.scorer, UniversalScorer):
            weights |= self.scorer.network.tensors(SCORER)
        return weights

    def config(self) -> dict[str, Any]:
        """All the rest, for config.json: see `refiner_format`."""
        held, scorer = self.held_out, self.scorer
        return {
            "kind": self.kind.name,
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
            "edges": self.edges,
            "scale": asdict(scorer.fixed_scale) if isinstance(scorer, UniversalScorer) else None,
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
        if not self.refines:
            return rows
        if knn is None:
            knn = build_knn_graph(rows, self.neighbours_among(len(rows)), threads=threads)
        if isinstance(self.network, BAttentionConfig):
            sets = symmetric_sets(knn, self.network.tests)
            return self.refine_sets(rows, sets, threads=threads, device=device, tick=tick)
        return self._refine_graph(self.network, rows, knn, threads, device, tick)

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
        if not self.refines:
            return rows[sets[:, 0]] if seeds is None else seeds
        torch = require("torch", "learn")
        from covey.models.b_attention import BAttentionNetwork, gpu_bytes, refine
        from covey.models.device import fastest_device

        config = self.network
        if not isinstance(config, BAttentionConfig):
            raise UsageError(
                f"a {self.kind.title} reads no local sets: refine the whole collection"
            )
        network = BAttentionNetwork(config)
        network.load_state_dict({k: torch.from_numpy(v) for k, v in self.tensors.items()})
        network.to(device or fastest_device(gpu_bytes(config, len(rows))))
        out = np.empty((len(sets), self.dimensions), np.float32)
        with torch_threads(threads):
            refine(network, rows, sets, seeds=seeds, out=out[:, : config.outputs], tick=tick)
        return self._joined(out, rows, sets[:, 0] if seeds is None else None, seeds)

    def _refine_graph(
        self,
        config: AdaNETSConfig | LinkageGCNConfig,
        rows: Float32,
        knn: KnnGraph,
        threads: int | None,
        device: str | None,
        tick: Callable[[float], None],
    ) -> Float32:
        """`refine` by a network that reads the graph of the whole collection."""
        if not isinstance(config, AdaNETSConfig):
            raise UsageError(f"a {self.kind.title} refines no embeddings")
        torch = require("torch", "learn")
        from covey.models.ada_nets import AdaNETSNetwork, refine_rows
        from covey.models.device import fastest_device

        network = AdaNETSNetwork(config)
        network.load_state_dict({k: torch.from_numpy(v) for k, v in self.tensors.items()})
        network.to(device or fastest_device(config.bytes_among(len(rows))))
        out = np.empty((len(rows), self.dimensions), np.float32)
        out[:, : config.outputs] = refine_rows(network, rows, knn, threads=threads, tick=tick)
        return self._joined(out, rows, np.arange(len(rows)), None)

    def _joined(
        self, out: Float32, rows: Float32, items: IntArray | None, seeds: Float32 | None
    ) -> Float32:
        """Puts the items' own embeddings behind what the network made, block by block."""
        outputs = self.dimensions - self.network.inputs
        for start in range(0, len(out) if self.own else 0, _JOINED):
            block = slice(start, start + _JOINED)
            own = seeds[block] if items is None else rows[items[block]]  # type: ignore[index]
            out[block] = joined(out[block, :outputs], own, self.own)
        return out

    def neighbours_among(self, n: int) -> int:
        """How many neighbours of each of n items the network reads."""
        return max(1, min(self.network.reach, n - 1))

    @property
    def list_length(self) -> int:
        """Neighbours of the rows that `refine` gives, as they were judged."""
        if isinstance(self.scorer, LinkScorer):
            return self.scorer.config.near
        return list_length(self.own) if self.scorer is None else LIST_LENGTH

    @property
    def dimensions(self) -> int:
        """Of the rows that `refine` gives."""
        inputs = self.network.inputs
        if self.own == 1 or isinstance(self.network, LinkageGCNConfig):
            return inputs
        return self.network.outputs + (inputs if self.own else 0)
