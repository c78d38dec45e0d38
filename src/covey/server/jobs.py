"""Runs that were asked for, each in a thread of its own, one at a time."""

from __future__ import annotations

import secrets
import shlex
import threading
from dataclasses import dataclass
from typing import Any, Literal

from covey.review.state import ConflictError
from covey.server.background import in_background
from covey.server.problems import NotThereError, Problem
from covey.store.review import Review
from covey.store.run_report import write_run_report
from covey.store.running import Outcome, RunOptions, run_project
from covey.types import CoveyError


@dataclass(slots=True)
class Job:
    """A run on its way.

    Attributes:
        id: Of the job.
        state: How far it is.
        stage: What is being done.
        share: Of that stage, in [0, 1].
        outcome: What it did, once it is done.
        problem: Why it failed.
    """

    id: str
    state: Literal["running", "done", "failed"] = "running"
    stage: str = "starting"
    share: float = 0.0
    outcome: dict[str, Any] | None = None
    problem: Problem | None = None


class Jobs:
    """All runs that this server was asked for.

    Args:
        review: What is run.
    """

    def __init__(self, review: Review) -> None:
        self._review = review
        self._jobs: dict[str, Job] = {}
        self._starting = threading.Lock()

    def __getitem__(self, name: str) -> Job:
        """A job by its id.

        Raises:
            NotThereError: If there is none.
        """
        if name not in self._jobs:
            raise NotThereError(f"there is no job {name} since this server started")
        return self._jobs[name]

    @property
    def running(self) -> Job | None:
        """The one that has not ended."""
        return next((each for each in self._jobs.values() if each.state == "running"), None)

    def start(self, options: RunOptions, *, full: bool | None) -> Job:
        """Begins a run.

        Raises:
            ConflictError: If one is running.
        """
        with self._starting:
            if (other := self.running) is not None:
                raise ConflictError(f"job {other.id} is running; wait until it ends")
            job = Job(secrets.token_hex(8))
            self._jobs[job.id] = job

        def failed(problem: Problem) -> None:
            job.problem, job.state = problem, "failed"

        in_background(lambda: self._work(job, options, full), failed)
        return job

    def _work(self, job: Job, options: RunOptions, full: bool | None) -> None:
        def tell(stage: str, share: float) -> None:
            job.stage, job.share = stage, share

        with self._review.project.working("covey review"):
            found = run_project(self._review, options, full=full, progress=tell)
            tell("writing the report", 0.0)
            report, notes = self._reported(found, options)
        job.outcome = {
            "run": found.run.number,
            "kind": found.run.facts["kind"],
            "new_items": found.new_items,
            "touched": found.touched,
            "groups": found.placement.counts(),
            "seconds": round(found.seconds, 3),
            "notes": found.notes + notes,
            "report": report,
        }
        job.share, job.state = 1.0, "done"

    def _reported(self, found: Outcome, options: RunOptions) -> tuple[str | None, list[str]]:
        """Path of the page of a full run, and notes: the run counts though it cannot be written."""
        if found.result is None:
            return None, []
        project = str(self._review.project.folder)
        command = shlex.join(["covey", "run", project, "--full", "--prefer", options.prefer])
        try:
            path = write_run_report(self._review, found.run.number, found.result, command)
        except (CoveyError, OSError) as error:
            return None, [f"its report could not be written: {error}"]
        return str(path), []
