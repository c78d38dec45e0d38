"""The map of a project, in the background: made once for each run, and kept in its folder."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from covey.io.atomic import atomic_file
from covey.server.jobs import WORK
from covey.server.layout import Layout, lay_out
from covey.store.review import Review


class Places:
    """Maps of runs.

    Args:
        review: The project.
    """

    def __init__(self, review: Review) -> None:
        self._review = review
        self._made: tuple[int, Layout] | None = None
        self._working: int | None = None

    def current(self) -> Layout | None:
        """The map of the last run, which there is; None until it is ready. Within the lock."""
        run = self._review.runs[-1]
        if self._made is not None and self._made[0] == run:
            return self._made[1]
        if self._working != run:
            self._working = run
            threading.Thread(target=self._work, args=(run,), name=WORK, daemon=True).start()
        return None

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
