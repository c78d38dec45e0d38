"""Runs: those that were made, one that is asked for, and the curve of the last full one."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from covey.cluster_report import Prefer
from covey.server.changing import Asked, Changed
from covey.server.corrections import Body
from covey.server.problems import Problem
from covey.server.project import RunFacts, run_facts
from covey.server.session import Opened
from covey.store.running import RunOptions, can_grow

router = APIRouter(tags=["runs"])


class RunList(BaseModel):
    """Runs that counted, the first one first."""

    runs: list[RunFacts]


class RunWanted(Body):
    """A run that is asked for."""

    full: bool | None = Field(
        None,
        description="Group all items anew (true), or grow the last run (false); null grows it "
        "until the collection is a quarter larger than what it was decided on.",
    )
    prefer: Prefer = Field("balanced", description="Of a full run: purer groups, or fewer torn.")


class Started(BaseModel):
    """A job that began."""

    job: str


class JobOutcome(BaseModel):
    """What a run did."""

    run: int = Field(description="Its number.")
    kind: str = Field(description="full, or grown from the one before.")
    new_items: int = Field(description="Items that came since the run before.")
    touched: int = Field(description="Items that were grouped; all of them in a full run.")
    groups: dict[str, int] = Field(description="What became of the groups: how many of each.")
    seconds: float = Field(description="By the clock, without writing.")
    notes: list[str] = Field(description="What a user should know.")
    report: str | None = Field(description="Page of a full run: its path on this machine.")


class JobFacts(BaseModel):
    """A run on its way."""

    id: str
    state: Literal["running", "done", "failed"]
    stage: str = Field(description="What is being done: starting, neighbours, writing.")
    share: float = Field(description="Of the stage, in [0, 1].")
    outcome: JobOutcome | None = Field(None, description="What it did, once it is done.")
    problem: Problem | None = Field(None, description="Why it failed, once it has.")


class CurveFacts(BaseModel):
    """What each cut would have given; empty lists where no full run told."""

    cuts: list[float] = Field(description="Probability of the weakest edge used, ascending.")
    groups: list[int] = Field(description="Groups at each cut.")
    precision: list[float | None] = Field(description="BCubed precision that is foreseen.")
    recall: list[float | None] = Field(description="BCubed recall that is foreseen.")
    chosen: int | None = Field(description="Place of the cut that was taken.")
    run: int | None


@router.get("/v1/runs")
def list_runs(session: Opened, response: Response) -> RunList:
    """All runs."""
    with session.reading(response) as review:
        return RunList(runs=[run_facts(session, number) for number in review.runs])


@router.post(
    "/v1/runs",
    status_code=202,
    response_model=Started | Changed,
    responses={
        200: {"model": Changed, "description": "With dry_run: what would be done."},
        202: {"headers": {"Location": {"description": "Its path.", "schema": {"type": "string"}}}},
    },
)
def start_run(body: RunWanted, asked: Asked, response: Response) -> Started | Changed:
    """Begin a run in the background; one at a time."""
    session = asked.session
    if asked.dry:
        response.status_code = 200
        with session.reading() as review:
            last = review.last_run()
            new = review.state.n - (0 if last is None else last.n)
            grows = can_grow(last, review.state.n, body.full)
            what = f"{new:,} new items join the groups" if grows else "all items are grouped anew"
            return asked.told(None, (), [f"{what}; named and confirmed groups stay"])
    job = session.jobs.start(RunOptions(prefer=body.prefer), full=body.full)
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return Started(job=job.id)


@router.get("/v1/jobs/{job}")
def one_job(session: Opened, job: str) -> JobFacts:
    """How far a run is."""
    found = session.jobs[job]
    names = ("id", "state", "stage", "share", "outcome", "problem")
    return JobFacts.model_validate({name: getattr(found, name) for name in names})


@router.get("/v1/curve")
def curve(session: Opened, response: Response) -> CurveFacts:
    """What each cut of the last full run would have given."""
    with session.reading(response) as review:
        for number in reversed(review.runs):
            found = review.run(number).facts.get("report", {}).get("curve")
            if found:
                return CurveFacts(
                    cuts=found["cut"],
                    groups=found["n_clusters"],
                    precision=found["precision"],
                    recall=found["recall"],
                    chosen=found["chosen"],
                    run=number,
                )
        return CurveFacts(cuts=[], groups=[], precision=[], recall=[], chosen=None, run=None)
