"""Suggestions of a served project: all of them once in the background, then what events concern."""

from __future__ import annotations

import threading

from covey.review.changes import Add, Change, Place
from covey.review.item_links import ItemLinks, item_links
from covey.review.queue import SuggestionQueue
from covey.server.jobs import WORK
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
        self._queue: SuggestionQueue | None = None
        self._unseen: list[Change] = []
        self._turn = 0
        review.watchers.append(self._see)

    def start(self) -> None:
        """Begins to work out all suggestions, in a thread of its own."""
        with self._review.lock:
            self._turn += 1
            self._queue, self._unseen = None, []
            turn, runs = self._turn, self._review.runs
        if runs:
            threading.Thread(target=self._work, args=(turn,), name=WORK, daemon=True).start()

    def current(self) -> SuggestionQueue | None:
        """Suggestions of the state as it is; None until they are ready. Within the lock."""
        if self._queue is not None and self._unseen:
            self._queue.follow(self._review.state, self._review.evidence)
            self._queue.see(self._unseen)
            self._unseen = []
        return self._queue

    @property
    def expected(self) -> bool:
        """Whether there will be suggestions: not before the first run."""
        return bool(self._review.runs)

    def links(self) -> ItemLinks:
        """Edges of the last run, which there is, by item."""
        with self._reading:
            run = self._review.last_run()
            assert run is not None, "asked for where there are runs only"
            if self._links is None or self._links[0] != run.number:
                self._links = run.number, item_links(run.edges(), run.groups())
            return self._links[1]

    def _see(self, event: Event) -> None:
        if any(isinstance(change, Place) for change in event.changes):
            self.start()
        else:
            self._unseen += [each for each in event.changes if not isinstance(each, Add)]

    def _work(self, turn: int) -> None:
        links = self.links()
        with self._review.lock:
            if turn != self._turn:
                return
            state, known = self._review.state.copy(), self._review.evidence
            self._unseen = []
        found = SuggestionQueue(state, known, links)
        found.rows()
        with self._review.lock:
            if turn == self._turn:
                found.follow(self._review.state, self._review.evidence)
                self._queue = found
