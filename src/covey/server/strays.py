"""Items in no group, and where they may belong."""

from __future__ import annotations

import numpy as np
from fastapi import APIRouter, Response
from pydantic import BaseModel

from covey.review.changes import NO_GROUP
from covey.server.items import Item, item_facts
from covey.server.pages import Cursor, Limit, Row, page_of
from covey.server.session import Opened

router = APIRouter(tags=["items"])


class Home(BaseModel):
    """A group that an item may belong to."""

    group: int
    name: str
    chance: float


class Stray(Item):
    """An item in no group."""

    home: Home | None


class StrayPage(BaseModel):
    """Some items in no group."""

    items: list[Stray]
    next: str | None
    total: int


@router.get("/v1/none")
def items_in_no_group(
    session: Opened, response: Response, limit: Limit = 60, cursor: Cursor = None
) -> StrayPage:
    """Items in no group, those that may belong to one first."""
    with session.reading(response) as review:
        current = session.suggesting.current()

        def rows() -> list[Row]:
            homes = [] if current is None else current.ordered("home")
            first = sorted((-each.chance, each.items[0]) for each in homes)
            none = np.flatnonzero(review.state.group_of == NO_GROUP)
            rest = np.setdiff1d(none, [item for _, item in first], assume_unique=True)
            return [*first, *((0.0, item) for item in rest.tolist())]

        revision = review.state.revision, None if current is None else current.version
        page = page_of(session.kept("none", revision, rows), limit, cursor)
        told = []
        for _, item in page.rows:
            home = None if current is None else current.home_of(item)
            place = None
            if home is not None:
                group = review.state.groups[home.groups[0]]
                place = Home(group=group.number, name=group.name, chance=round(home.chance, 4))
            told.append(Stray(**item_facts(review, item), home=place))
        return StrayPage(items=told, next=page.next, total=page.total)
