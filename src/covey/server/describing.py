"""The description of the API: besides what a path is for, everything that it may refuse."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from covey.server.problems import Problem

_WHY = {
    400: "A value cannot be read.",
    401: "The token is missing or wrong.",
    403: "The request comes from another site, or names another host.",
    404: "It is not there.",
    409: "It does not fit what is there.",
    412: "It was changed since the event that If-Match names.",
    413: "The body is larger than 8 MiB.",
    415: "The body is not said to be application/json, or is compressed.",
    422: "It makes no sense; unknown parameters and fields, too.",
}


def describe(app: FastAPI) -> None:
    """Completes the description of an app, which from now on is not made anew.

    Args:
        app: With all of its paths.
    """
    found = app.openapi()
    schemas = found["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = Problem.model_json_schema()
    found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    found["security"] = [{"token": []}]
    for path, ways in found["paths"].items():
        for method, about in ways.items():
            answers = about["responses"]
            for status in _refusals(path, method, about):
                answers[str(status)] = _refusal(_WHY[status])
            answers["default"] = _refusal("Something else went wrong, as the status says.")


def _refusals(path: str, method: str, about: dict[str, Any]) -> list[int]:
    given = about.get("parameters", ())
    names = {each["name"] for each in given}
    named = [each for each in given if each["in"] == "path" and "enum" not in each["schema"]]
    found = {401, 403, 422}
    if named:
        found.add(404)
    if "cursor" in names:
        found.add(400)
    if method in ("post", "patch"):
        found |= {400, 409, 413, 415}
    if "if-match" in names:
        found.add(412)
    return sorted(found)


def _refusal(why: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": why, "content": {"application/problem+json": {"schema": schema}}}
