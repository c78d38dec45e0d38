"""Runs that are asked for, and what is corrected while they are made."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import covey.server.jobs as jobs
import covey.store.running as running
from covey.server.app import make_app
from covey.server.background import WORK
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review

from .conftest import TOKEN, Client, groups_far_apart


def ended(client: Client, job: str) -> Any:
    for _ in range(1200):
        if (found := client.get(f"/v1/jobs/{job}"))["state"] != "running":
            return found
        time.sleep(0.05)
    raise AssertionError("the job did not end within a minute")


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
        assert Path(done["outcome"]["report"]) == tmp_path / "p/reports/000001.html"
        assert "What run 1 found" in Path(done["outcome"]["report"]).read_text()
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
