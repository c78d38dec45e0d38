"""Every change: what it does, what it would do, and what happens when two make them at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from covey.review.queue import SuggestionQueue
from covey.server.app import ReviewApp, make_app
from covey.store.review import Review

from .conftest import PLACED, TOKEN, Client

_CHANGES: list[tuple[str, str, dict[str, Any], str, list[int]]] = [
    ("PATCH", "/v1/groups/1", {"name": " Ada  L. "}, "name", [1]),
    ("PATCH", "/v1/groups/1", {"hidden": True}, "hide", [1]),
    ("PATCH", "/v1/groups/1", {"confirmed": True, "name": "x"}, "describe", [1]),
    ("POST", "/v1/groups/merge", {"groups": [1, 2]}, "merge", [1, 2]),
    ("POST", "/v1/groups/merge", {"groups": [1, 2], "into": 2}, "merge", [1, 2]),
    ("POST", "/v1/groups/1/split", {"parts": [[0, 1], [2]]}, "split", [1, 6, 7]),
    ("POST", "/v1/groups/not-same", {"a": 2, "b": 1}, "not same", [1, 2]),
    ("POST", "/v1/items/move", {"items": [0, 23], "group": 3}, "move", [1, 3]),
    ("POST", "/v1/items/move", {"items": [23, 24], "group": None, "name": "new"}, "move", [6]),
    ("POST", "/v1/items/remove", {"items": [0, 8]}, "remove", [1, 2]),
    (
        "POST",
        "/v1/groups/merge",
        {"groups": [3], "items": [0], "ids": ["Item 08"]},
        "merge",
        [1, 2, 3],
    ),
    ("POST", "/v1/groups/1/split", {"ids": [["Item 00"]], "parts": [[1]]}, "split", [1, 6, 7]),
    ("POST", "/v1/groups/not-same", {"ids": ["Item 00", "Item 08"]}, "not same", [1, 2]),
    ("POST", "/v1/groups/not-same", {"a": 3, "items": [8]}, "not same", [2, 3]),
    ("POST", "/v1/items/move", {"ids": ["Item 00"], "items": [23], "group": 3}, "move", [1, 3]),
    ("POST", "/v1/items/remove", {"ids": ["Item 00", "Item 08"]}, "remove", [1, 2]),
    ("POST", "/v1/suggestions/reject", {"key": "merge:1:2"}, "reject", [1, 2]),
]


@pytest.mark.parametrize(("method", "path", "body", "kind", "touched"), _CHANGES)
def test_a_change_and_its_way_back(
    client: Client, review: Review, method: str, path: str, body: Any, kind: str, touched: list[int]
) -> None:
    before = review.state.copy()
    would = client(method, f"{path}?dry_run=true", json=body).json()
    assert would["event"] is None
    assert would["changes"]
    assert review.journal.last == 2
    assert review.state.group_of.tolist() == PLACED.tolist()
    answer = client(method, path, json=body)
    told = answer.json()
    assert answer.status_code == 200, told
    assert told["event"]["kind"] == kind
    assert told["touched"] == would["touched"] == touched
    assert (told["revision"], answer.headers["etag"]) == (3, '"3"')
    after = review.state.copy()
    would = client.post("/v1/undo?dry_run=true")
    assert would["changes"]
    assert review.journal.last == 3
    client.post("/v1/undo")
    assert review.state.groups.keys() == before.groups.keys()
    assert review.state.group_of.tolist() == before.group_of.tolist()
    assert review.state.rejected == before.rejected
    assert client.get("/v1/project")["redo"]["kind"] == kind
    assert client.post("/v1/redo?dry_run=true")["changes"]
    client.post("/v1/redo")
    assert review.state.group_of.tolist() == after.group_of.tolist()
    assert [each.name for each in review.state.groups.values()] == [
        each.name for each in after.groups.values()
    ]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "/v1/groups/99", {"name": "x"}, 404),
        ("POST", "/v1/groups/99/split", {"parts": [[0]]}, 404),
        ("POST", "/v1/groups/merge", {"groups": [1]}, 422),
        ("POST", "/v1/groups/merge", {"groups": [1, 99]}, 409),
        ("POST", "/v1/groups/merge", {"groups": [1, 2], "into": 3}, 422),
        ("POST", "/v1/groups/merge", {"groups": ["x"]}, 422),
        ("POST", "/v1/groups/merge", {"groups": [1, 2], "more": 1}, 422),
        ("POST", "/v1/groups/merge", None, 422),
        ("PATCH", "/v1/groups/1", {}, 422),
        ("PATCH", "/v1/groups/1", {"name": ""}, 422),
        ("PATCH", "/v1/groups/1", {"name": "x" * 201}, 422),
        ("PATCH", "/v1/groups/1", {"number": 3}, 422),
        ("POST", "/v1/groups/1/split", {"parts": [[8]]}, 409),
        ("POST", "/v1/groups/1/split", {"parts": [[]]}, 422),
        ("POST", "/v1/items/move", {"items": [], "group": 1}, 422),
        ("POST", "/v1/items/move", {"items": [0], "group": 1}, 422),
        ("POST", "/v1/items/move", {"items": [99], "group": 1}, 422),
        ("POST", "/v1/items/remove", {"items": [25]}, 422),
        ("POST", "/v1/groups/not-same", {"a": 1, "b": 1}, 422),
        ("POST", "/v1/groups/not-same", {"a": 1}, 422),
        ("POST", "/v1/groups/not-same", {"items": [0, 8, 14]}, 422),
        ("POST", "/v1/groups/not-same", {"items": [0, 1]}, 422),
        ("POST", "/v1/groups/merge", {"items": [0, 1]}, 422),
        ("POST", "/v1/groups/merge", {"items": [0, 25]}, 422),
        ("POST", "/v1/items/move", {"ids": ["item 00"], "group": 1}, 422),
        ("POST", "/v1/items/remove", {"ids": ["x"]}, 422),
        ("POST", "/v1/groups/1/split", {"ids": [["x"]]}, 422),
        ("POST", "/v1/groups/1/split", {"ids": [["Item 08"]]}, 409),
        ("POST", "/v1/undo", None, 422),
        ("POST", "/v1/redo", None, 422),
        ("DELETE", "/v1/groups/1", None, 405),
    ],
)
def test_refusals_write_nothing(
    client: Client, review: Review, method: str, path: str, body: Any, status: int
) -> None:
    for query in ("", "?dry_run=true"):
        answer = client(method, f"{path}{query}", json=body)
        assert answer.status_code == status, answer.text
        assert answer.json()["detail"]
    assert review.journal.last == 2


def test_who_saw_less_is_refused(client: Client, app: ReviewApp) -> None:
    other = Client(app)
    seen = client("GET", "/v1/groups/1").headers["etag"]
    other.post("/v1/items/move", {"items": [23], "group": 1})
    late = {"If-Match": seen}
    for query in ("", "?dry_run=true"):
        answer = client("POST", f"/v1/groups/merge{query}", json={"groups": [1, 2]}, headers=late)
        assert answer.status_code == 412
        assert "group 1 was changed in the meantime" in answer.json()["detail"]
    assert client("PATCH", "/v1/groups/1", json={"name": "x"}, headers=late).status_code == 412
    client.post("/v1/groups/merge", {"groups": [2, 3]}, headers=late)
    assert client("POST", "/v1/undo", headers=late).status_code == 412
    client.post("/v1/undo")
    other.post("/v1/groups/merge", {"groups": [4, 5]})
    assert client("PATCH", "/v1/groups/5", json={"name": "x"}, headers=late).status_code == 412
    assert client("PATCH", "/v1/groups/5", json={"name": "x"}).status_code == 404
    assert client("POST", "/v1/undo", headers={"If-Match": "*"}).status_code == 200
    assert client("POST", "/v1/undo", headers={"If-Match": '"x"'}).status_code == 400


def test_two_servers_of_one_project(client: Client, project: Path) -> None:
    with Review(project) as review:
        other = Client(make_app(review, TOKEN))
        for turn in range(3):
            one, two = (client, other) if turn % 2 else (other, client)
            one.post("/v1/items/move", {"items": [23 + turn], "group": 1 + turn})
            two.post("/v1/groups/not-same", {"a": 1 + turn, "b": 5})
        paths = ("/v1/project", "/v1/groups", "/v1/constraints", "/v1/events")
        assert [client.get(path) for path in paths] == [other.get(path) for path in paths]
        key = client.suggestions()["suggestions"][0]["key"]
        other.suggestions()
        client.post("/v1/suggestions/reject", {"key": key})
        assert key not in [each["key"] for each in other.suggestions()["suggestions"]]


def test_suggestions_follow(client: Client, app: ReviewApp, review: Review) -> None:
    links = app.session.suggesting.links()

    def wanted() -> list[str]:
        return [
            each.key for each in SuggestionQueue(review.state, review.evidence, links).ordered()
        ]

    first = client.suggestions()
    assert [each["key"] for each in first["suggestions"]] == wanted()
    assert sum(first["counts"].values()) == first["total"]
    merges = client.suggestions("&kind=merge")["suggestions"]
    assert merges[0]["groups"] == [1, 2]
    assert merges[0]["words"] == "group 1 (8) and group 2 (6) may be one."
    assert merges == [each for each in first["suggestions"] if each["kind"] == "merge"]
    for path, body in (
        ("/v1/groups/merge", {"groups": [1, 2]}),
        ("/v1/items/remove", {"items": [3]}),
        ("/v1/groups/1/split", {"parts": [[0, 1, 2]]}),
        ("/v1/undo", {}),
        ("/v1/items/move", {"items": [3], "group": 4}),
    ):
        client.post(path, body)
        found = client.every("/v1/suggestions", "suggestions", 4)
        assert [each["key"] for each in found] == wanted()


def test_items_that_come_do_not_trouble_suggestions(client: Client, project: Path) -> None:
    from covey.store.items import Batch

    client.suggestions()
    with Review(project) as other:
        rows = np.ones((2, 8), np.float32)
        other.add(Batch(np.array(["a", "b"], object), rows, exclusive=np.array(["p", "p"], object)))
    client.post("/v1/items/move", {"items": [26], "group": 1})
    assert client("POST", "/v1/items/move", json={"items": [27], "group": 1}).status_code == 409
    assert client.suggestions()["revision"] == 4
    assert client.get("/v1/none")["total"] == 4


def test_a_name_that_another_group_has_is_told(client: Client) -> None:
    client("PATCH", "/v1/groups/2", json={"name": "Ada"})
    for path in ("/v1/groups/1?dry_run=true", "/v1/groups/1"):
        answer = client("PATCH", path, json={"name": "Ada", "confirmed": True})
        assert answer.status_code == 200
        assert answer.json()["notes"] == [
            "group 2 has the name 'Ada', too; merge them if they are one"
        ]
    moved = client.post("/v1/items/move", {"items": [23], "group": None, "name": "Ada"})
    assert moved["notes"] == ["groups 1 and 2 have the name 'Ada', too; merge them if they are one"]


def test_a_revision_that_is_not_there_yet_is_refused(client: Client) -> None:
    last = int(client("GET", "/v1/project").headers["etag"].strip('"'))
    for number, status in ((last + 1, 412), (10**30, 412), (last, 200)):
        answer = client(
            "PATCH", "/v1/groups/1", json={"name": "x"}, headers={"If-Match": f'"{number}"'}
        )
        assert answer.status_code == status
