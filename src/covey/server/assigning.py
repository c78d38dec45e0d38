"""Which groups new items would join, without adding them."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from covey.assigning import NEAREST, assign
from covey.review.changes import NO_GROUP
from covey.server.corrections import Body
from covey.server.session import Opened
from covey.types import InputError, UsageError

router = APIRouter(tags=["items"])


class Asked(Body):
    """Items by their embeddings."""

    embeddings: list[list[float]] = Field(
        description="Rows, made by the embedder of the project.", min_length=1, max_length=10_000
    )
    k: int = Field(NEAREST, ge=1, le=NEAREST, description="Neighbours that are told of each.")


class Place(BaseModel):
    """Where an item would go."""

    group: int | None = Field(description="null where it would join none.")
    name: str
    chance: float = Field(description="How well it is tied to that group, or the nearest one.")
    neighbours: list[int] = Field(description="Items, the most similar first.")
    neighbour_ids: list[str] = Field(description="Names of these items.")


class Places(BaseModel):
    """Where items would go, in their order."""

    assigned: list[Place]


@router.post("/v1/assign")
def assign_items(session: Opened, body: Asked) -> Places:
    """Tell which groups items would join, by the rule of the last run; nothing is written."""
    with session.reading() as review:  # and not longer: others go on meanwhile
        run = review.last_run()
        if run is None:
            raise UsageError("there are no groups yet; make them with a run first")
        items, groups = review.items, review.state.group_of[: run.n].copy()
        names = {number: each.name for number, each in review.state.groups.items() if each.name}
    if len({len(row) for row in body.embeddings}) > 1:
        raise InputError("rows of embeddings differ in length; make them by one embedder")
    found = assign(body.embeddings, items.matrix()[: run.n], run.knn(), groups, run.rule())
    places = []
    for group, chance, near in zip(
        found.group.tolist(), found.chance.tolist(), found.neighbours.tolist(), strict=True
    ):
        neighbours = [item for item in near[: body.k] if item >= 0]
        places.append(
            Place(
                group=None if group == NO_GROUP else group,
                name=names.get(group, ""),
                chance=round(chance, 4),
                neighbours=neighbours,
                neighbour_ids=items.ids_of(neighbours),
            )
        )
    return Places(assigned=places)
