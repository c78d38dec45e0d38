"""What a reviewer does: each path makes one event."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from covey.review import corrections
from covey.review.changes import NO_GROUP
from covey.review.corrections import Correction, Evidence, describe
from covey.review.state import ReviewState
from covey.server.changing import Asked, Changed
from covey.types import UsageError

router = APIRouter(tags=["corrections"])


class Body(BaseModel):
    """What is asked for; words that are not known are refused, and so is "12" where 12 is meant."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Description(Body):
    """What is to be known of a group; what is left out stays."""

    name: str | None = Field(None, description="Up to 200 characters; empty takes it away.")
    hidden: bool | None = Field(None, description="Whether lists leave it out.")
    confirmed: bool | None = Field(None, description="Whether it is right.")


class SomeItems(Body):
    """Items by number or by id; both may be mixed."""

    items: list[int] = Field(default=[], description="Numbers of items.")
    ids: list[str] = Field(default=[], description="Ids of items, as they were added.")


class Merge(SomeItems):
    """Groups that are one; of items those that they are in."""

    groups: list[int] = Field(default=[], description="Two at least, items' groups counted.")
    into: int | None = Field(None, description="Which number stays; a named one, or the largest.")


class Split(Body):
    """Parts of a group that are groups of their own; what is in no part stays."""

    parts: list[list[int]] = Field(default=[], description="Numbers of the items of each.")
    ids: list[list[str]] = Field(default=[], description="The same by ids; more parts.")


class NotSame(SomeItems):
    """Two groups that differ; of items those that they are in."""

    a: int | None = Field(None, description="One.")
    b: int | None = Field(None, description="The other.")


class Move(SomeItems):
    """Items that belong to another group, wherever they are."""

    group: int | None = Field(description="Where to; null for a new group.")
    name: str = Field("", description="Of a new group.")


class Remove(SomeItems):
    """Items that belong to none of the groups; they are in some."""


class Reject(Body):
    """A suggestion that is wrong."""

    key: str = Field(description="Of the suggestion.", min_length=1, max_length=200)


@router.patch("/v1/groups/{group}")
def describe_group(group: int, body: Description, asked: Asked) -> Changed:
    """Name, hide or confirm a group, or take that back."""
    asked.check_there(group)
    return asked.correct(lambda state, known: _described(state, group, body))


@router.post("/v1/groups/merge")
def merge_groups(body: Merge, asked: Asked) -> Changed:
    """Make one group of several."""
    items = asked.numbers(body.items, body.ids)

    def make(state: ReviewState, known: Evidence) -> Correction:
        groups = [*body.groups, *_groups_of(state, items)]
        return corrections.merge(state, known, groups, body.into)

    return asked.correct(make)


@router.post("/v1/groups/not-same")
def keep_apart(body: NotSame, asked: Asked) -> Changed:
    """Say that two groups differ: no run joins them, and it is not suggested again."""
    items = asked.numbers(body.items, body.ids)

    def make(state: ReviewState, known: Evidence) -> Correction:
        named = [each for each in (body.a, body.b) if each is not None]
        groups = [*named, *_groups_of(state, items)]
        if len(groups) != 2:
            raise UsageError("say which two groups differ: a and b, or an item of each")
        return corrections.not_same(state, known, *groups)

    return asked.correct(make)


@router.post("/v1/groups/{group}/split")
def split_group(group: int, body: Split, asked: Asked) -> Changed:
    """Make groups of parts of one."""
    asked.check_there(group)
    parts = [asked.numbers(part, []) for part in body.parts]
    parts += [asked.numbers([], part) for part in body.ids]
    return asked.correct(lambda state, known: corrections.split(state, known, group, parts))


@router.post("/v1/items/move")
def move_items(body: Move, asked: Asked) -> Changed:
    """Put items into another group, or into a new one."""
    items = asked.numbers(body.items, body.ids)

    def make(state: ReviewState, known: Evidence) -> Correction:
        return corrections.move(state, known, items, body.group, body.name)

    return asked.correct(make)


@router.post("/v1/items/remove")
def remove_items(body: Remove, asked: Asked) -> Changed:
    """Take items out of their groups, into none."""
    items = asked.numbers(body.items, body.ids)
    return asked.correct(lambda state, known: corrections.remove(state, known, items))


@router.post("/v1/suggestions/reject")
def reject_suggestion(body: Reject, asked: Asked) -> Changed:
    """Turn a suggestion down for good."""
    return asked.correct(lambda state, known: corrections.reject(state, known, body.key))


@router.post("/v1/undo")
def undo(asked: Asked) -> Changed:
    """Take the last correction back."""
    with asked.session.reading() as review:
        if asked.dry:
            found = review.history.next_undo()
            if found is None:
                raise UsageError("there is nothing to undo since the last run")
            return asked.told(None, found[2])
        event = review.undo(seen=asked.seen)
        return asked.told(event, event.changes)


@router.post("/v1/redo")
def redo(asked: Asked) -> Changed:
    """Make the correction again that was taken back last."""
    with asked.session.reading() as review:
        if asked.dry:
            found = review.history.next_redo()
            if found is None:
                raise UsageError("there is nothing to redo")
            return asked.told(None, found[2])
        event = review.redo(seen=asked.seen)
        return asked.told(event, event.changes)


def _groups_of(state: ReviewState, items: Sequence[int]) -> list[int]:
    """Groups that items are in, each once."""
    found = dict.fromkeys(state.group_of[list(items)].tolist())
    if NO_GROUP in found:
        item = next(item for item in items if state.group_of[item] == NO_GROUP)
        raise UsageError(f"item {item} is in no group; move it into one instead")
    return list(found)


def _described(state: ReviewState, group: int, body: Description) -> Correction:
    """One correction of all that is new in the body."""
    asked = body.model_dump(exclude_none=True)
    if not asked:
        raise UsageError("say what is to change: name, hidden or confirmed")
    new = {
        name: value for name, value in asked.items() if getattr(state.group(group), name) != value
    }
    told = [describe(state, group, name, value) for name, value in (new or asked).items()]  # type: ignore[arg-type]
    about = {name: value for each in told for name, value in each.about.items()}
    changes = tuple(change for each in told for change in each.changes)
    notes = [note for each in told for note in each.notes]
    return Correction(told[0].kind if len(told) == 1 else "describe", about, changes, notes)
