"""The map: items as points, near ones alike."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from covey.server.problems import Problem
from covey.server.session import Opened, Retried

router = APIRouter(tags=["project"])


class MapFacts(BaseModel):
    """Points of up to 20,000 items."""

    ready: bool = Field(description="False while it is made, for some seconds after a run.")
    items: list[int]
    ids: list[str] = Field(description="Their names.")
    x: list[float] = Field(description="In [0, 1].")
    y: list[float] = Field(description="In [0, 1].")
    groups: list[int] = Field(description="Number of the group of each, -1 for none.")
    problem: Problem | None = Field(
        None, description="Why it could not be made; POST /v1/map/retry begins it anew."
    )


@router.get("/v1/map")
def item_map(session: Opened, response: Response) -> MapFacts:
    """Where items of the last run lie."""
    with session.reading(response) as review:
        found = session.places.current() if review.runs else None
        if found is None:
            return MapFacts(
                ready=not review.runs,
                items=[],
                ids=[],
                x=[],
                y=[],
                groups=[],
                problem=session.places.problem,
            )
        groups, items = review.state.group_of[found.item].tolist(), review.items
    return MapFacts(
        ready=True,
        items=found.item.tolist(),
        ids=items.ids_of(found.item),
        x=found.x.round(5).tolist(),
        y=found.y.round(5).tolist(),
        groups=groups,
        problem=None,
    )


@router.post("/v1/map/retry", status_code=202)
def make_map_again(session: Opened, response: Response) -> Retried:
    """Begin the map anew that could not be made."""
    with session.reading():
        session.places.retry()
    response.headers["Location"] = "/v1/map"
    return Retried(at="/v1/map")
