"""What was done so far, and what is known of pairs of items from it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from covey.review.changes import LinkKind
from covey.review.state import ReviewState
from covey.server.changing import EventFacts, facts_of_event
from covey.server.pages import Cursor, Limit, page_of
from covey.server.session import Opened
from covey.store.review import Review

router = APIRouter(tags=["events"])


class EventPage(BaseModel):
    """Some events."""

    events: list[EventFacts]
    next: str | None
    total: int


class PairLink(BaseModel):
    """Two items that must, or cannot, be together."""

    kind: LinkKind
    a: int = Field(description="One item.")
    a_id: str = Field(description="Its name.")
    b: int = Field(description="The other item.")
    b_id: str = Field(description="Its name.")


class ItemsApart(BaseModel):
    """Items no two of which can be together."""

    kind: Literal["apart"]
    items: list[int] = Field(description="Two at least, ascending.")
    ids: list[str] = Field(description="Names of these.")


class LinkPage(BaseModel):
    """Some of what is known of items."""

    links: list[PairLink | ItemsApart]
    next: str | None
    total: int


@router.get("/v1/events")
def list_events(
    session: Opened,
    response: Response,
    after: Annotated[int, Query(ge=0, description="Only those with larger numbers.")] = 0,
    order: Annotated[
        Literal["oldest", "newest"], Query(description="Which come first.")
    ] = "oldest",
    limit: Limit = 60,
    cursor: Cursor = None,
) -> EventPage:
    """Events of the journal, page by page."""
    with session.reading(response) as review:
        numbers, sign = range(after + 1, review.state.revision + 1), 1 if order == "oldest" else -1
        page = page_of([(sign * each,) for each in numbers[::sign]], limit, cursor)
        first = min((abs(row[0]) for row in page.rows), default=1)
        events = review.journal.events(first - 1, len(page.rows)) if page.rows else ()
        found = [facts_of_event(event) for event in events][::sign]
        return EventPage(events=found, next=page.next, total=page.total)


@router.get("/v1/constraints")
def list_links(
    session: Opened,
    response: Response,
    kind: Annotated[
        LinkKind | Literal["apart"] | None, Query(description="Only this kind.")
    ] = None,
    limit: Limit = 60,
    cursor: Cursor = None,
) -> LinkPage:
    """What is known of items, page by page: sets of which no two can be together (`apart`), then
    pairs that cannot, and pairs that must be together."""
    with session.reading(response) as review:
        state = review.state
        rows, sets = session.kept(("links", kind), state.revision, lambda: _known(state, kind))
        page = page_of(rows, limit, cursor)
        found = [
            _apart(review, sets[a, b]) if each == "apart" else _link(review, each, a, b)
            for each, a, b in page.rows
        ]
        return LinkPage(links=found, next=page.next, total=page.total)


def _known(
    state: ReviewState, kind: str | None
) -> tuple[list[tuple[str, int, int]], dict[tuple[int, int], tuple[int, ...]]]:
    """Rows to page by, and sets by their first two items: two sets never share two."""
    sets = {(items[0], items[1]): items for items in state.apart}
    rows = [("apart", *pair) for pair in sets]
    kinds: tuple[LinkKind, ...] = ("cannot", "must")
    rows += [(each, a, b) for each in kinds for a, b in state.links(each)]
    return [row for row in rows if kind in (None, row[0])], sets


def _apart(review: Review, items: tuple[int, ...]) -> ItemsApart:
    return ItemsApart(kind="apart", items=list(items), ids=review.items.ids_of(items))


def _link(review: Review, kind: LinkKind, a: int, b: int) -> PairLink:
    name = review.items.id_of
    return PairLink(kind=kind, a=a, a_id=name(a), b=b, b_id=name(b))
