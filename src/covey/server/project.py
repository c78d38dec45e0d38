"""The project at a glance."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from covey.server.session import Opened, Session
from covey.store.overview import group_counts

router = APIRouter(tags=["project"])


class RunFacts(BaseModel):
    """A run."""

    number: int
    kind: str = Field(description="full, or grown from the one before.")
    made: str | None = Field(description="ISO 8601, UTC.")
    n: int = Field(description="Items that there were.")
    new_items: int = Field(description="Items that came since the run before.")
    groups: dict[str, int] = Field(description="What became of the groups: how many of each.")
    report: dict[str, Any] = Field(description="What the run says about itself.")
    asked: dict[str, Any] = Field(description="What it was asked for.")


class Step(BaseModel):
    """An event that can be undone, or done again."""

    event: int
    kind: str


class ProjectFacts(BaseModel):
    """A project at a glance."""

    name: str
    metric: str
    made: str
    items: int
    groups: int = Field(description="Hidden ones, too.")
    named: int
    confirmed: int
    hidden: int
    in_no_group: int = Field(description="Items.")
    reviewed_items: int = Field(description="Items of groups with a name, confirmed or hidden.")
    reviewed_share: float
    revision: int
    runs: list[int]
    last_run: RunFacts | None
    new_items: int = Field(description="Items that came since the last run.")
    has_pictures: bool
    has_texts: bool
    undo: Step | None
    redo: Step | None


class Projects(BaseModel):
    """All projects of this server, which is one."""

    projects: list[ProjectFacts]


@router.get("/v1/projects")
def list_projects(session: Opened, response: Response) -> Projects:
    """All projects of this server, which is one."""
    return Projects(projects=[one_project(session, response)])


@router.get("/v1/project")
def one_project(session: Opened, response: Response) -> ProjectFacts:
    """The project at a glance."""
    with session.reading(response) as review:
        state, history = review.state, review.history
        counts = session.kept("counts", state.revision, lambda: group_counts(state))
        undo, redo = history.next_undo(), history.next_redo()
        last = run_facts(session, review.runs[-1]) if review.runs else None
        return ProjectFacts(
            name=review.project.name,
            metric=review.project.metric,
            made=review.project.made,
            items=state.n,
            **counts,
            reviewed_share=round(counts["reviewed_items"] / state.n, 4) if state.n else 0.0,
            revision=state.revision,
            runs=review.runs,
            last_run=last,
            new_items=state.n - (last.n if last is not None else 0),
            has_pictures=session.kept("pictures", state.n, lambda: review.items.has_pictures),
            has_texts=session.kept("texts", state.n, lambda: review.items.has_texts),
            undo=None if undo is None else Step(event=undo[0], kind=undo[1]),
            redo=None if redo is None else Step(event=redo[0], kind=redo[1]),
        )


def run_facts(session: Session, number: int) -> RunFacts:
    """A run as answers hold it, its curve left out. Within `Session.reading`."""

    def read() -> RunFacts:
        facts = session.review.run(number).facts
        report = {name: value for name, value in facts.get("report", {}).items() if name != "curve"}
        return RunFacts(
            number=number,
            kind=facts.get("kind", "full"),
            made=facts.get("made"),
            n=facts["n"],
            new_items=facts.get("new_items", 0),
            groups=facts.get("groups", {}),
            report=report,
            asked=facts.get("asked", {}),
        )

    return session.kept(("run", number), 0, read)
