"""What goes wrong, as `application/problem+json`: a status, a title, and the way out in a line."""

from __future__ import annotations

import traceback
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import compile_path

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


class Problem(BaseModel):
    """What went wrong, as RFC 9457 has it."""

    type: str = Field(description="Always about:blank.")
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="What was wrong, where, and the way out.")


_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NotThereError, 404),
    (ConflictError, 409),
    (UsageError, 422),
    (InputError, 400),
    (MemoryLimitError, 503),
    (MemoryError, 503),
    (MissingExtraError, 501),
)


def facts_of(status: int, detail: str) -> dict[str, Any]:
    """A problem as JSON holds it."""
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def status_of(error: BaseException) -> int:
    """The HTTP status that says the same as an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def problem_of(error: BaseException) -> Problem:
    """The problem that an error is; one that nobody foresaw is printed, too. While it is caught."""
    if isinstance(error, CoveyError):
        return Problem.model_validate(facts_of(status_of(error), str(error)))
    traceback.print_exc()
    if isinstance(error, MemoryError):
        status, told = 503, "there is not enough memory; close other programs and try again"
    else:
        status = 500
        told = f"unexpected {type(error).__name__}: {error}; the terminal shows more"
    return Problem.model_validate(facts_of(status, told))


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
        if error.status_code == 405:
            methods = _methods_of(app, request.url.path)  # a route knows of its own only
            allowed = ", ".join(sorted(methods)) or (error.headers or {}).get("Allow", "GET")
            answer = problem(405, f"this path takes no {request.method[:20]}, only {allowed}")
            answer.headers["Allow"] = allowed
            return answer
        if error.status_code == 404:
            return problem(404, "there is no such path; /v1/openapi.json describes those there are")
        return problem(error.status_code, str(error.detail))

    async def of_values(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        told = [f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        return problem(422, "; ".join(told[:5]))

    async def of_memory(request: Request, error: Exception) -> JSONResponse:
        return problem(503, "there is not enough memory; ask for less, or close other programs")

    async def of_anything(request: Request, error: Exception) -> JSONResponse:
        return problem(500, f"unexpected {type(error).__name__}; the terminal shows more")

    app.add_exception_handler(CoveyError, of_covey)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, of_values)
    app.add_exception_handler(MemoryError, of_memory)
    app.add_exception_handler(Exception, of_anything)


def _methods_of(app: FastAPI, path: str) -> set[str]:
    """Methods that a path takes, as it is described."""
    described = app.openapi()["paths"].items()
    fitting = [ways for template, ways in described if compile_path(template)[0].match(path)]
    return {way.upper() for ways in fitting for way in ways}
