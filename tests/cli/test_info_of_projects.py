"""`covey info` of a project."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from covey.review.corrections import describe, merge
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review

from ..store.conftest import batch
from ..store.test_review import run
from .conftest import Covey


def test_an_empty_project(covey: Covey, tmp_path: Path) -> None:
    create_project(tmp_path / "p", name="People")
    facts = covey("info", "p", "--json").json
    assert facts["model"] is None
    found = facts["project"]
    assert (found["name"], found["items"], found["dim"], found["groups"]) == ("People", 0, None, 0)
    assert (found["largest"], found["reviewed_share"], found["runs"]) == (0, 0, [])
    told = covey("info", "p").out
    assert told.startswith("p: the project People, made ")
    assert "runs: none yet" in told
    covey("info", "p", "--k", 3).refused(2, "p: is a project, --k is for embeddings")


def test_what_is_in_a_project(covey: Covey, tmp_path: Path) -> None:
    create_project(tmp_path / "p")
    with Review(tmp_path / "p") as review:
        review.add(batch(12))
        run(review)
        review.correct(lambda state, known: describe(state, 1, "name", "Ada"))
        review.correct(lambda state, known: describe(state, 3, "confirmed", True))
        review.correct(lambda state, known: merge(state, known, [2, 4]))
        review.undo()
        review.add(Batch(np.array(["late"], object), np.ones((1, 4), np.float32)))
    found = covey("info", "p", "--json").json["project"]
    wanted = {
        "path": "p", "metric": "cosine", "items": 13, "dim": 4, "batches": 2, "groups": 4,
        "named": 1, "confirmed": 1, "hidden": 0, "largest": 3, "in_no_group": 3,
        "reviewed_items": 6, "reviewed_share": round(6 / 13, 4), "pending": 1, "revision": 7,
        "links": {"must": 0, "cannot": 0, "apart": 0},
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == wanted
    assert (found["corrections"]["made"], found["corrections"]["taken_back"]) == (3, 1)
    assert found["corrections"]["last"] is not None
    files = [each for each in (tmp_path / "p").rglob("*") if each.is_file()]
    assert found["bytes"]["items"] == sum(
        each.stat().st_size for each in files if "items" in each.parts
    )
    assert found["bytes"]["all"] == sum(
        size for name, size in found["bytes"].items() if name != "all"
    )
    assert found["bytes"]["all"] >= sum(each.stat().st_size for each in files)
    (only,) = found["runs"]
    assert (only["number"], only["items"], only["decided_by"]) == (1, 12, 1)
    assert only["rule"]["scorer"] == "cosine"
    assert (only["verdict"], only["page"]) == (None, None)
    told = covey("info", "p").out
    assert "items: 13 of 4 values, in 2 batches; 1 item came since the last run" in told
    assert "groups: 4, the largest of 3 items; 1 named, 1 confirmed, 0 hidden; 3 items in" in told
    assert "reviewed: 46% of the items" in told
    assert "corrections: 3 (1 of them taken back), the last at 2" in told


def test_runs_of_a_project(covey: Covey, tmp_path: Path) -> None:
    """A full one and one that grew from it, as `covey run` left them."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(6, 16))[np.arange(62) % 6] + 0.1 * rng.normal(size=(62, 16))
    np.save(tmp_path / "a.npy", x[:60].astype(np.float32))
    np.save(tmp_path / "b.npy", x[60:].astype(np.float32))
    covey("init", "p")
    for name in ("a.npy", "b.npy"):
        covey("add", "p", name)
        assert covey("run", "p").code == 0
    first, second = covey("info", "p", "--json").json["project"]["runs"]
    assert (first["kind"], first["items"], first["decided_by"]) == ("full", 60, 1)
    assert (second["kind"], second["new_items"], second["decided_by"]) == ("grown", 2, 1)
    assert first["verdict"] == second["verdict"] != ""
    assert first["page"] == second["page"] == "p/reports/000001.html"
    told = covey("info", "p").out
    assert f"; {first['verdict']} (p/reports/000001.html)\n" in told
    assert "62 items, by the rule of run 1\n" in told
