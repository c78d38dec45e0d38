"""Parameters of a request: those that the description of the API does not know are refused."""

from __future__ import annotations

from fastapi import Request

from covey.types import UsageError


def known_only(request: Request) -> None:
    """Refuses a request with a parameter that its path does not take.

    Raises:
        UsageError: If there is one, or one that counts once is given twice.
    """
    path, method = request.scope["route"].path, request.method.lower()
    described = request.app.openapi()["paths"][path][method].get("parameters", ())
    known = {each["name"]: each["schema"] for each in described if each["in"] == "query"}
    given = [name for name, _ in request.query_params.multi_items()]
    for name in dict.fromkeys(given):
        if name not in known:
            way_out = f"there are {', '.join(known)}" if known else "there are none here"
            raise UsageError(f"query.{name[:60]}: is no parameter of this path; {way_out}")
        if given.count(name) > 1 and not _is_list(known[name]):
            raise UsageError(f"query.{name}: is given {given.count(name)} times; give it once")


def _is_list(schema: dict[str, object]) -> bool:
    choices = schema.get("anyOf", [schema])
    return any(each.get("type") == "array" for each in choices)  # type: ignore[attr-defined]
