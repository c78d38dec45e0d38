"""What follows from the events of a project, kept up to date event by event."""

from __future__ import annotations

from covey.review.history import History
from covey.review.state import Placements, ReviewState
from covey.store.journal import Event

ADDED, RAN = "add", "run"
"""Kinds of events that are no corrections."""


class Followed:
    """A project as events have left it.

    Args:
        placements: Groups of items by runs.

    Attributes:
        state: Groups.
        history: What can be undone.
        batches: Numbers of the batches of items, in order.
        runs: Numbers of the runs that counted, in order.
    """

    def __init__(self, placements: Placements) -> None:
        self.state = ReviewState(placements)
        self.history = History()
        self.batches: list[int] = []
        self.runs: list[int] = []

    def see(self, event: Event) -> None:
        """Follows an event. One that the state refuses leaves no trace.

        Raises:
            ConflictError: If it does not fit.
        """
        self.state.apply(event.changes, event.number)
        self.history.see(event.number, event.kind, event.about.get("event"), event.changes)
        if event.kind == ADDED:
            self.batches.append(int(event.about["batch"]))
        elif event.kind == RAN:
            self.runs.append(int(event.about["run"]))
