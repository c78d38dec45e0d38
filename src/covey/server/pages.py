"""Long lists, page by page: a cursor holds the sort key of the last row, not its place.

So a row that comes or goes while somebody turns pages neither repeats nor hides another one.
"""

from __future__ import annotations

import base64
import binascii
import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query

from covey.types import InputError

Row = tuple[Any, ...]
Limit = Annotated[int, Query(ge=1, le=500, description="Rows of a page.")]
Cursor = Annotated[
    str | None, Query(max_length=2000, description="`next` of the page before; none for the first.")
]


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows.

    Attributes:
        rows: Sort keys.
        next: Cursor of the page behind, None where there is none.
        total: Rows of all pages.
    """

    rows: Sequence[Row]
    next: str | None
    total: int


def page_of(rows: Sequence[Row], limit: int, cursor: str | None) -> Page:
    """A page.

    Args:
        rows: Sort keys in ascending order, no two alike, of what JSON can hold.
        limit: Rows at most.
        cursor: Of the page before, or None.

    Raises:
        InputError: If the cursor is none.
    """
    start = 0
    if cursor is not None:
        try:
            start = bisect_right(rows, _read(cursor))
        except TypeError:
            raise InputError("this cursor belongs to another list; begin without one") from None
    found = rows[start : start + limit]
    more = start + limit < len(rows)
    return Page(found, _written(found[-1]) if more else None, len(rows))


def _written(row: Row) -> str:
    return base64.urlsafe_b64encode(json.dumps(row).encode()).decode().rstrip("=")


def _read(cursor: str) -> Row:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise InputError("this cursor cannot be read; begin without one") from None
    if not isinstance(found, list):
        raise InputError("this cursor cannot be read; begin without one")
    return tuple(found)
