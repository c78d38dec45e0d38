"""How a change is asked for and answered: `If-Match`, `dry_run`, and the event that came of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Response
from pydantic import BaseModel, Field

from covey.review.changes import NO_GROUP, Change, as_rows
from covey.review.corrections import Correction, Evidence
from covey.review.queue import touched
from covey.review.state import ChangedSinceError, ReviewState
from covey.server.session import Opened, Session
from covey.store.journal import Event
from covey.types import InputError, UsageError

_LONGEST_REVISION = 1000  # digits

Make = Callable[[ReviewState, Evidence], Correction]


class EventFacts(BaseModel):
    """What was done, as the journal keeps it."""

    number: int = Field(description="Of the event, from 1 on.")
    time: str = Field(description="ISO 8601, UTC.")
    author: str = Field("", description="Who did it.")
    kind: str = Field(description="In a word: merge, split, move, undo, run.")
    about: dict[str, Any] = Field(description="What was asked for.")


class Changed(BaseModel):
    """What became of a change."""

    event: EventFacts | None = Field(description="The event; none where nothing was written.")
    notes: list[str] = Field(description="What a reviewer should know.")
    revision: int = Field(description="Number of the last event.")
    touched: list[int] = Field(description="Numbers of the groups concerned, gone ones too.")
    changes: list[list[Any]] | None = Field(
        None, description="With dry_run only: what would be done, a word and its values each."
    )


@dataclass(frozen=True, slots=True)
class Asking:
    """How a change is asked for.

    Attributes:
        session: Where.
        response: Gets the new revision as its ETag.
        seen: Number of the last event that the client had seen, if it says so.
        dry: Whether nothing is to be written.
    """

    session: Session
    response: Response
    seen: int | None
    dry: bool

    def correct(self, make: Make) -> Changed:
        """Makes a correction, or tells what it would do."""
        with self.session.reading() as review:
            if self.dry:
                would = review.preview(make, seen=self.seen)
                return self.told(None, would.changes, would.notes)
            event, correction = review.correct(make, seen=self.seen)
            return self.told(event, event.changes, correction.notes)

    def numbers(self, items: Sequence[int], ids: Sequence[str]) -> list[int]:
        """Numbers of items that are named by number or by id.

        Raises:
            UsageError: If one of them is not there.
        """
        with self.session.reading() as review:
            n = review.state.n
            for item in items:
                if not 0 <= item < n:
                    raise UsageError(f"there is no item {item}: there are {n}, from 0 on")
            try:
                return [*items, *(review.items.numbers_of(ids) if ids else ())]
            except InputError as error:
                raise UsageError(str(error)) from None

    def check_there(self, group: int) -> None:
        """Refuses a group that is not there; one that the client had seen is a conflict, though.

        Raises:
            NotThereError: If so.
        """
        if self.seen is None:
            with self.session.reading():
                self.session.group(group)

    def told(
        self, event: Event | None, changes: Sequence[Change], notes: Sequence[str] = ()
    ) -> Changed:
        """The answer. Within the lock of the review."""
        state = self.session.review.state
        self.response.headers["ETag"] = f'"{state.revision}"'
        groups, items = touched(changes)
        groups.update(state.group_of[list(items)].tolist())
        return Changed(
            event=None if event is None else facts_of_event(event),
            notes=list(notes),
            revision=state.revision,
            touched=sorted(groups - {NO_GROUP}),
            changes=as_rows(changes) if event is None else None,
        )


def facts_of_event(event: Event) -> EventFacts:
    """An event as answers hold it."""
    return EventFacts(
        number=event.number,
        time=event.time,
        author=event.author,
        kind=event.kind,
        about=event.about,
    )


def asking(
    session: Opened,
    response: Response,
    if_match: Annotated[
        str | None,
        Header(description='Number of the last event that you had seen, as in the ETag: "12".'),
    ] = None,
    dry_run: Annotated[bool, Query(description="Tell what would be done; write nothing.")] = False,
) -> Asking:
    """Reads off a request how its change is asked for."""
    seen = None
    if if_match is not None and if_match.strip() != "*":
        number = if_match.strip().removeprefix("W/").strip('"')
        if not number.isdecimal() or len(number) > _LONGEST_REVISION:
            raise InputError(f'If-Match must hold a revision like "12", not {if_match[:40]!r}')
        seen = int(number)
        with session.reading() as review:
            if seen > review.state.revision:
                raise ChangedSinceError(
                    f"there is no event {seen} here, the last one is {review.state.revision}; the "
                    "revision is of another project or a later copy: look again"
                )
    return Asking(session, response, seen, dry_run)


Asked = Annotated[Asking, Depends(asking)]
