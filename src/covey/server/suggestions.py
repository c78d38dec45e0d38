"""What to look at next, the most to gain first."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from covey.review.state import Group
from covey.review.suggestions import Suggestion, SuggestionKind
from covey.server.pages import Cursor, Limit, page_of
from covey.server.problems import Problem
from covey.server.session import Opened, Retried
from covey.store.review import Review

router = APIRouter(tags=["suggestions"])


class SuggestionFacts(BaseModel):
    """Something to look at."""

    key: str = Field(description="The same for the same question.")
    kind: SuggestionKind
    groups: list[int] = Field(description="Concerned; where an item would go last.")
    items: list[int] = Field(description="Concerned.")
    ids: list[str] = Field(description="Names of these items.")
    chance: float = Field(description="That it is right.")
    gain: float = Field(description="Items that an answer is expected to put right.")
    words: str = Field(description="The same in a sentence.")


class SuggestionPage(BaseModel):
    """Some suggestions."""

    suggestions: list[SuggestionFacts]
    next: str | None
    total: int
    counts: dict[str, int] = Field(description="How many there are of each kind.")
    revision: int
    ready: bool = Field(description="False while they are worked out for the first time.")
    problem: Problem | None = Field(
        None,
        description="Why they could not be worked out; POST /v1/suggestions/retry begins anew.",
    )


@router.get("/v1/suggestions")
def list_suggestions(
    session: Opened,
    response: Response,
    kind: Annotated[SuggestionKind | None, Query(description="Only this kind.")] = None,
    limit: Limit = 60,
    cursor: Cursor = None,
) -> SuggestionPage:
    """What to look at next, page by page."""
    with session.reading(response) as review:
        current, revision = session.suggesting.current(), review.state.revision
        if current is None:  # before the first run there is nothing to wait for
            ready = not session.suggesting.expected
            return SuggestionPage(
                suggestions=[],
                next=None,
                total=0,
                counts={},
                revision=revision,
                ready=ready,
                problem=session.suggesting.problem,
            )
        page = page_of(current.rows(kind), limit, cursor)
        return SuggestionPage(
            suggestions=[
                _facts(review, found) for row in page.rows if (found := current.get(row[1]))
            ],
            next=page.next,
            total=page.total,
            counts=current.counts(),
            revision=revision,
            ready=True,
            problem=None,
        )


@router.post("/v1/suggestions/retry", status_code=202)
def suggest_again(session: Opened, response: Response) -> Retried:
    """Begin suggestions anew that could not be worked out."""
    with session.reading():
        session.suggesting.retry()
    response.headers["Location"] = "/v1/suggestions"
    return Retried(at="/v1/suggestions")


def _facts(review: Review, each: Suggestion) -> SuggestionFacts:
    return SuggestionFacts(
        key=each.key,
        kind=each.kind,
        groups=list(each.groups),
        items=list(each.items),
        ids=review.items.ids_of(each.items),
        chance=round(each.chance, 4),
        gain=round(each.gain, 4),
        words=words_of(review, each),
    )


def words_of(review: Review, each: Suggestion) -> str:
    """A suggestion in a sentence."""
    told = [_named(review.state.groups[number]) for number in each.groups]
    if each.kind == "merge":
        return f"{told[0]} and {told[1]} may be one."
    if each.kind == "mixed":
        return f"{told[0]} may be two: {len(each.items):,} items hang together apart from the rest."
    if each.kind == "name":
        return f"{told[0]} has no name."
    item = review.items.id_of(each.items[0])
    if each.kind == "outlier":
        return f"{item} of {told[0]} may belong to {told[1]}."
    return f"{item}, in no group, may belong to {told[0]}."


def _named(group: Group) -> str:
    name = group.name or f"group {group.number}"
    return f"{name} ({len(group.members):,})"
