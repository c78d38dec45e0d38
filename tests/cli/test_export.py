"""`covey export`, and `covey evaluate` of what it wrote."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.csv as pa_csv
import pytest
from PIL import Image

from covey.metrics import clustering as metrics
from covey.review.corrections import describe, remove
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review

from ..store.test_review import run
from .conftest import Covey

GROUPS = np.array([1, 1, 1, 2, 2, 3, 3, 3, -1, -1])
TRUTH = np.array([0, 0, 0, 1, 1, 1, 2, 2, 3, 3])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Ten items with pictures, whose ids are no rows, in three groups; two of them in none."""
    ids = np.array([f"p{item}" for item in range(9)] + ["=9"], object)
    pictures = []
    (tmp_path / "pictures").mkdir()
    for item in range(10):
        Image.new("L", (4, 4), item).save(tmp_path / "pictures" / f"{item}.png")
        pictures.append(str(tmp_path / "pictures" / f"{item}.png"))
    create_project(tmp_path / "p")
    with Review(tmp_path / "p") as review:
        x = np.random.default_rng(0).normal(size=(10, 4)).astype(np.float32)
        review.add(Batch(ids, x, pictures))
        run(review, GROUPS)
        review.correct(lambda state, known: describe(state, 1, "name", "=Ada"))
    lines = "".join(f"{name},{label}\n" for name, label in zip(ids, TRUTH, strict=True))
    (tmp_path / "y.csv").write_text(f"item_id,label\n{lines}")
    return tmp_path / "p"


@pytest.mark.parametrize(
    ("out", "options", "kind"),
    [
        ("g.csv", (), "csv"),
        ("g.parquet", (), "parquet"),
        ("g.json", (), "json"),
        ("g.jsonl", (), "fiftyone"),
        ("c.json", ("--format", "coco"), "coco"),
        ("links", (), "links"),
        ("l.v2", ("--format", "links", "--link", "copy"), "links"),
    ],
)
def test_formats(
    covey: Covey, project: Path, tmp_path: Path, out: str, options: tuple[str, ...], kind: str
) -> None:
    facts = covey("export", "p", "-o", out, *options, "--json").json
    assert (facts["format"], facts["outputs"], facts["groups"]) == (kind, [out], 3)
    assert (facts["items"], facts["in_no_group"], facts["pending"]) == (10, 2, 0)
    covey("export", "p", "-o", out, *options).refused(2, f"{out}: exists already", "--force")
    told = covey("export", "p", "-o", out, *options, "--force")
    assert (told.code, "10 items in 3 groups; 2 in none." in told.out) == (0, True)
    if kind == "coco":
        assert json.loads((tmp_path / out).read_text())["categories"][0]["name"] == "=Ada"
    if kind == "links":
        assert facts["links"]["files"] == 10
        assert "Wrote 10 " in told.out
        assert len(list((tmp_path / out / "=Ada-1").iterdir())) == 3


def test_pictures_that_are_not_there_are_told(covey: Covey, project: Path, tmp_path: Path) -> None:
    gone = tmp_path / "pictures" / "4.png"
    gone.unlink()
    told = covey("export", "p", "-o", "links").out
    assert f"Note: 1 picture not there and left out: {gone}.\n" in told
    assert "Wrote 9 symbolic links in 4 folders to links\n" in told


