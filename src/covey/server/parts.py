"""What a group would fall into."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from covey.review.cutting import cut_into, inner_tree
from covey.server.groups import members_in_order
from covey.server.session import Opened, Session
from covey.types import UsageError

router = APIRouter(tags=["groups"])

_EXEMPLARS = 6


class Part(BaseModel):
    """Items that would be a group of their own."""

    size: int
    items: list[int]
    ids: list[str] = Field(description="Names of these items.")
    exemplars: list[int] = Field(description="Up to 6 items that stand for it.")
    exemplar_ids: list[str] = Field(description="Names of these items.")


class Cut(BaseModel):
    """A group in parts."""

    parts: list[Part]
    most: int = Field(description="Into how many it can be cut: one for each item.")


@router.get("/v1/groups/{group}/cut")
def cut_group(
    session: Opened,
    response: Response,
    group: int,
    parts: Annotated[int, Query(ge=1, description="How many; more where nothing ties them.")] = 2,
) -> Cut:
    """The parts that a group would fall into, to be split by."""
    if session.review.runs:
        session.suggesting.links()  # long the first time, so that others are not held up
    with session.reading(response) as review:
        found = session.group(group)
        if not review.runs:
            raise UsageError("nothing is known of what ties items before the first run")
        members = members_in_order(found)
        if not len(members):
            return Cut(parts=[], most=0)
        links = session.suggesting.links()
        tree = session.kept(
            ("tree", group, review.runs[-1]), found.revision, lambda: inner_tree(members, links)
        )
        cut = cut_into(members, tree, min(parts, len(members)))
        return Cut(parts=[_part(session, part) for part in cut], most=len(members))


def _part(session: Session, items: list[int]) -> Part:
    exemplars = session.exemplars(np.array(items), _EXEMPLARS)
    names = session.review.items.ids_of
    return Part(
        size=len(items),
        items=items,
        ids=names(items),
        exemplars=exemplars,
        exemplar_ids=names(exemplars),
    )
