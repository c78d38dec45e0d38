"""Items: found by name, one of them, and those like it."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pyarrow.compute as pc
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from covey.review.changes import NO_GROUP
from covey.server.nearest import nearest_items
from covey.server.pages import Cursor, Limit, page_of
from covey.server.session import Opened
from covey.store.review import Review

router = APIRouter(tags=["items"])


class Item(BaseModel):
    """An item."""

    item: int = Field(description="Its number, from 0 on.")
    id: str = Field(description="Its name.")
    text: str | None
    has_picture: bool


class FoundItem(Item):
    """An item and where it is."""

    group: int | None = Field(description="null for none.")


class ItemDetails(FoundItem):
    """An item and what is known of it."""

    strength: float = Field(description="How firmly it is in its group, in [0, 1].")
    must: list[int] = Field(description="Items that it must be with.")
    cannot: list[int] = Field(description="Items that it cannot be with.")


class Neighbour(FoundItem):
    """An item that is like another."""

    similarity: float = Field(description="Cosine, or minus the distance.")


class ItemPage(BaseModel):
    """Some items."""

    items: list[FoundItem]
    next: str | None
    total: int


class Neighbours(BaseModel):
    """Items that are like one, the most similar first."""

    neighbours: list[Neighbour]


@router.get("/v1/items")
def find_items(
    session: Opened,
    response: Response,
    q: Annotated[str, Query(max_length=200, description="Part of an id, or a number: #12.")] = "",
    limit: Limit = 60,
    cursor: Cursor = None,
) -> ItemPage:
    """Items whose id holds a text, in either case."""
    with session.reading(response) as review:
        number = q.strip().removeprefix("#")
        if q.strip().startswith("#") and number.isdecimal():
            rows = [(int(number),)] if int(number) < review.state.n else []
        else:
            mask = pc.match_substring(review.items.ids, q, ignore_case=True)
            rows = [(item,) for item in np.flatnonzero(mask.to_numpy()).tolist()]
        page = page_of(rows, limit, cursor)
        found = [
            FoundItem(**item_facts(review, row[0]), group=_group(review, row[0]))
            for row in page.rows
        ]
        return ItemPage(items=found, next=page.next, total=page.total)


@router.get("/v1/items/{item}")
def one_item(session: Opened, response: Response, item: int) -> ItemDetails:
    """One item."""
    with session.reading(response) as review:
        session.item(item)
        return ItemDetails(
            **item_facts(review, item),
            group=_group(review, item),
            strength=round(float(review.evidence.strength[item]), 4),
            must=sorted(review.state.linked("must", item)),
            cannot=sorted(review.state.linked("cannot", item)),
        )


@router.get("/v1/items/{item}/neighbours")
def neighbours_of_item(
    session: Opened,
    response: Response,
    item: int,
    k: Annotated[int, Query(ge=1, le=200, description="How many at most.")] = 24,
) -> Neighbours:
    """More like this."""
    with session.reading(response) as review:
        session.item(item)
        found = [
            Neighbour(
                **item_facts(review, other),
                group=_group(review, other),
                similarity=round(similarity, 4),
            )
            for other, similarity in nearest_items(review, item, k)
        ]
        return Neighbours(neighbours=found)


def item_facts(review: Review, item: int) -> dict[str, Any]:
    """An item as answers hold it, its group left out."""
    items = review.items
    return {
        "item": item,
        "id": items.id_of(item),
        "text": items.text_of(item),
        "has_picture": items.picture_of(item) is not None,
    }


def _group(review: Review, item: int) -> int | None:
    group = int(review.state.group_of[item])
    return None if group == NO_GROUP else group
