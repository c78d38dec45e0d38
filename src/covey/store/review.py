"""A project under review: its journal, and the state in memory that follows from it.

Several processes may review at a time. Each catches up with the journal before it writes; whoever
says which event they had seen is refused if a group that they change was touched since.

An event is first made the state's own and then written, while nobody else can write: one that the
state refuses is never in the journal. Where anything fails on the way, an interrupt at any line
included, the state is built anew from the journal, so that both always tell the same.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np

from covey.review.changes import Add, Change, Link, Place
from covey.review.corrections import Correction, Evidence
from covey.review.history import REDO, UNDO, History
from covey.review.state import ChangedSinceError, ConflictError, ReviewState
from covey.store.following import ADDED, RAN, Followed
from covey.store.items import Batch, Items, read_items, write_batch
from covey.store.journal import Event, Journal, LateError
from covey.store.project import Project, open_project
from covey.store.runs import Grouped, Run, read_run, rewrite_groups, write_run
from covey.types import CoveyError, Float32, InputError, Int64, UsageError

_TRIES = 20  # to be the next to write, among others who write


class Review:
    """A project, open. Its methods may be called from several threads.

    Args:
        folder: Of the project.

    Attributes:
        project: The folder.
        items: All items.
        lock: Held by whatever reads or writes the state.
        watchers: Called with each event once the state follows it, within `lock`; after an
            interrupt perhaps twice.

    Raises:
        InputError: If it is no project, or damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.project: Project = open_project(folder)
        self.lock = threading.RLock()
        self.watchers: list[Callable[[Event], None]] = []
        self._read: dict[int, Run] = {}
        self._placed: dict[int, Int64] = {}
        self.journal = Journal(self.project.journal, self._placement, begun=self.project.begun)
        self._now, self._astray = Followed(self._placement), False
        self._told = 0  # number of the last event that watchers were told of
        self.items: Items = read_items(self.project, ())
        self._evidence: tuple[list[int], int, Evidence] | None = None
        try:
            self.catch_up()
        except BaseException:
            self.journal.close()
            raise

    def __enter__(self) -> Review:
        return self

    def __exit__(self, *failure: object) -> None:
        self.journal.close()

    @property
    def state(self) -> ReviewState:
        """Groups as they are; only to be read, within `lock` where it must not change."""
        return self._now.state

    @property
    def history(self) -> History:
        """What can be undone."""
        return self._now.history

    @property
    def batches(self) -> list[int]:
        """Numbers of the batches of items, in order."""
        return list(self._now.batches)

    @property
    def runs(self) -> list[int]:
        """Numbers of the runs that counted, in order."""
        return list(self._now.runs)

    def last_run(self) -> Run | None:
        """The last run, if there was one."""
        return self.run(self.runs[-1]) if self.runs else None

    def run(self, number: int) -> Run:
        """A run that counted, by its number."""
        if number not in self._read:
            self._read[number] = read_run(self.project, number)
        return self._read[number]

    @property
    def evidence(self) -> Evidence:
        """What is known of all items."""
        with self.lock:
            key = self.runs[-1:], self.items.n
            if self._evidence is None or self._evidence[:2] != key:
                strength: Float32 = np.zeros(self.items.n, np.float32)
                if (run := self.last_run()) is not None:
                    strength[: run.n] = run.strength()
                self._evidence = *key, Evidence(strength, self.items.exclusive)
            return self._evidence[2]

    def catch_up(self) -> int:
        """Reads what others wrote in the meantime.

        Returns:
            How many events.
        """
        with self.lock:
            before = self.state.revision
            if self._astray:
                self.journal.roll_back()
                self._now = Followed(self._placement)
            found = list(self.journal.events(min(self.state.revision, self._told)))
            for event in found:
                if event.number > self.state.revision:
                    self._astray = True
                    self._read_event(event)
            self._astray = False
            if self.items.n != self.state.n:
                self.items = read_items(self.project, self.batches)
            self._tell(found)
            return self.state.revision - before

    def correct(
        self,
        make: Callable[[ReviewState, Evidence], Correction],
        *,
        author: str = "",
        seen: int | None = None,
    ) -> tuple[Event, Correction]:
        """Makes a correction of the state as it is, and writes it.

        Args:
            make: Gives the correction; it may be called more than once.
            author: Who corrects.
            seen: Number of the last event that they had seen; a group that was touched since is not
                changed. If None, whatever is there is corrected.

        Raises:
            ConflictError: If a group was touched since, or the correction does not fit.
            UsageError: If it makes no sense.
        """
        with self.lock:

            def next_event() -> tuple[str, dict[str, Any], tuple[Change, ...]]:
                correction = make(self.state, self.evidence)
                made.append(correction)
                if seen is not None:
                    self._check_unseen(correction.changes, seen)
                return correction.kind, correction.about, correction.changes

            made: list[Correction] = []
            return self._write(next_event, author), made[-1]

    def preview(
        self, make: Callable[[ReviewState, Evidence], Correction], *, seen: int | None = None
    ) -> Correction:
        """What a correction would do now; refused as `correct` would."""
        with self.lock:
            self.catch_up()
            correction = make(self.state, self.evidence)
            if seen is not None:
                self._check_unseen(correction.changes, seen)
            return correction

    def undo(self, *, author: str = "", seen: int | None = None) -> Event:
        """Takes the last correction back.

        Raises:
            UsageError: If there is none since the last run.
            ConflictError: If `seen` is the number of an event and a group was touched since.
        """

        def next_event() -> tuple[str, dict[str, Any], tuple[Change, ...]]:
            found = self.history.next_undo()
            if found is None:
                raise UsageError("there is nothing to undo since the last run")
            if seen is not None:
                self._check_unseen(found[2], seen)
            return UNDO, {"event": found[0], "kind": found[1]}, found[2]

        return self._write(next_event, author)

    def redo(self, *, author: str = "", seen: int | None = None) -> Event:
        """Makes the correction again that was taken back last.

        Raises:
            UsageError: If there is none.
            ConflictError: If `seen` is the number of an event and a group was touched since.
        """

        def next_event() -> tuple[str, dict[str, Any], tuple[Change, ...]]:
            found = self.history.next_redo()
            if found is None:
                raise UsageError("there is nothing to redo")
            if seen is not None:
                self._check_unseen(found[2], seen)
            return REDO, {"event": found[0], "kind": found[1]}, found[2]

        return self._write(next_event, author)

    def add(self, batch: Batch, *, author: str = "") -> Event:
        """Adds items.

        Raises:
            InputError: If they do not go with those that are there.
        """
        with self.lock:
            self.catch_up()
            number = write_batch(self.project, batch, self.items)
            about = {"batch": number, "count": len(batch.ids), "source": batch.source}
            with self._kept_if_told(self.project.batch(number)):
                event = self._write(
                    lambda: (ADDED, about, (Add(self.state.n, len(batch.ids)),)), author
                )
            self.catch_up()
            return event

    def placed(
        self,
        found: Grouped,
        batches: Sequence[int],
        facts: dict[str, Any],
        *,
        again: Callable[[ReviewState], tuple[Grouped, dict[str, Any]]] | None = None,
        author: str = "",
    ) -> Event:
        """Writes a run and makes its groups those of the project.

        Args:
            found: The run, made of the state as it was at `facts["revision"]`.
            batches: Of its items.
            facts: For its `run.json`.
            again: Gives both for a state that was corrected since, with the same clusters and
                another `facts["revision"]`; it may be called more than once.
            author: Who ran it.

        Raises:
            ConflictError: If groups were corrected since and `again` is None; then nothing counts.
        """
        number = write_run(self.project, found, batches, facts)  # takes long, so without the lock

        def next_event() -> tuple[str, dict[str, Any], tuple[Change, ...]]:
            nonlocal facts
            if self.state.revision != facts["revision"]:
                if again is None:
                    raise ConflictError(
                        "groups were corrected while this ran, which it does not know of; run again"
                    )
                found, facts = again(self.state)
                rewrite_groups(self.project, number, found, batches, facts)
            return RAN, {"run": number}, (Place(number),)

        with self._kept_if_told(self.project.run(number)):
            return self._write(next_event, author)

    @contextmanager
    def _kept_if_told(self, folder: Path) -> Iterator[None]:
        """Removes what was just written if the event that names it could not be."""
        try:
            yield
        except CoveyError:
            with suppress(CoveyError):
                self.catch_up()
                there = {self.project.batch(number) for number in self.batches}
                if folder not in there | {self.project.run(number) for number in self.runs}:
                    shutil.rmtree(folder, ignore_errors=True)
            raise

    def _write(
        self, next_event: Callable[[], tuple[str, dict[str, Any], tuple[Change, ...]]], author: str
    ) -> Event:
        """Writes what follows from the latest state, however many others write.

        Raises:
            ConflictError: If the state refuses it, or others write all the time.
            CoveyError: If it cannot be written. In either case nothing was.
        """
        with self.lock:
            for _ in range(_TRIES):
                self.catch_up()
                kind, about, changes = next_event()
                try:
                    event = self.journal.append(
                        kind,
                        about,
                        changes,
                        after=self.state.revision,
                        author=author,
                        first=self._follow,
                    )
                    self._astray = False
                except LateError:
                    continue  # another process was faster
                except BaseException:
                    with suppress(CoveyError):  # else whoever reads next tries again
                        self.catch_up()
                    raise
                self._tell([event])
                return event
            raise ConflictError("others write all the time; try again")

    def _read_event(self, event: Event) -> None:
        """Follows an event of the journal, where all fit that no damage was done to."""
        try:
            if event.number != self.state.revision + 1:
                raise ValueError(f"event {self.state.revision + 1} is missing")
            self._now.see(event)
        except (ConflictError, AttributeError, LookupError, TypeError, ValueError) as error:
            if isinstance(error, InputError):  # of the run that it names
                raise
            raise InputError(
                f"{self.journal.path}: event {event.number} does not fit those before it "
                f"({error}); restore a copy"
            ) from error

    def _follow(self, event: Event) -> None:
        """Makes an event the state's own before it is written; astray until it is."""
        self._astray = True
        self._now.see(event)

    def _tell(self, events: Sequence[Event]) -> None:
        """Tells watchers of events, each once; after an interrupt once more."""
        for event in events:
            if event.number > self._told:
                try:
                    for watcher in self.watchers:
                        watcher(event)
                except Exception:
                    self._told = event.number
                    raise
                self._told = event.number

    def _check_unseen(self, changes: Sequence[Change], seen: int) -> None:
        for change in changes:
            numbers = [getattr(change, name, None) for name in ("group", "source", "target")]
            if isinstance(change, Link):
                numbers += self.state.group_of[[change.a, change.b]].tolist()
            for number in numbers:
                group = self.state.groups.get(number)  # type: ignore[arg-type]
                if group is not None and group.revision > seen:
                    raise ChangedSinceError(
                        f"group {group.number} was changed in the meantime (event "
                        f"{group.revision}); look again"
                    )

    def _placement(self, run: int) -> Int64:
        if run not in self._placed:
            self._placed = {run: self.run(run).groups()}  # only the last is kept
        return self._placed[run]
