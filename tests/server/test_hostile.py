"""Whatever is sent, no path fails: each refuses what makes no sense, as it is described to."""

from __future__ import annotations

import base64
import json
import random
from typing import Any
from urllib.parse import quote

import pytest

from covey.store.review import Review

from .conftest import ORIGIN, TOKEN, Client
from .test_security import answered

_WORDS: tuple[str, ...] = (
    "", " ", "0", "-1", "1", "3", "1e9", "1.5", "NaN", "inf", "null", "true", "x", "\x00", "'",
    str(2**31), str(2**63), str(-(2**63) - 1), "9" * 400, "#9", "#" + "9" * 150, "٣", "é",
    "\U0001f600",
    "a" * 199, "a" * 2500, "../../x", "%", "merge:1:2", "home:99:1", "mixed:" + "9" * 190,
    "Item 03", "[" * 1900, "(*", "\\",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 25, 26, 2**31, 2**63, -(2**63) - 1, 10**300, 1.5, 1e308, "", "x",
    "\x00", "\ud800", "Item 01", "a" * 300, [], {}, [[]], [None], [1, 1], [0, 1, 2], ["Item 01"],
    [[0, 1], [1, 2]], [[0.0]], [[1e39] * 8], [[1.0] * 8, [0.0] * 8], {"a": {}}, [2**64], ["\ud800"],
)  # fmt: skip


def cursors() -> list[str]:
    """What may stand in a cursor, and be none."""
    told = [
        "[" * 1400, "[1]", "[null]", "[[]]", "{}", "[true, 1]", "[1e999]", "[NaN, 2]", '["x", 1]',
        "[-1, 2, 3, 4]", f"[{2**70}]", '["\\ud800", 1]', "[" + "1" * 1300 + "]", "\x00", "",
    ]  # fmt: skip
    return [base64.urlsafe_b64encode(each.encode()).decode().rstrip("=") for each in told]


