"""Suggestions of a served project: all of them once in the background, then what events concern."""

from __future__ import annotations

import threading

from covey.review.changes import Add, Change, Place
from covey.review.item_links import ItemLinks, item_links
from covey.review.queue import SuggestionQueue
from covey.review.state import ConflictError
from covey.server.background import in_background
from covey.server.problems import Problem, problem_of
from covey.store.journal import Event
from covey.store.review import Review


class Suggesting:
    """Keeps suggestions and the edges that they come from.

    Args:
        review: Whose events are watched.

    Attributes:
        problem: Why there are none, if they could not be worked out.
    """

    def __init__(self, review: Review) -> None:
        self._review = review
        self._reading = threading.Lock()
        self._links: tuple[int, ItemLinks] | None = None
        self._queue: SuggestionQueue | None = None
        self._unseen: list[Change] = []
        self._turn = 0
        self.problem: Problem | None = None
        review.watchers.append(self._see)

    def start(self) -> None:
        """Begins to work out all suggestions, in a thread of its own."""
        with self._review.lock:
            self._turn += 1
            self._queue, self._unseen, self.problem = None, [], None
            turn, runs = self._turn, self._review.runs
        if runs:
            in_background(lambda: self._work(turn), lambda problem: self._failed(turn, problem))

    def retry(self) -> None:
        """Begins anew what failed. Within the lock.

        Raises:
            ConflictError: If nothing failed.
        """
        if self.problem is None:
            raise ConflictError("suggestions did not fail; nothing is begun anew")
        self.start()

    def current(self) -> SuggestionQueue | None:
        """Suggestions of the state as it is; None until they are ready. Within the lock."""
        if self._queue is not None and self._unseen:
            unseen, self._unseen = self._unseen, []
            try:
                self._queue.follow(self._review.state, self._review.evidence)
                self._queue.see(unseen)
            except Exception as error:  # it has seen a part of them: of no use any more
                self._queue, self.problem = None, problem_of(error)
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

    def _failed(self, turn: int, problem: Problem) -> None:
        with self._review.lock:
            if turn == self._turn:
                self.problem = problem

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
