"""What a server holds of its project: the review, and what is worked out from it and kept."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from pydantic import BaseModel, Field

from covey.review.exemplars import exemplars
from covey.review.state import Group
from covey.server.jobs import Jobs
from covey.server.places import Places
from covey.server.problems import NotThereError
from covey.server.suggesting import Suggesting
from covey.store.moved_pictures import Moved
from covey.store.review import Review
from covey.types import Int64

T = TypeVar("T")

_MOST_KEPT = 200  # results that are kept until their part of the state changes


class Retried(BaseModel):
    """Work in the background that was begun anew."""

    at: str = Field(description="Path that tells when it is ready.")


class Session:
    """One project, served.

    Args:
        review: The project.
        moved: Where its pictures are now.

    Attributes:
        review: The project.
        moved: Where its pictures are now.
        suggesting: Suggestions, worked out in the background.
        jobs: Runs that were asked for.
        places: The map.
    """

    def __init__(self, review: Review, moved: Moved) -> None:
        self.review, self.moved = review, moved
        self.suggesting = Suggesting(review)
        self.jobs = Jobs(review)
        self.places = Places(review)
        self._kept: dict[Hashable, tuple[Hashable, Any]] = {}
        self._shown: dict[int, tuple[Hashable, list[int]]] = {}

    @contextmanager
    def reading(self, response: Response | None = None) -> Iterator[Review]:
        """The project as it is now, which does not change within the block.

        Args:
            response: Gets the revision as its ETag.
        """
        with self.review.lock:
            self.review.catch_up()
            if response is not None:
                response.headers["ETag"] = f'"{self.review.state.revision}"'
            yield self.review

    def kept(self, key: Hashable, revision: Hashable, make: Callable[[], T]) -> T:
        """What `make` gave when it was called last with this key, if that was at this revision.

        Called within `reading`.
        """
        found = self._kept.pop(key, None)
        if found is None or found[0] != revision:
            found = revision, make()
        self._kept[key] = found  # the latest last
        while len(self._kept) > _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        return found[1]

    def group(self, number: int) -> Group:
        """A group by its number.

        Raises:
            NotThereError: If there is none.
        """
        found = self.review.state.groups.get(number)
        if found is None:
            raise NotThereError(f"there is no group {number}; it may have been merged: look again")
        return found

    def item(self, number: int) -> int:
        """The number, checked.

        Raises:
            NotThereError: If there is no such item.
        """
        if not 0 <= number < self.review.state.n:
            raise NotThereError(
                f"there is no item {number}: there are {self.review.state.n}, from 0 on"
            )
        return number

    def exemplars(self, members: Int64, most: int) -> list[int]:
        """Items that show what some items are, see `covey.review.exemplars`; within `reading`."""
        review = self.review
        return exemplars(
            members,
            review.evidence.strength[members],
            review.items.rows,
            most,
            metric=review.project.metric,
        )

    def exemplars_of(self, group: Group, members: Int64, most: int) -> list[int]:
        """The same of a group, kept until it or the run changes."""
        revision = group.revision, len(self.review.runs), most
        found = self._shown.get(group.number)
        if found is None or found[0] != revision:
            found = self._shown[group.number] = revision, self.exemplars(members, most)
        return found[1]


def session_of(request: Request) -> Session:
    """The session of the app that a request came to."""
    found: Session = request.app.state.session
    return found


Opened = Annotated[Session, Depends(session_of)]
