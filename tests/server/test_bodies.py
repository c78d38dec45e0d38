"""What a body must be before anything behind the guard reads it."""

from __future__ import annotations

import gzip
import json

import pytest

from covey.store.review import Review

from .conftest import Client
from .test_security import BEARER, answered

_HEADERS = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("path", "body", "status", "told"),
    [
        ("/v1/groups/merge", b'{"groups": [1, 2], "groups": [3, 4]}', 422, "body.groups"),
        ("/v1/groups/merge", b'{"groups": [NaN, 1]}', 400, "NaN"),
        ("/v1/assign", b'{"embeddings": [[1, -Infinity]]}', 400, "-Infinity"),
        ("/v1/items/move", b'{"items": [1], "group": null, "name": "\\ud800"}', 400, "half"),
        ("/v1/items/move", b'{"items": [1], "group": null, "name": "\xed\xa0\x80"}', 400, "UTF-8"),
        ("/v1/groups/merge", b"[" * 100_000, 400, "deep"),
        ("/v1/undo", b'{"a":', 400, "JSON"),
    ],
)
def test_json_that_others_read_otherwise(
    client: Client, review: Review, path: str, body: bytes, status: int, told: str
) -> None:
    answer = client("POST", path, content=body, headers=_HEADERS)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert told in answer.json()["detail"]
    assert review.journal.last == 2


def test_a_name_of_any_whole_characters(client: Client) -> None:
    for name in ("\U0001f600", "‮abc", "אבג"):
        body = json.dumps({"name": name}).encode()  # escaped, in pairs
        assert client("PATCH", "/v1/groups/1", content=body, headers=_HEADERS).status_code == 200
        assert client.get("/v1/groups/1")["name"] == name


@pytest.mark.parametrize("groups", [[True, 2], ["1", "2"], [1.0, 2]])
def test_what_only_looks_like_a_number(
    client: Client, review: Review, groups: list[object]
) -> None:
    answer = client("POST", "/v1/groups/merge", json={"groups": groups})
    assert answer.status_code == 422
    assert "body.groups.0" in answer.json()["detail"]
    assert review.journal.last == 2


def test_no_compressed_body(client: Client, review: Review) -> None:
    client.post("/v1/groups/merge", {"groups": [1, 2]})
    headers = _HEADERS | {"Content-Encoding": "gzip"}
    answer = client("POST", "/v1/undo", content=gzip.compress(b"{}"), headers=headers)
    assert answer.status_code == 415
    assert "Content-Encoding" in answer.json()["detail"]
    assert review.journal.last == 3


def test_numbers_too_long_to_be_read(client: Client) -> None:
    long = b"9" * 5000
    headers = [BEARER, (b"content-length", long)]
    assert answered(client.app, b"/v1/undo", method="POST", headers=headers)[0] == 413
    answer = client("POST", "/v1/undo", headers={"If-Match": f'"{long.decode()}"'})
    assert answer.status_code == 400
    assert "If-Match" in answer.json()["detail"]
