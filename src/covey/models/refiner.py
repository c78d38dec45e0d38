"""An embedder made from labels: its weights, and what cosines of refined rows meant elsewhere.

The weights are arrays here, so that a model can be read and described without torch; torch is
imported to use them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.calibration import Calibration
from covey.extras import require
from covey.graph import nearest, symmetric_sets
from covey.knn import build_knn_graph
from covey.models.b_attention_config import BAttentionConfig
from covey.types import Float32, InputError, IntArray, KnnGraph

REFINED_NEIGHBOURS = 40
"""Neighbours of refined rows whose edges are judged and clustered."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What refined rows came to on groups that training did not see.

    Attributes:
        n_items: Items of these groups; their neighbours were looked for among themselves.
        calibration: From the cosine of two neighbours to the share that belonged together.
        cut: (c,) float64, ascending cosines below which edges were ignored.
        precision, recall: (c,) float64, BCubed, of the map equation's groups at each cut.
    """

    n_items: int
    calibration: Calibration
    cut: NDArray[np.float64]
    precision: NDArray[np.float64]
    recall: NDArray[np.float64]

    def among(self, n: int) -> HeldOut:
        """The same for a collection of n items.

        With r times as many items, in more groups rather than in larger ones, an item meets r times
        as many strangers at any cosine, and no more of its own: the odds of every precision fall by
        r. (Our own assumption, from nothing but the two sizes.)
        """
        strangers = max(n, 1) / max(self.n_items, 1)
        return HeldOut(
            n,
            Calibration(self.calibration.score, diluted(self.calibration.probability, strangers)),
            self.cut,
            diluted(self.precision, strangers),
            self.recall,
        )

    @property
    def best(self) -> float:
        """Highest BCubed F of any cut."""
        p, r = self.precision, self.recall
        return float((2 * p * r / np.maximum(p + r, 1e-12)).max())

    def foreseen(self, cut: NDArray[np.float64]) -> NDArray[np.float64]:
        """(c, 2) precision and recall at other cuts: linear between those tried."""
        return np.column_stack(
            [np.interp(cut, self.cut, self.precision), np.interp(cut, self.cut, self.recall)]
        )


def diluted(share: NDArray[np.float64], strangers: float) -> NDArray[np.float64]:
    """A share of right ones where there are so many times as many wrong ones."""
    return share / (share + (1 - share) * strangers)


def joined(refined: Float32, rows: Float32, own: float) -> Float32:
    """(n, a + b) float32 whose cosines are those of both, weighted by 1 - `own` and `own`."""
    return np.concatenate(
        [refined * np.float32((1 - own) ** 0.5), rows * np.float32(own**0.5)], axis=1
    )


@dataclass(frozen=True, slots=True)
class Refiner:
    """Maps the embeddings of a collection to better ones, each from its local set.

    Attributes:
        config: What the network is made of.
        weights: Its tensors by name.
        own: Share of the item's own embedding in every cosine, in [0, 1]; the rest is that of what
            the network makes of its local set. At 1 nothing was gained from the network, and
            embeddings stay as they are.
        held_out: What to expect.
        about: Where it comes from: data, seed, version, figures.
    """

    config: BAttentionConfig
    weights: dict[str, Float32]
    own: float
    held_out: HeldOut
    about: dict[str, Any]

    def check(self, dimensions: int, metric: str = "cosine") -> None:
        """Refuses embeddings that it was not made for.

        Raises:
            InputError: If they have other dimensions, or lengths matter.
        """
        wanted = self.config.inputs
        if dimensions != wanted:
            raise InputError(
                f"the model was trained on embeddings of {wanted} numbers, these have "
                f"{dimensions}; use the embeddings that it was trained for, or train another"
            )
        if metric != "cosine":
            raise InputError(
                f"the model compares directions; it cannot be used with metric {metric!r}: use "
                "'cosine', or leave the model out"
            )

    def refine(
        self,
        rows: Float32,
        knn: KnnGraph | None = None,
        *,
        threads: int | None = None,
        tick: Callable[[float], None] = lambda done: None,
    ) -> Float32:
        """Refines all rows of a collection.

        Args:
            rows: (n, inputs) float32 of unit length.
            knn: Their neighbours, without the items themselves, at least `members` - 1 where there
                are as many; looked for if None.
            threads: At most so many.
            tick: Called with the share done.

        Returns:
            (n, outputs) float32 of unit length, behind it the `inputs` of the item itself where
            these have a share.

        Raises:
            InputError: If the dimensions are others than it was trained on.
            MissingExtraError: If torch is not installed.
        """
        self.check(rows.shape[1])
        if self.own == 1:
            return rows
        near = self.neighbours_among(len(rows))
        if knn is None:
            knn = build_knn_graph(rows, near, threads=threads)
        sets = symmetric_sets(nearest(knn, near), self.members)
        return self.refine_sets(rows, sets, threads=threads, tick=tick)

    def refine_sets(
        self,
        rows: Float32,
        sets: IntArray,
        *,
        threads: int | None = None,
        tick: Callable[[float], None] = lambda done: None,
    ) -> Float32:
        """Refined embeddings of the first members of m local sets, as `refine` gives them.

        Args:
            rows: (n, inputs) float32 of unit length.
            sets: (m, members) numbers of rows, -1 where there is no member.
            threads: At most so many.
            tick: Called with the share done.
        """
        if self.own == 1:
            return rows[sets[:, 0]]
        torch = require("torch", "learn")
        from covey.models.b_attention import BAttentionNetwork, refine

        network = BAttentionNetwork(self.config)
        network.load_state_dict({k: torch.from_numpy(v) for k, v in self.weights.items()})
        before = torch.get_num_threads()
        torch.set_num_threads(min(threads or before, before))
        try:
            refined = refine(network, rows, sets, tick=tick)
        finally:
            torch.set_num_threads(before)
        return joined(refined, rows[sets[:, 0]], self.own) if self.own else refined

    def neighbours_among(self, n: int) -> int:
        """How many neighbours the local sets of n items are made from."""
        return max(1, min(self.members, n) - 1)

    @property
    def members(self) -> int:
        """Of a local set."""
        return self.config.tests
