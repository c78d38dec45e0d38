"""Who follows a training, and what held-out groups say of it on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import numpy as np
from torch import Tensor, nn

from covey.graph import knn_to_edges
from covey.knn import build_knn_graph
from covey.metrics.edges import average_precision
from covey.models.refiner import REFINED_NEIGHBOURS
from covey.training.cuts import cuts_tried, f_of
from covey.training.loop import Checkpoint, Part, Schedule, fit
from covey.types import Edges, Float32, Int64

_DENSITIES = np.geomspace(12.0, 1.0, 6)  # edges an item at the cuts of a validation


@dataclass(frozen=True, slots=True)
class Validation:
    """How refined items of groups that are not learned from come out.

    Attributes:
        average_precision: Of the edges to their neighbours; says when to stop.
        f: BCubed F of the map equation's groups at the best of a few cuts.
    """

    average_precision: float
    f: float

    def told(self) -> str:
        """In words, for progress."""
        return f"average precision {self.average_precision:.3f}, F {self.f:.3f}"


Seen = TypeVar("Seen")
"""What a validation sees."""


@dataclass(frozen=True, slots=True)
class Watch(Generic[Seen]):
    """Who follows a training.

    Attributes:
        tell: Called after each step with the step, its loss, and the validation if there was one.
        keep: Called after each validation with what is needed to go on.
        start: What an earlier run kept, to go on with.
    """

    tell: Callable[[int, float, Seen | None], None] = lambda step, loss, validation: None
    keep: Callable[[Checkpoint], None] = lambda checkpoint: None
    start: Checkpoint | None = None


class Judged(Protocol):
    """A validation that says how it went."""

    @property
    def loss(self) -> float:
        """The lower the better."""


Loss = TypeVar("Loss", bound=Judged)
"""A validation by a loss."""


def fit_watched(
    network: nn.Module,
    loss_of: Callable[[np.random.Generator], Tensor | Sequence[Part]],
    schedule: Schedule,
    judge: Callable[[], Loss],
    watch: Watch[Loss],
) -> Checkpoint:
    """`fit` by the loss of a validation, which the watch is told of."""
    last: list[Loss] = []

    def judged() -> float:
        last[:] = [judge()]
        return -last[0].loss

    return fit(
        network,
        loss_of,
        schedule,
        validate=judged,
        start=watch.start,
        tell=lambda step, loss, score: watch.tell(step, loss, None if score is None else last[0]),
        keep=watch.keep,
    )


def validate_rows(rows: Float32, labels: Int64) -> Validation:
    """Looks at embeddings of groups that are not learned from.

    Args:
        rows: (n, d) float32 of unit length, n >= 2.
        labels: (n,) their groups.
    """
    graph = build_knn_graph(rows, min(REFINED_NEIGHBOURS, len(rows) - 1))
    return validate_edges(knn_to_edges(graph), labels)


def validate_edges(edges: Edges, labels: Int64) -> Validation:
    """The same of scored edges.

    Args:
        edges: Among n items, at least one.
        labels: (n,) their groups.
    """
    f = cuts_tried(edges, labels, _DENSITIES, rounds=1)[1:]
    return Validation(average_precision(edges, labels), float(f_of(*f).max()))
