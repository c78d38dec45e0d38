"""The map of a project, in the background: made once for each run, and kept in its folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from covey.io.atomic import atomic_file
from covey.review.state import ConflictError
from covey.server.background import in_background
from covey.server.layout import Layout, lay_out
from covey.server.problems import Problem
from covey.store.review import Review


class Places:
    """Maps of runs.

    Args:
        review: The project.
    """

    def __init__(self, review: Review) -> None:
        self._review = review
        self._made: tuple[int, Layout] | None = None
        self._begun: int | None = None
        self._problem: Problem | None = None

    def current(self) -> Layout | None:
        """The map of the last run, which there is; None until it is ready. Within the lock."""
        run = self._review.runs[-1]
        if self._made is not None and self._made[0] == run:
            return self._made[1]
        if self._begun != run:
            self._begin(run)
        return None

    @property
    def problem(self) -> Problem | None:
        """Why the map of the last run could not be made, if so. Within the lock."""
        return self._problem if self._review.runs[-1:] == [self._begun] else None

    def retry(self) -> None:
        """Begins the map anew that could not be made. Within the lock.

        Raises:
            ConflictError: If it did not fail.
        """
        if self.problem is None:
            raise ConflictError("the map did not fail; nothing is begun anew")
        self._begin(self._review.runs[-1])

    def _begin(self, run: int) -> None:
        def failed(problem: Problem) -> None:
            with self._review.lock:
                if self._begun == run:
                    self._problem = problem

        self._begun, self._problem = run, None
        in_background(lambda: self._work(run), failed)

    def _work(self, run: int) -> None:
        path = self._review.project.folder / "maps" / f"{run:06d}.npz"
        found = _read(path)
        if found is None:
            with self._review.lock:
                items, count = self._review.items, self._review.run(run).n
            found = lay_out(items.rows, count, metric=self._review.project.metric)
            path.parent.mkdir(exist_ok=True)
            with atomic_file(path) as temporary, temporary.open("wb") as file:
                np.savez(file, item=found.item, x=found.x, y=found.y)
        with self._review.lock:
            self._made = run, found


def _read(path: Path) -> Layout | None:
    try:
        with np.load(path, allow_pickle=False) as found:
            return Layout(found["item"], found["x"], found["y"])
    except (OSError, ValueError, KeyError):
        return None
