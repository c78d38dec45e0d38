"""Suggestions of a served project: all of them once in the background, then what events concern."""

from __future__ import annotations

import threading

from covey.review.changes import Place
from covey.review.current_suggestions import CurrentSuggestions, all_suggestions
from covey.review.item_links import ItemLinks, item_links
from covey.store.journal import Event
from covey.store.review import Review


class Suggesting:
    """Keeps suggestions and the edges that they come from.

    Args:
        review: Whose events are watched.
    """

    def __init__(self, review: Review) -> None:
        self._review = review
        self._reading = threading.Lock()
        self._links: tuple[int, ItemLinks] | None = None
        self._current: CurrentSuggestions | None = None
        self._since: list[Event] = []
        self._turn = 0
        review.watchers.append(self._see)

    def start(self) -> None:
        """Begins to work out all suggestions, in a thread of its own."""
        with self._review.lock:
            self._turn += 1
            self._current, self._since = None, []
            if not self._review.runs:
                self._current = CurrentSuggestions(())
                return
            turn = self._turn
        threading.Thread(target=self._work, args=(turn,), daemon=True).start()

    def current(self) -> CurrentSuggestions | None:
        """Suggestions of the state as it is; None until they are ready. Within the lock."""
        if self._current is not None and self._review.runs:
            review = self._review
            self._current.refresh(review.state, review.evidence, self.links())
        return self._current

    def links(self) -> ItemLinks:
        """Edges of the last run, which there is, by item."""
        with self._reading:
            run = self._review.last_run()
            assert run is not None, "asked for where there are runs only"
            if self._links is None or self._links[0] != run.number:
                self._links = run.number, item_links(run.edges(), run.n)
            return self._links[1]

    def _see(self, event: Event) -> None:
        if any(isinstance(change, Place) for change in event.changes):
            self.start()
        elif self._current is not None:
            self._current.see(event.changes, self._review.state)
        else:
            self._since.append(event)

    def _work(self, turn: int) -> None:
        links = self.links()
        with self._review.lock:
            if turn != self._turn:
                return
            state, known = self._review.state.copy(), self._review.evidence
            self._since.clear()
        found = CurrentSuggestions(all_suggestions(state, known, links))
        found.rows()
        with self._review.lock:
            if turn == self._turn:
                for event in self._since:
                    found.see(event.changes, self._review.state)
                self._current, self._since = found, []
