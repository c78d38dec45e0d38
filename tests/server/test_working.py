"""Maps, suggestions that failed, foreign embeddings, files."""

from __future__ import annotations

import io
import json
import threading
import time
from pkgutil import resolve_name
from typing import Any

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from covey.review.queue import SuggestionQueue
from covey.server.app import ReviewApp, make_app
from covey.server.layout import lay_out
from covey.store.review import Review

from .conftest import PLACED, TOKEN, Client, groups_far_apart, until


def test_the_map(client: Client, app: ReviewApp, review: Review) -> None:
    for _ in range(600):
        if (found := client.get("/v1/map"))["ready"]:
            break
        time.sleep(0.1)
    assert found["items"] == list(range(26))
    assert found["groups"] == PLACED.tolist()
    places = np.array([found["x"], found["y"]])
    assert places.shape == (2, 26)
    assert 0 <= places.min() <= places.max() <= 1
    kept = sorted((review.project.folder / "maps").iterdir())
    assert [each.name for each in kept] == ["000001.npz"]
    again = Client(make_app(review, TOKEN))
    for _ in range(600):
        if (read := again.get("/v1/map"))["ready"]:
            break
        time.sleep(0.05)
    assert read == found


def fails_once(real: Any, error: BaseException) -> Any:
    errors = [error]

    def run(*given: Any, **how: Any) -> Any:
        if errors:
            raise errors.pop()
        return real(*given, **how)

    return run


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [(MemoryError(), 503, "memory"), (ValueError("odd"), 500, "ValueError: odd")],
)
def test_a_map_that_failed_is_made_when_it_is_asked_for_again(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    error: BaseException,
    status: int,
    words: str,
) -> None:
    monkeypatch.setattr("covey.server.places.lay_out", fails_once(lay_out, error))
    assert client("POST", "/v1/map/retry").status_code == 409
    problem = until(client, "/v1/map", "problem")["problem"]
    assert problem["status"] == status
    assert words in problem["detail"]
    assert not client.get("/v1/map")["ready"]  # and nothing is begun by itself
    answer = client("POST", "/v1/map/retry")
    assert (answer.status_code, answer.headers["location"]) == (202, "/v1/map")
    found = until(client, "/v1/map", "ready")
    assert (found["problem"], len(found["items"])) == (None, 26)
    assert client("POST", "/v1/map/retry").status_code == 409


def test_suggestions_that_failed_are_worked_out_again(
    review: Review, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = fails_once(SuggestionQueue, MemoryError())
    monkeypatch.setattr("covey.server.suggesting.SuggestionQueue", queue)
    client = Client(make_app(review, TOKEN))
    found = until(client, "/v1/suggestions", "problem")
    assert (found["ready"], found["problem"]["status"]) == (False, 503)
    assert client.get("/v1/none")["total"] == 3
    answer = client("POST", "/v1/suggestions/retry")
    assert (answer.status_code, answer.headers["location"]) == (202, "/v1/suggestions")
    assert client.suggestions()["total"]
    see = fails_once(SuggestionQueue.see, ValueError("odd"))
    monkeypatch.setattr(SuggestionQueue, "see", see)
    client.post("/v1/groups/merge", {"groups": [1, 2]})  # which is made all the same
    assert "odd" in client.get("/v1/suggestions")["problem"]["detail"]
    client.post("/v1/suggestions/retry")
    found = client.suggestions()
    assert (found["problem"], found["revision"]) == (None, 3)
    assert all(2 not in each["groups"] for each in found["suggestions"])
    assert client("POST", "/v1/suggestions/retry").status_code == 409


@pytest.mark.parametrize(
    ("where", "method", "path", "body"),
    [
        ("covey.store.items.Items.matrix", "POST", "/v1/assign", {"embeddings": [[0.5] * 8]}),
        ("covey.server.assigning.assign", "POST", "/v1/assign", {"embeddings": [[0.5] * 8]}),
        ("covey.server.suggesting.item_links", "GET", "/v1/groups/1/cut", None),
    ],
)
def test_others_are_answered_while_one_waits(
    review: Review, monkeypatch: pytest.MonkeyPatch, where: str, method: str, path: str, body: Any
) -> None:
    going, begun, real = threading.Event(), threading.Event(), resolve_name(where)

    def waits(*given: Any) -> Any:
        begun.set()
        assert going.wait(60)
        return real(*given)

    monkeypatch.setattr(where, waits)
    app = make_app(review, TOKEN)
    answers: list[int] = []
    work = threading.Thread(
        target=lambda: answers.append(Client(app)(method, path, json=body).status_code)
    )
    work.start()
    try:
        assert begun.wait(60)
        Client(app).post("/v1/groups/merge", {"groups": [1, 2]})
    finally:
        going.set()
        work.join(60)
    assert answers == [200]


def test_like_items_lie_near_each_other_and_draws_repeat() -> None:
    x, label = groups_far_apart(400), np.arange(400) % 10
    found = lay_out(x.__getitem__, 400, drawn=150, most=300)
    assert len(found.item) == 300
    assert (np.diff(found.item) > 0).all()
    points = np.column_stack([found.x, found.y])
    far = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(far, np.inf)
    own = label[found.item]
    assert np.mean(own[far.argmin(axis=1)] == own) > 0.98
    again = lay_out(x.__getitem__, 400, drawn=150, most=300)
    np.testing.assert_array_equal(found.x, again.x)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_maps_of_hardly_anything(n: int) -> None:
    found = lay_out(groups_far_apart(max(n, 1)).__getitem__, n)
    assert len(found.x) == n
    assert np.isfinite(found.x).all()


def test_files(client: Client, review: Review) -> None:
    client("PATCH", "/v1/groups/1", json={"name": 'Ada, "L"', "confirmed": True})
    answers = {
        kind: client("GET", f"/v1/exports/{kind}")
        for kind in ("csv", "parquet", "json", "fiftyone", "coco")
    }
    assert "attachment" in answers["csv"].headers["content-disposition"]
    table = pa_csv.read_csv(io.BytesIO(answers["csv"].content)).to_pylist()
    assert table[0]["name"] == 'Ada, "L"'
    assert [each["group"] or -1 for each in table] == PLACED.tolist()
    assert pq.read_table(io.BytesIO(answers["parquet"].content))["confirmed"][0].as_py() is True
    items = answers["json"].json()["groups"][0]["items"]
    assert [each["id"] for each in items] == [f"Item {i:02d}" for i in range(8)]
    assert len(answers["fiftyone"].text.splitlines()) == 26
    assert json.loads(answers["coco"].text)["categories"][1]["name"] == "group 2"
