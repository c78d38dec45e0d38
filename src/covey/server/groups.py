"""Groups: all of them in some order, one of them, and its members."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from covey.review.changes import NO_GROUP
from covey.review.state import Group
from covey.server.group_order import GroupOrder, Order, Show
from covey.server.pages import Cursor, Limit, page_of
from covey.server.session import Opened, Session
from covey.types import Int64

router = APIRouter(tags=["groups"])

_EXEMPLARS = 4


class GroupFacts(BaseModel):
    """A group."""

    number: int = Field(description="For good.")
    name: str = Field(description="Empty if it has none.")
    size: int = Field(description="Items.")
    hidden: bool = Field(description="Whether lists leave it out.")
    confirmed: bool = Field(description="Whether somebody said that it is right.")
    revision: int = Field(description="Number of the last event that touched it.")
    exemplars: list[int] = Field(description="Up to 4 items that show its different kinds.")
    exemplar_ids: list[str] = Field(description="Names of these items.")
    strength: float = Field(description="How firmly its items are in it, on average, in [0, 1].")


class GroupDetails(GroupFacts):
    """A group, and what is known of it."""

    cannot: list[int] = Field(description="Groups that are known to differ from it.")


class GroupPage(BaseModel):
    """Some groups."""

    groups: list[GroupFacts]
    next: str | None
    total: int
    revision: int


class Member(BaseModel):
    """An item of a group."""

    item: int
    id: str
    text: str | None
    has_picture: bool
    strength: float


class MemberPage(BaseModel):
    """Some items of a group."""

    members: list[Member]
    next: str | None
    total: int


@router.get("/v1/groups")
def list_groups(
    session: Opened,
    response: Response,
    order: Annotated[
        Order,
        Query(description="The largest first; named ones first, by name; the last touched first."),
    ] = "size",
    show: Annotated[
        Show, Query(description="Which; hidden ones are shown where they are asked for only.")
    ] = "all",
    q: Annotated[str, Query(max_length=200, description="Part of the name, or the number.")] = "",
    limit: Limit = 60,
    cursor: Cursor = None,
) -> GroupPage:
    """Groups, page by page."""
    with session.reading(response) as review:
        state, wanted = review.state, " ".join(q.split()).casefold()
        rows = session.kept(("order", order, show), 0, lambda: GroupOrder(order, show)).rows(state)
        if wanted:
            rows = session.kept(
                ("found", order, show, wanted),
                state.revision,
                lambda: [row for row in rows if _is_called(state.groups[row[-1]], wanted)],
            )
        page = page_of(rows, limit, cursor)
        found = [facts_of_group(session, state.groups[row[-1]]) for row in page.rows]
        return GroupPage(groups=found, next=page.next, total=page.total, revision=state.revision)


@router.get("/v1/groups/{group}")
def one_group(session: Opened, response: Response, group: int) -> GroupDetails:
    """One group."""
    with session.reading(response):
        found = session.group(group)
        facts = facts_of_group(session, found)
        return GroupDetails(**facts.model_dump(), cannot=_differing(session, found))


@router.get("/v1/groups/{group}/members")
def members_of_group(
    session: Opened,
    response: Response,
    group: int,
    order: Annotated[
        Literal["strength", "weakest", "item"],
        Query(description="The strongest first, the weakest first, or by number."),
    ] = "strength",
    limit: Limit = 60,
    cursor: Cursor = None,
) -> MemberPage:
    """Items of a group, page by page."""
    with session.reading(response) as review:
        found, strength, items = session.group(group), review.evidence.strength, review.items

        def rows() -> list[tuple[Any, ...]]:
            some = members_in_order(found)
            if order == "item":
                return [(item,) for item in some.tolist()]
            sign = -1 if order == "strength" else 1
            return sorted(zip((sign * strength[some]).tolist(), some.tolist(), strict=True))

        key = "members", group, order, tuple(review.runs[-1:])
        page = page_of(session.kept(key, found.revision, rows), limit, cursor)
        told = [
            Member(
                item=row[-1],
                id=items.id_of(row[-1]),
                text=items.text_of(row[-1]),
                has_picture=items.picture_of(row[-1]) is not None,
                strength=round(float(strength[row[-1]]), 4),
            )
            for row in page.rows
        ]
        return MemberPage(members=told, next=page.next, total=page.total)


def facts_of_group(session: Session, group: Group) -> GroupFacts:
    """A group as answers hold it. Within `Session.reading`."""
    members = members_in_order(group)
    strength = session.review.evidence.strength[members]
    exemplars = session.exemplars_of(group, members, _EXEMPLARS)
    return GroupFacts(
        number=group.number,
        name=group.name,
        size=len(members),
        hidden=group.hidden,
        confirmed=group.confirmed,
        revision=group.revision,
        exemplars=exemplars,
        exemplar_ids=session.review.items.ids_of(exemplars),
        strength=round(float(strength.mean()), 4) if len(members) else 0.0,
    )


def members_in_order(group: Group) -> Int64:
    """(s,) sorted items."""
    found = np.fromiter(group.members, np.int64, len(group.members))
    found.sort()
    return found


def _is_called(group: Group, wanted: str) -> bool:
    return wanted in group.name.casefold() or wanted == str(group.number)


def _differing(session: Session, group: Group) -> list[int]:
    state = session.review.state
    others = {int(state.group_of[other]) for other in state.kept_from_any(group.members)}
    return sorted(others - {NO_GROUP, group.number})
