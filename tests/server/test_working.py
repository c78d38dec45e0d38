"""Runs, the map, thumbnails, files and foreign embeddings."""

from __future__ import annotations

import io
import json
import threading
import time
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import numpy as np
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from PIL import Image

import covey.server.jobs as jobs
import covey.store.running as running
from covey.review.queue import SuggestionQueue
from covey.server.app import ReviewApp, make_app
from covey.server.background import WORK
from covey.server.layout import lay_out
from covey.store.items import Batch
from covey.store.moved_pictures import find_moved
from covey.store.project import create_project
from covey.store.review import Review

from .conftest import PLACED, TOKEN, Client, made, until


def ended(client: Client, job: str) -> Any:
    for _ in range(1200):
        if (found := client.get(f"/v1/jobs/{job}"))["state"] != "running":
            return found
        time.sleep(0.05)
    raise AssertionError("the job did not end within a minute")


def groups_far_apart(n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=(10, 16))[np.arange(n) % 10] + 0.1 * rng.normal(size=(n, 16))).astype(
        np.float32
    )


def test_runs_from_nothing_on(tmp_path: Path) -> None:
    create_project(tmp_path / "p")
    with Review(tmp_path / "p") as review:
        client = Client(make_app(review, TOKEN))
        assert client.get("/v1/project")["last_run"] is None
        assert client.suggestions()["suggestions"] == []
        assert client.get("/v1/map")["ready"]
        assert client.get("/v1/curve")["cuts"] == []
        assert client("POST", "/v1/assign", json={"embeddings": [[1.0]]}).status_code == 422
        job = client.post("/v1/runs", {})["job"]
        failed = ended(client, job)
        assert (failed["state"], failed["problem"]["status"]) == ("failed", 422)
        x = groups_far_apart(100)
        ids = np.array([str(i) for i in range(100)], object)
        review.add(Batch(ids[:90], x[:90]))
        would = client.post("/v1/runs?dry_run=true", {})
        assert "all items are grouped anew" in would["notes"][0]
        answer = client("POST", "/v1/runs", json={"prefer": "precision"})
        assert answer.status_code == 202
        assert answer.headers["location"] == f"/v1/jobs/{answer.json()['job']}"
        done = ended(client, answer.json()["job"])
        assert done["state"] == "done", done
        assert (done["outcome"]["run"], done["outcome"]["kind"]) == (1, "full")
        assert client.get("/v1/project")["groups"] == done["outcome"]["groups"]["new"] > 5
        (run,) = client.get("/v1/runs")["runs"]
        assert run["asked"]["prefer"] == "precision"
        assert "curve" not in run["report"]
        curve = client.get("/v1/curve")
        assert len({len(curve[name]) for name in ("cuts", "groups", "precision", "recall")}) == 1
        assert curve["groups"][curve["chosen"]] > 5
        review.add(Batch(ids[90:], x[90:]))
        assert client.get("/v1/project")["new_items"] == 10
        if review.run(1).rule().repeatable:
            assert "10 new items" in client.post("/v1/runs?dry_run=true", {})["notes"][0]
        assert ended(client, client.post("/v1/runs", {})["job"])["state"] == "done"
        assert client.get("/v1/project")["new_items"] == 0
        assert client.suggestions()["ready"]
        if review.run(1).rule().repeatable:
            told = client.post("/v1/assign", {"embeddings": x[:3].tolist(), "k": 4})["assigned"]
            assert [each["group"] for each in told] == review.state.group_of[:3].tolist()
            assert [len(each["neighbours"]) for each in told] == [4, 4, 4]
            near = told[0]["neighbours"]
            assert told[0]["neighbour_ids"] == [str(each) for each in near]
        assert client("POST", "/v1/assign", json={"embeddings": [[1.0]]}).status_code == 400
        ragged = {"embeddings": [[1.0], [1.0, 2.0]]}
        assert client("POST", "/v1/assign", json=ragged).status_code == 400


def test_one_run_at_a_time(client: Client, review: Review, monkeypatch: pytest.MonkeyPatch) -> None:
    going, goes = threading.Event(), jobs.run_project

    def waits(*arguments: Any, **options: Any) -> Any:
        options["progress"]("neighbours", 0.5)
        assert going.wait(60)
        return goes(*arguments, **options)

    monkeypatch.setattr(jobs, "run_project", waits)
    job = client.post("/v1/runs", {"full": True})["job"]
    answer = client("POST", "/v1/runs", json={})
    assert answer.status_code == 409
    assert job in answer.json()["detail"]
    for _ in range(600):
        if (found := client.get(f"/v1/jobs/{job}"))["share"]:
            break
        time.sleep(0.05)
    assert (found["state"], found["stage"], found["share"]) == ("running", "neighbours", 0.5)
    client.post("/v1/groups/merge", {"groups": [1, 2]})  # goes on while a run is made
    going.set()
    assert ended(client, job)["state"] == "done"


def test_a_run_by_another_process(client: Client, project: Path) -> None:
    client.suggestions()
    client.post("/v1/groups/merge", {"groups": [1, 2]})
    with Review(project) as other, other.project.working():
        jobs.run_project(other, jobs.RunOptions(), full=True)
        placed = other.state.group_of.tolist()
    told = client.get("/v1/project")
    assert (told["runs"], told["revision"], told["undo"]) == ([1, 2], 4, None)
    assert told["last_run"]["kind"] == "full"
    found = client.suggestions()
    assert found["revision"] == 4
    assert [client.get(f"/v1/items/{item}")["group"] or -1 for item in range(26)] == placed
    assert placed[:14] == [1] * 14


