"""The map: items as points, near ones alike."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from covey.server.session import Opened

router = APIRouter(tags=["project"])


class MapFacts(BaseModel):
    """Points of up to 20,000 items."""

    ready: bool = Field(description="False while it is made, for some seconds after a run.")
    items: list[int]
    x: list[float] = Field(description="In [0, 1].")
    y: list[float] = Field(description="In [0, 1].")
    groups: list[int] = Field(description="Number of the group of each, -1 for none.")


@router.get("/v1/map")
def item_map(session: Opened, response: Response) -> MapFacts:
    """Where items of the last run lie."""
    with session.reading(response) as review:
        found = session.places.current() if review.runs else None
        if found is None:
            return MapFacts(ready=not review.runs, items=[], x=[], y=[], groups=[])
        groups = review.state.group_of[found.item].tolist()
    x, y = found.x.round(5).tolist(), found.y.round(5).tolist()
    return MapFacts(ready=True, items=found.item.tolist(), x=x, y=y, groups=groups)