def sent(draw: random.Random, about: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Parameters and a body for a path, most of them wrong."""
    given = [each for each in about.get("parameters", ()) if draw.random() < 0.6]
    asked: dict[str, Any] = {"params": {}, "headers": {}}
    for each in given:
        word = draw.choice(cursors() if each["name"] == "cursor" else _WORDS)
        if each["in"] == "query":
            asked["params"][each["name"]] = word
        elif each["in"] == "header":
            asked["headers"][each["name"]] = word.encode("ascii", "replace").replace(b"\x00", b"")
    if "requestBody" in about:
        name = about["requestBody"]["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
        body = {
            field: draw.choice(_VALUES)
            for field in schemas[name]["properties"]
            if draw.random() < 0.7
        }
        asked["json"] = draw.choice([body, body, body, body, draw.choice(_VALUES)])
    return asked


def test_no_input_makes_a_path_fail(client: Client) -> None:
    description = client.get("/v1/openapi.json")
    schemas = description["components"]["schemas"]
    client.suggestions()
    draw = random.Random(0)
    seen: set[int] = set()
    for path, ways in description["paths"].items():
        for way, about in ways.items():
            if path == "/v1/runs" and way == "post":
                continue  # runs are begun elsewhere
            for _ in range(25):
                asked = sent(draw, about, schemas)
                where = path
                for name in ("group", "item", "job", "kind"):
                    word = draw.choice([*_WORDS[1:], "1", "2", "3", "csv"])
                    where = where.replace(f"{{{name}}}", word.replace("/", "").strip(".") or "1")
                if "json" in asked:  # by hand: a client refuses half of it
                    asked["content"] = json.dumps(asked.pop("json")).encode()
                    asked["headers"]["Content-Type"] = "application/json"
                answer = client(way.upper(), quote(where), **asked)
                seen.add(answer.status_code)
                assert answer.status_code < 500, (way, where, asked, answer.text)
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == "application/problem+json"
                    told = answer.json()
                    assert told["detail"], (way, where, asked)
                    assert told["status"] == answer.status_code
                    described = str(answer.status_code) in about["responses"]
                    assert described or answer.status_code == 404, (way, where, asked)
    assert {200, 400, 404, 409, 412, 422} <= seen
    assert client.get("/v1/project")["items"] == 26  # and all of it works


def test_cursors_that_are_none(client: Client) -> None:
    for path in ("groups?", "groups?order=name&", "events?", "none?", "items?"):
        for cursor in cursors():
            answer = client("GET", f"/v1/{path}cursor={cursor}")
            assert answer.status_code in (200, 400), answer.text  # some fit another list


def test_a_cursor_that_is_too_deep(client: Client) -> None:
    deep = base64.urlsafe_b64encode(b"[" * 1400).decode().rstrip("=")
    client.suggestions()
    for path in ("/v1/groups", "/v1/suggestions", "/v1/none", "/v1/events", "/v1/constraints"):
        answer = client("GET", f"{path}?cursor={deep}")
        assert answer.status_code == 400
        assert "cursor cannot be read" in answer.json()["detail"]


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"groups":' * 50_000, b'{"groups": [' + b"9" * 5000 + b"]}", b"\xff"]
)
def test_bodies_that_are_none(client: Client, review: Review, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client("POST", "/v1/groups/merge", content=body, headers=headers)
    assert answer.status_code in (400, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert review.journal.last == 2


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "x"])
def test_bodies_that_are_not_said_to_be_json(client: Client, review: Review, kind: str) -> None:
    headers = {"Content-Type": kind, "Origin": ORIGIN}
    for path in ("/v1/groups/merge", "/v1/undo", "/v1/runs"):
        answer = client("POST", path, content=b'{"groups": [1, 2]}', headers=headers)
        assert answer.status_code == 415
        assert "application/json" in answer.json()["detail"]
    assert review.journal.last == 2


def test_parameters_that_nobody_knows(client: Client, review: Review) -> None:
    description = client.get("/v1/openapi.json")
    for path, ways in description["paths"].items():
        for way in ways:
            where = path.replace("{kind}", "csv").replace("{job}", "x")
            where = where.replace("{group}", "1").replace("{item}", "1")
            body = {} if way == "get" else {"json": {}}
            answer = client(way.upper(), f"{where}?limt=3", **body)
            assert answer.status_code == 422, (way, path)
            assert "query.limt: is no parameter" in answer.json()["detail"]
    assert "limit, cursor" in client("GET", "/v1/groups?x=1").json()["detail"]
    twice = client("GET", "/v1/groups?limit=3&limit=4")
    assert (twice.status_code, "2 times" in twice.json()["detail"]) == (422, True)
    assert client("POST", "/v1/undo?token=x").status_code == 422
    assert review.journal.last == 2


def test_methods_that_there_are_not_name_those_that_there_are(client: Client) -> None:
    for way, path, allowed in (
        ("DELETE", "/v1/groups/1", "GET, PATCH"),
        ("POST", "/v1/project", "GET"),
        ("HEAD", "/v1/project", "GET"),
        ("GET", "/v1/undo", "POST"),
        ("PUT", "/", "GET"),
    ):
        answer = client(way, path)
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
        assert answer.headers["content-type"] == "application/problem+json"


def test_paths_that_there_are_not(client: Client) -> None:
    for way in ("GET", "POST", "PUT", "DELETE", "HEAD"):
        for path in ("/v1/nothing", "/v1/groups/", "/nothing", "/v1/groups/1/", "//v1/project"):
            answer = client(way, path)
            assert answer.status_code == 404, (way, path)
            assert answer.headers["content-type"] == "application/problem+json"
            assert way == "HEAD" or "no such path" in answer.json()["detail"]


def test_odd_queries_of_the_entry(client: Client) -> None:
    for query in (
        b"token=%ff",
        b"token",
        b"&&&",
        b"token=" + TOKEN.encode() + b"&token=x",
        b"\xff",
    ):
        status, _, _ = answered(client.app, b"/?" + query)
        assert status < 500
