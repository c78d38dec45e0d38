"""The description of the API, by which clients are written."""

from __future__ import annotations

from typing import Any

from .conftest import Client

_CONTRACT = {
    "/v1/projects": {"get"}, "/v1/project": {"get"}, "/v1/groups": {"get"},
    "/v1/groups/{group}": {"get", "patch"}, "/v1/groups/{group}/members": {"get"},
    "/v1/groups/{group}/cut": {"get"}, "/v1/groups/merge": {"post"},
    "/v1/groups/{group}/split": {"post"}, "/v1/groups/not-same": {"post"},
    "/v1/items/move": {"post"}, "/v1/items/remove": {"post"}, "/v1/items": {"get"},
    "/v1/items/{item}": {"get"}, "/v1/items/{item}/neighbours": {"get"},
    "/v1/items/{item}/thumbnail": {"get"}, "/v1/none": {"get"}, "/v1/suggestions": {"get"},
    "/v1/suggestions/reject": {"post"}, "/v1/constraints": {"get"}, "/v1/events": {"get"},
    "/v1/undo": {"post"}, "/v1/redo": {"post"}, "/v1/runs": {"get", "post"},
    "/v1/jobs/{job}": {"get"}, "/v1/curve": {"get"}, "/v1/map": {"get"},
    "/v1/map/retry": {"post"}, "/v1/suggestions/retry": {"post"}, "/v1/assign": {"post"},
    "/v1/exports/{kind}": {"get"},
}  # fmt: skip

_NO_CHANGES = ("/v1/assign", "/v1/map/retry", "/v1/suggestions/retry")


def test_every_path_of_the_contract_is_described(client: Client) -> None:
    found = client.get("/v1/openapi.json")
    assert found["openapi"].startswith("3.1")
    assert {path: set(ways) for path, ways in found["paths"].items()} == _CONTRACT
    for path, ways in found["paths"].items():
        for way, about in ways.items():
            assert about["description"].rstrip().endswith("."), (way, path)
            assert about["operationId"]
            names = {each["name"] for each in about.get("parameters", ())}
            assert set(part[1:-1] for part in path.split("/") if part.startswith("{")) <= names
            if way in ("post", "patch") and path not in _NO_CHANGES:
                assert {"dry_run", "if-match"} <= names, path


def test_every_name_leads_somewhere(client: Client) -> None:
    found = client.get("/v1/openapi.json")

    def names(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [name for each in value.values() for name in names(each)]
        return [name for each in value for name in names(each)] if isinstance(value, list) else []

    for name in names(found):
        place: Any = found
        for part in name.removeprefix("#/").split("/"):
            place = place[part]
        assert place
    for about in found["components"]["schemas"].values():
        assert "description" in about


def test_every_refusal_is_described(client: Client) -> None:
    found = client.get("/v1/openapi.json")
    assert found["security"] == [{"token": []}]
    problem = {"$ref": "#/components/schemas/Problem"}
    for path, ways in found["paths"].items():
        for way, about in ways.items():
            told = about["responses"]
            wanted = {"401", "403", "422", "default"}
            wanted |= {"413", "415", "409"} if way != "get" else set()
            assert wanted <= told.keys(), path
            for status, answer in told.items():
                if status == "default" or status >= "400":
                    assert answer["content"] == {"application/problem+json": {"schema": problem}}
    thumbnail = found["paths"]["/v1/items/{item}/thumbnail"]["get"]["responses"]
    assert thumbnail["200"]["content"].keys() == {"image/webp"}
    assert {"304", "404"} <= thumbnail.keys()
    assert "Location" in found["paths"]["/v1/runs"]["post"]["responses"]["202"]["headers"]


def test_no_page_that_loads_scripts_from_elsewhere(client: Client) -> None:
    for path in ("/docs", "/redoc", "/v1/docs", "/openapi.json"):
        assert client("GET", path).status_code == 404
