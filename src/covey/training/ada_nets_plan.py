"""How Ada-NETS is trained, both its parts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from covey.training.loop import Schedule
from covey.training.pair_batches import PairPlan


@dataclass(frozen=True, slots=True)
class AdaNETSPlan(PairPlan):
    """How Ada-NETS is trained.

    Attributes:
        filter_schedule: How long and how fast the filter.
        lists: Lists of a batch of the filter.
        most: Random neighbours of an item that a layer but the first sees; all if None.
    """

    filter_schedule: Schedule = field(default_factory=lambda: Schedule(steps=300, rate=3e-3))
    lists: int = 256
    most: int | None = None

    @classmethod
    def published(cls, **changes: Any) -> AdaNETSPlan:
        """The authors' batches, loss and optimiser.

        1,024 lists at a time; one seed with up to 128 of its 256 nearest, 80 neighbours in a hop
        (here all in the first, which costs nothing), the hinge. Their schedules have 40,000 and
        35,000 steps. Their weight of pairs of one group is 1 and the margin .9, where `hinge` has
        those of B-Attention.
        """
        theirs = {
            "filter_schedule": Schedule(rate=0.01, decay=1e-5, optimiser="sgd"),
            "lists": 1024,
            "schedule": Schedule(rate=0.1, decay=1e-5, optimiser="sgd"),
            "loss": "hinge",
            "negatives": "hardest",
            "seeds": 1,
            "near": 128,
            "pool": 256,
            "groups": 0,
            "most": 80,
            "dropped": 0.0,
        }
        return cls(**{**theirs, **changes})
