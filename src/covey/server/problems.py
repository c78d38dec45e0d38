"""What goes wrong, as `application/problem+json`: a status, a title, and the way out in a line."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from covey.review.state import ChangedSinceError, ConflictError
from covey.types import (
    CoveyError,
    InputError,
    MemoryLimitError,
    MissingExtraError,
    UsageError,
)


class NotThereError(InputError):
    """An item, a group, a job or a picture that was asked for by name is not there."""


_STATUS: tuple[tuple[type[CoveyError], int], ...] = (
    (NotThereError, 404),
    (ConflictError, 409),
    (UsageError, 422),
    (InputError, 400),
    (MemoryLimitError, 503),
    (MissingExtraError, 501),
)


def facts_of(status: int, detail: str) -> dict[str, Any]:
    """A problem as JSON holds it."""
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def status_of(error: CoveyError) -> int:
    """The HTTP status that says the same as an error of Covey."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem(status: int, detail: str) -> JSONResponse:
    """An answer that says what went wrong."""
    return JSONResponse(
        facts_of(status, detail), status_code=status, media_type="application/problem+json"
    )


def tell_problems(app: FastAPI) -> None:
    """Has every failure of an app answered as a problem."""

    async def of_covey(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, CoveyError)
        status = status_of(error)
        if isinstance(error, ChangedSinceError) and "if-match" in request.headers:
            status = 412
        return problem(status, str(error))

    async def of_http(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, str(error.detail))

    async def of_values(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        return problem(422, "; ".join(told[:5]))

    async def of_anything(request: Request, error: Exception) -> JSONResponse:
        return problem(500, f"unexpected {type(error).__name__}; the terminal shows more")

    app.add_exception_handler(CoveyError, of_covey)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_values)
    app.add_exception_handler(Exception, of_anything)