def test_what_is_refused(covey: Covey, project: Path, tmp_path: Path) -> None:
    covey("export", "p", "-o", "p/g.csv").refused(2, "is in the folder of the project")
    covey("export", "p", "-o", "p", "--force").refused(2, "is in the folder of the project")
    covey("export", "p", "-o", "p/review.sqlite", "--format", "links", "--force").refused(
        2, "p/rev"
    )
    covey("export", "p", "-o", ".", "--format", "links", "--force").refused(2, "holds the project")
    covey("export", "p", "-o", "pictures", "--force").refused(2, "was not made by Covey")
    covey("export", "p", "-o", "g.xlsx").refused(2, "not to .xlsx")
    covey("export", "p", "-o", "g.csv", "--format", "coco").refused(2, "must end in .json")
    covey("export", "p", "-o", "no/g.csv").refused(2, "there is no folder no")
    covey("export", "p", "-o", "no/links").refused(2, "there is no folder no")
    covey("export", "p", "-o", "g.json", "--spreadsheet").refused(2, "--spreadsheet is for .csv")
    covey("export", "p", "-o", "g.json", "--link", "copy").refused(2, "--link is for folders")
    covey("export", "none", "-o", "g.csv").refused(3, "none: is no project")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["p", "pictures", "y.csv"]


def test_formulas_are_told(covey: Covey, project: Path, tmp_path: Path) -> None:
    told = covey("export", "p", "-o", "g.csv").out
    assert "Note: 1 id would run as formulas in a spreadsheet; --spreadsheet" in told
    table = pa_csv.read_csv(tmp_path / "g.csv")
    assert (table["item_id"][9].as_py(), table["name"][0].as_py()) == ("=9", "'=Ada")
    told = covey("export", "p", "-o", "g.csv", "--force", "--spreadsheet").out
    assert "Note: 1 id got an apostrophe" in told
    assert pa_csv.read_csv(tmp_path / "g.csv")["item_id"][9].as_py() == "'=9"


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_evaluate_reads_an_export_as_it_is(
    covey: Covey, project: Path, tmp_path: Path, suffix: str
) -> None:
    """Items in no group are noise, ids that look like formulas are still ids."""
    with Review(project) as review:
        review.correct(lambda state, known: remove(state, known, [7]))
        review.add(Batch(np.array(["late"], object), np.ones((1, 4), np.float32)))
    covey("export", "p", "-o", f"g.{suffix}")
    facts = covey("evaluate", f"g.{suffix}", "y.csv", "--json").json
    groups = GROUPS.copy()
    groups[7] = -1
    scores = metrics.evaluate(TRUTH, groups)
    assert facts["items"] == 10
    assert facts["bcubed"] == pytest.approx(scores.bcubed.as_dict())
    assert facts["clusters"] == scores.clusters
    assert facts["unmatched_groups"] == ["late"]
    told = covey("evaluate", f"g.{suffix}", f"g.{suffix}", "--column", "group", "--json").json
    assert (told["items"], told["unlabelled"], told["bcubed"]["f"]) == (7, 4, 1)


def test_what_was_not_grouped_yet_is_told(covey: Covey, tmp_path: Path) -> None:
    create_project(tmp_path / "p")
    with Review(tmp_path / "p") as review:
        review.add(Batch(np.array(["a", "b"], object), np.eye(2, dtype=np.float32)))
    told = covey("export", "p", "-o", "g.csv").out
    assert "2 items in 0 groups; 2 in none." in told
    assert "2 items came since the last run" in told
    assert pa_csv.read_csv(tmp_path / "g.csv")["item_id"].to_pylist() == ["a", "b"]
    covey("export", "p", "-o", "links").refused(2, "no item of this project has a picture")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_export_leaves_nothing(tmp_path: Path, number: signal.Signals) -> None:
    n = 30_000
    create_project(tmp_path / "p")
    Image.new("L", (1, 1)).save(tmp_path / "a.png")
    with Review(tmp_path / "p") as review:
        ids = np.array([str(item) for item in range(n)], object)
        review.add(Batch(ids, np.ones((n, 1), np.float32), [str(tmp_path / "a.png")] * n))
    before = set(tmp_path.iterdir())
    process = subprocess.Popen(
        [sys.executable, "-m", "covey", "export", "p", "-o", "links", "--link", "copy"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ, OMP_NUM_THREADS="1"),
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    while process.poll() is None and set(tmp_path.iterdir()) == before:
        time.sleep(0.01)
    process.send_signal(number)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130, told
    assert set(tmp_path.iterdir()) == before