def test_while_another_process_works(client: Client, review: Review) -> None:
    with review.project.working():
        job = client.post("/v1/runs", {"full": True})["job"]
        failed = ended(client, job)
    assert (failed["state"], failed["problem"]["status"]) == ("failed", 409)
    assert "is at work on it" in failed["problem"]["detail"]


@pytest.mark.parametrize("full", [True, False])
def test_corrections_during_a_run_are_kept(
    client: Client, review: Review, monkeypatch: pytest.MonkeyPatch, full: bool
) -> None:
    rows = np.concatenate([review.items.rows([0, 8, 14]), review.items.rows([18, 21, 22])])
    new = Batch(np.array(list("abcdef"), object), rows + np.float32(1e-3))
    review.add(new)
    name = "cluster" if full else "grow"
    real, found, go = getattr(running, name), threading.Event(), threading.Event()

    def waits(*arguments: Any, **options: Any) -> Any:
        result = real(*arguments, **options)
        found.set()
        assert go.wait(60)
        return result

    monkeypatch.setattr(running, name, waits)
    job = client.post("/v1/runs", {"full": full})["job"]
    assert found.wait(60)
    assert client("PATCH", "/v1/groups/3", json={"name": "Ada"}).status_code == 200
    client.post("/v1/groups/merge", {"groups": [1, 2]})
    client.post("/v1/items/remove", {"items": [18]})
    client.post("/v1/groups/not-same", {"a": 3, "b": 5})
    go.set()
    done = ended(client, job)
    assert done["state"] == "done", done
    assert any("4 changes were made" in note for note in review.run(2).facts["report"]["notes"])
    placed = [client.get(f"/v1/items/{item}")["group"] for item in range(26)]
    assert placed[:14] == [1] * 14
    assert placed[14:18] == [3] * 4
    assert placed[18] is None
    assert client.get("/v1/groups/3")["name"] == "Ada"
    assert client.get("/v1/project")["runs"] == [1, 2]
    assert client.suggestions()["ready"]


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


def test_a_job_that_cannot_begin_is_none_that_runs(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.suggestions()
    with monkeypatch.context() as patched:

        def start(self: threading.Thread) -> None:
            if self.name == WORK:
                raise RuntimeError("can't start new thread")
            real(self)

        real = threading.Thread.start
        patched.setattr(threading.Thread, "start", start)
        answer = client("POST", "/v1/runs", json={"full": True})
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['job']}"
    failed = client.get(answer.headers["location"])
    assert failed["state"] == "failed"
    assert "new thread" in failed["problem"]["detail"]
    assert ended(client, client.post("/v1/runs", {"full": True})["job"])["state"] == "done"


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


def test_thumbnails(client: Client, review: Review, project: Path) -> None:
    for size, wanted in ((160, (160, 96)), (640, (500, 300))):
        answer = client("GET", f"/v1/items/0/thumbnail?size={size}")
        assert answer.headers["content-type"] == "image/webp"
        assert answer.headers["cache-control"] == "private, no-cache"
        assert Image.open(io.BytesIO(answer.content)).size == wanted
    (project.parent / "pictures" / "a.png").unlink()  # made once
    again = client("GET", "/v1/items/0/thumbnail?size=640")
    assert again.content == answer.content
    broken = client("GET", "/v1/items/1/thumbnail")
    assert broken.status_code == 404
    assert "b.png, cannot be read" in broken.json()["detail"]
    assert client("GET", "/v1/items/2/thumbnail").status_code == 404


def test_pictures_of_two_projects_on_one_port_do_not_mix(client: Client, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    with Review(made(tmp_path / "other" / "project")) as review:
        Image.new("RGB", (9, 5), (1, 2, 3)).save(tmp_path / "other" / "pictures" / "a.png")
        first = client("GET", "/v1/items/0/thumbnail")
        other = Client(make_app(review, TOKEN))
        seen = {"If-None-Match": first.headers["etag"]}
        again = client("GET", "/v1/items/0/thumbnail", headers=seen)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        answer = other("GET", "/v1/items/0/thumbnail", headers=seen)
        assert answer.status_code == 200
        assert Image.open(io.BytesIO(answer.content)).size == (9, 5)


def test_pictures_that_are_gone_and_found_again(review: Review, project: Path) -> None:
    pictures, now = project.parent / "pictures", project.parent / "elsewhere"
    pictures.rename(now)
    client = Client(make_app(review, TOKEN))
    answer = client("GET", "/v1/items/0/thumbnail")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()["detail"]
    assert all(word in told for word in ("item 0", "Item 00", "a.png", "--images"))
    assert str(project.parent) not in told
    client = Client(make_app(review, TOKEN, find_moved(review.items.pictures, now)))
    answer = client("GET", "/v1/items/0/thumbnail")
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.content)).size == (160, 96)


@pytest.mark.parametrize(
    ("picture", "mode"),
    [
        (Image.new("L", (9, 5), 77), "RGB"),
        (Image.new("I;16", (9, 5), 60000), "RGB"),
        (Image.new("RGBA", (9, 5), (1, 2, 3, 0)), "RGBA"),
        (Image.new("P", (9, 5)), "RGB"),
    ],
)
def test_pictures_of_other_kinds(
    client: Client, project: Path, picture: Image.Image, mode: str
) -> None:
    picture.save(project.parent / "pictures" / "a.png")
    small = Image.open(io.BytesIO(client("GET", "/v1/items/0/thumbnail").content))
    assert (small.size, small.mode) == ((9, 5), mode)


def test_turned_pictures_are_upright(client: Client, project: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (90, 50)).save(project.parent / "pictures" / "a.png", exif=exif)
    small = Image.open(io.BytesIO(client("GET", "/v1/items/0/thumbnail").content))
    assert small.size == (50, 90)


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
