"""Items: found by name, one of them, and those like it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from covey.review.changes import NO_GROUP
from covey.server.nearest import nearest_items
from covey.server.pages import Cursor, Limit, Row, page_of
from covey.server.session import Opened
from covey.store.review import Review
from covey.types import UsageError

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
    must_ids: list[str] = Field(description="Names of these.")
    cannot: list[int] = Field(description="Items that it cannot be with.")
    cannot_ids: list[str] = Field(description="Names of these.")


class Neighbour(FoundItem):
    """An item that is like another."""

    similarity: float = Field(description="Cosine, or minus the distance.")


class ItemPage(BaseModel):
    """Some items."""

    items: list[FoundItem]
    missing: list[str] = Field(description="Ids that were asked for and that no item has.")
    next: str | None
    total: int


class Neighbours(BaseModel):
    """Items that are like one, the most similar first."""

    neighbours: list[Neighbour]


@router.get("/v1/items")
def find_items(
    session: Opened,
    response: Response,
    q: Annotated[
        str,
        Query(
            max_length=200, description="Part of an id or a text, or a number: #12; not beside id."
        ),
    ] = "",
    ids: Annotated[
        list[str] | None,
        Query(alias="id", max_length=500, description="Exact ids, each once: id=a&id=b."),
    ] = None,
    limit: Limit = 60,
    cursor: Cursor = None,
) -> ItemPage:
    """Items of exact ids, or whose id or text holds something, in any case; by number."""
    with session.reading(response) as review:
        if ids and q:
            raise UsageError("q and id cannot both be asked for; leave one out")
        rows, missing = _of_ids(review, ids) if ids else (_holding(review, q), [])
        page = page_of(rows, limit, cursor)
        found = [
            FoundItem(**item_facts(review, row[0]), group=_group(review, row[0]))
            for row in page.rows
        ]
        return ItemPage(items=found, missing=missing, next=page.next, total=page.total)


@router.get("/v1/items/{item}")
def one_item(session: Opened, response: Response, item: int) -> ItemDetails:
    """One item."""
    with session.reading(response) as review:
        session.item(item)
        must = sorted(review.state.linked("must", item))
        cannot = sorted(review.state.kept_from(item))
        return ItemDetails(
            **item_facts(review, item),
            group=_group(review, item),
            strength=round(float(review.evidence.strength[item]), 4),
            must=must,
            must_ids=review.items.ids_of(must),
            cannot=cannot,
            cannot_ids=review.items.ids_of(cannot),
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


def _of_ids(review: Review, ids: list[str]) -> tuple[list[Row], list[str]]:
    """Rows of items of these ids, and ids of none."""
    found = dict(zip(ids, review.items.find(ids), strict=True))
    numbers = sorted(number for number in found.values() if number is not None)
    return [(number,) for number in numbers], [name for name in found if found[name] is None]


def _holding(review: Review, q: str) -> list[Row]:
    """Rows of items whose id or text holds this, or of the one whose number is asked for."""
    number = q.strip().removeprefix("#")
    if q.strip().startswith("#") and number.isdecimal():
        return [(int(number),)] if int(number) < review.state.n else []
    return [(item,) for item in review.items.holding(q)]


def _group(review: Review, item: int) -> int | None:
    group = int(review.state.group_of[item])
    return None if group == NO_GROUP else group
