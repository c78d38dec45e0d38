"""Projects by the command line: made, filled, grouped, grown and asked."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from PIL import Image

import covey.store.running as running
from covey.assigning import assign
from covey.cli.exits import run
from covey.clustering import cluster
from covey.review.corrections import describe, merge, move, remove
from covey.store.project import open_project
from covey.store.review import Review


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict:
    capsys.readouterr()
    assert run([*map(str, arguments), "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def refused(capsys: pytest.CaptureFixture[str], code: int, *arguments: object) -> str:
    capsys.readouterr()
    assert run([*map(str, arguments), "-q"]) == code
    return capsys.readouterr().err


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    """300 rows in 20 groups that lie well apart."""
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 20
    x = rng.normal(size=(20, 64))[labels] + 0.15 * rng.normal(size=(300, 64))
    return x.astype(np.float32), labels


def save(path: Path, rows: np.ndarray) -> Path:
    np.save(path, rows)
    return path


def grouped(tmp_path: Path, capsys: pytest.CaptureFixture[str], x: np.ndarray) -> Path:
    """A project whose first batch was grouped."""
    project = tmp_path / "p"
    told(capsys, "init", project)
    told(capsys, "add", project, save(tmp_path / "a.npy", x))
    told(capsys, "run", project)
    return project


def agree(groups: np.ndarray, labels: np.ndarray) -> bool:
    return bool(((groups == groups[:, None]) == (labels == labels[:, None])).all())


def test_a_project_from_nothing_to_growth(
    tmp_path: Path, rows: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    x, labels = rows
    project = tmp_path / "p"
    assert told(capsys, "init", project, "--name", "Twenty")["name"] == "Twenty"
    first = told(capsys, "add", project, save(tmp_path / "a.npy", x[:200]))
    assert (first["added"], first["items"]) == (200, 200)
    whole = told(capsys, "run", project)
    assert (whole["kind"], whole["groups"], whole["in_no_group"]) == ("full", 20, 0)
    with Review(project) as review:
        before = review.state.group_of.copy()
        assert agree(before, labels[:200])
        number = int(before[0])
        review.correct(lambda state, known: describe(state, number, "name", "Ada"))
    nothing = told(capsys, "run", project)
    assert (nothing["kind"], nothing["touched"], nothing["run"]) == ("none", 0, 1)
    assert run(["run", str(project)]) == 0
    assert "Nothing to do: no items came since run 1; to group all" in capsys.readouterr().out
    told(capsys, "add", project, save(tmp_path / "b.npy", x[200:]))
    grown = told(capsys, "run", project, "--grow")
    assert (grown["kind"], grown["new_items"], grown["groups"]) == ("grown", 100, 20)
    assert grown["became"]["kept"] == grown["became"]["grown"] == 20
    with Review(project) as review:
        assert agree(review.state.group_of, labels)
        np.testing.assert_array_equal(review.state.group_of[:200], before)
        assert review.state.groups[number].name == "Ada"
    again = told(capsys, "run", project, "--full")
    assert (again["kind"], again["became"]["kept"]) == ("full", 20)


def test_a_rule_that_was_outgrown_is_decided_anew(
    tmp_path: Path, rows: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    x, _ = rows
    project = tmp_path / "p"
    told(capsys, "init", project)
    kinds = []
    for start, stop in ((0, 200), (200, 225), (225, 249), (249, 250), (250, 300)):
        told(capsys, "add", project, save(tmp_path / f"{start}.npy", x[start:stop]))
        kinds.append(told(capsys, "run", project)["kind"])
    assert kinds == ["full", "grown", "grown", "full", "grown"]


def test_what_a_run_does_is_told(
    tmp_path: Path, rows: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    x, _ = rows
    project = tmp_path / "p"
    told(capsys, "init", project)
    words = []
    for start, stop, options in (
        (0, 200, ("--prefer", "recall")),
        (200, 210, ("--prefer", "precision", "--k", "20")),
        (210, 260, ()),
    ):
        told(capsys, "add", project, save(tmp_path / f"{start}.npy", x[start:stop]))
        capsys.readouterr()
        assert run(["run", str(project), *options]) == 0
        words.append(capsys.readouterr().out)
    assert "grouped anew" not in words[0]
    assert "by the rule of run 1" in words[1]
    assert "Note: k, prefer of a run that grows are those of run 1" in words[1]
    assert "All of them were grouped anew, as there are 30% more than the rule" in words[2]
    assert words[0].startswith("Look before you rely on it.\n")
    assert "of what shares a group with an item belongs with it" in words[0]
    assert words[1].startswith("Run 1, whose rule this run repeats: Look before you rely on it.\n")
    page = project / "reports" / "000001.html"
    assert f"{page} shows what to check first.\n" in words[0]
    assert f"Wrote {page}\n" in words[0]
    assert f"{page} shows what to check first in what run 1 found." in words[1]
    assert "Wrote" not in words[1]
    assert sorted(each.name for each in page.parent.iterdir()) == ["000001.html", "000003.html"]
    assert "What run 1 found in p" in page.read_text("utf-8")
    facts = told(capsys, "run", project, "--full", "--no-report")
    assert (facts["trust"], facts["verdict"]) == ("look", "Look before you rely on it.")
    assert (facts["page"], facts["outputs"]) == (None, [])
    told(capsys, "add", project, save(tmp_path / "last.npy", x[260:262]))
    facts = told(capsys, "run", project)
    assert (facts["kind"], facts["report"]["decided_by"], facts["trust"]) == ("grown", 4, "look")
    told(capsys, "add", project, save(tmp_path / "very last.npy", x[262:264]))
    assert told(capsys, "run", project)["report"]["decided_by"] == 4


def test_what_was_corrected_stays_in_a_full_run(
    tmp_path: Path, rows: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    x, _ = rows
    project = grouped(tmp_path, capsys, x)
    with Review(project) as review:
        a, b, c = (int(review.state.group_of[item]) for item in range(3))
        review.correct(lambda state, known: merge(state, known, [a, b]))
        review.correct(lambda state, known: describe(state, c, "confirmed", True))
        members = set(review.state.groups[c].members)
        joined = set(review.state.groups[a].members)
    told(capsys, "run", project, "--full")
    with Review(project) as review:
        assert review.state.groups[c].members == members
        assert len({int(review.state.group_of[item]) for item in (0, 1)}) == 1
        assert review.state.groups[a].members >= joined & set(range(0, 300, 20))


def test_assign_says_where_items_would_go(
    tmp_path: Path, rows: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    x, labels = rows
    project, out = tmp_path / "p", tmp_path / "groups.csv"
    told(capsys, "init", project)
    told(capsys, "add", project, save(tmp_path / "a.npy", x[:200]))
    assert "has no groups yet" in refused(
        capsys, 2, "assign", project, tmp_path / "a.npy", "-o", out
    )
    told(capsys, "run", project)
    with Review(project) as review:
        joined = int(review.state.group_of[0])
        review.correct(lambda state, known: describe(state, joined, "name", "=Ada"))
    new = np.concatenate([x[200:], -10 * np.ones((1, 64), np.float32)])
    facts = told(capsys, "assign", project, save(tmp_path / "b.npy", new), "-o", out)
    table = pa_csv.read_csv(out)
    with Review(project) as review:
        wanted = review.state.group_of[:20][labels[200:]].tolist()
        assert review.items.n == 200
        assert review.runs == [1]
    assert table["group"].to_pylist()[:100] == wanted
    assert facts["assigned"] >= 100
    assert set(table["name"].to_pylist()[:20]) == {"'=Ada", ""}
    assert min(table["chance"].to_pylist()[:100]) > table["chance"].to_pylist()[100]
    assert str(table["nearest_id"][0]) in {str(item) for item in range(200)}
    wrong = save(tmp_path / "c.npy", x[:, :8])
    assert "use the same embedder" in refused(capsys, 3, "assign", project, wrong, "-o", out)


def test_assign_is_of_each_item_for_itself(rows: tuple[np.ndarray, np.ndarray]) -> None:
    x, _ = rows
    result = cluster(x[:200])
    known = x[:200], result.knn, result.clustering.labels, result.rule
    alone = assign(x[200:201], *known)
    many = assign(np.repeat(x[200:201], 150, axis=0) + 0, *known)
    assert (many.group == alone.group[0]).all()
    np.testing.assert_allclose(many.chance, alone.chance[0])
    np.testing.assert_array_equal(many.neighbours, np.repeat(alone.neighbours, 150, axis=0))


def test_named_groups_keep_their_items_whatever_joins_them(
    tmp_path: Path, rows: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    """An item that looks like one group is moved into another, and a run follows."""
    x, _ = rows
    project = grouped(tmp_path, capsys, x[:200])
    with Review(project) as review:
        g, h = (int(review.state.group_of[item]) for item in (0, 1))
        review.correct(lambda state, known: describe(state, g, "name", "Gina"))
        review.correct(lambda state, known: describe(state, h, "name", "Hugo"))
        hugo = set(review.state.groups[h].members)
    told(capsys, "add", project, save(tmp_path / "b.npy", x[201:202]))
    with Review(project) as review:
        review.correct(lambda state, known: move(state, known, [200], g))
        gina = set(review.state.groups[g].members)
    for way in ("--grow", "--full"):
        if way == "--full":
            told(capsys, "add", project, save(tmp_path / "c.npy", x[220:221]))
        told(capsys, "run", project, way)
        with Review(project) as review:
            assert review.state.groups[g].members >= gina
            assert review.state.groups[h].members >= hugo
            assert not review.state.groups[g].members & hugo


def test_removed_items_go_where_they_belong_without_a_word_of_each_other(
    tmp_path: Path, rows: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    """Two items that were once said to be one, removed, and drawn into two groups by what comes."""
    x, _ = rows
    project = grouped(tmp_path, capsys, x[:200])
    with Review(project) as review:
        review.correct(lambda state, known: move(state, known, [0, 1], None))
        review.correct(lambda state, known: remove(state, known, [0, 1]))
    told(capsys, "add", project, save(tmp_path / "b.npy", x[200:240]))
    told(capsys, "run", project, "--grow")
    told(capsys, "run", project, "--full")


def test_equal_items_are_no_mixed_group(
    tmp_path: Path, rows: tuple[np.ndarray, np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    x, _ = rows
    twins = np.concatenate([x[:100], np.repeat(-x[:1], 6, axis=0)])
    project = grouped(tmp_path, capsys, twins)
    told(capsys, "add", project, save(tmp_path / "b.npy", x[100:110]))
    told(capsys, "run", project)
    with Review(project) as review:
        run = review.last_run()
        assert run is not None
        edges = run.edges()
        inside = (edges.source >= 100) & (edges.target >= 100) & (edges.target < 106)
        assert inside.sum() >= 5
        assert run.strength()[100:106].min() > 0.5


def test_pictures_texts_and_exclusive_items(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(1)
    project = tmp_path / "p"
    told(capsys, "init", project)
    images = save(tmp_path / "images.npy", rng.integers(0, 255, (4, 8, 8), np.uint8))
    (tmp_path / "texts.txt").write_text("a\nb\nc\nd\n")
    (tmp_path / "photos.csv").write_text("item_id,group\n0,x\n1,x\n2,y\n3,\n")
    facts = told(
        capsys,
        "add",
        project,
        save(tmp_path / "a.npy", rng.normal(size=(4, 6)).astype(np.float32)),
        "--images",
        images,
        "--texts",
        tmp_path / "texts.txt",
        "--exclusive",
        tmp_path / "photos.csv",
    )
    assert facts["added"] == 4
    with Review(project) as review:
        assert review.items.text_of(2) == "c"
        assert review.items.exclusive.tolist() == [0, 0, 1, -1]
        path = review.items.picture_of(3)
        assert path is not None
        assert Path(path).is_file()
    assert not [note for note in facts["notes"] if "no effect" in note]
    (tmp_path / "photos.csv").write_text("item_id,group\n0,x\nB,x\nb,x\n9,x\n")
    np.save(tmp_path / "b.npy", np.ones((1, 6), np.float32))
    (tmp_path / "ids").write_text("b\n")
    more = ("--ids", tmp_path / "ids", "--exclusive", tmp_path / "photos.csv")
    notes = told(capsys, "add", project, tmp_path / "b.npy", *more)["notes"]
    assert notes == [
        f"2 ids in {tmp_path / 'photos.csv'} are none of the items of this batch or those before "
        "and had no effect: B, 9"
    ]
    page = told(capsys, "run", project)["page"]
    html = Path(page).read_text("utf-8")
    assert 'src="data:image' in html
    assert "1 images could not be drawn" in html  # that has none
    with Review(project) as review:
        group = review.state.group_of
        assert group[0] == -1 or group[0] != group[1]


def test_items_without_a_file_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project, photos = tmp_path / "p", tmp_path / "photos"
    photos.mkdir()
    Image.new("L", (8, 8)).save(photos / "b.png")
    (tmp_path / "ids").write_text("a\nb\nc\n")
    told(capsys, "init", project)
    x = save(tmp_path / "a.npy", np.eye(3, dtype=np.float32))
    facts = told(capsys, "add", project, x, "--ids", tmp_path / "ids", "--images", photos)
    assert facts["notes"] == [
        f"2 of 3 items have no picture, the first should be '{photos / 'a'}': "
        "their ids stand instead, until it is there"
    ]
    paths = ["", str(photos / "b"), ""]
    rows = pa.table({"id": ["d", "e", "f"], "embedding": np.eye(3).tolist(), "path": paths})
    pq.write_table(rows, tmp_path / "b.parquet")
    facts = told(capsys, "add", project, tmp_path / "b.parquet", "--images", "path")
    assert [note for note in facts["notes"] if "have no picture" in note] == [
        "2 of 3 items have no picture: their ids stand instead, until it is there"
    ]
    with Review(project) as review:
        assert review.items.pictures[3:] == [None, str(photos / "b.png"), None]


def test_what_is_there_is_not_added_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "p"
    told(capsys, "init", project)
    x = np.arange(20, dtype=np.float32).reshape(5, 4)
    named = save(tmp_path / "a.npy", x), "--ids", tmp_path / "ids", "--texts", tmp_path / "texts"
    (tmp_path / "ids").write_text("a\nb\nc\nd\ne\n")
    (tmp_path / "texts").write_text("v\nw\nx\ny\nz\n")
    plain = save(tmp_path / "b.npy", x + 1)
    for source in (named, (plain,)):
        assert told(capsys, "add", project, *source)["added"] == 5
    for source in (named, (plain,)):
        assert run(["add", str(project), *map(str, source)]) == 0
        assert "Nothing to do: all 5 items of" in capsys.readouterr().out
        again = told(capsys, "add", project, *source)
        assert (again["added"], again["batch"], again["items"]) == (0, None, 10)
    assert sorted(each.name for each in (project / "items").iterdir()) == ["000001", "000002"]
    part = save(tmp_path / "c.npy", x[1:3])
    (tmp_path / "few").write_text("b\nc\n")
    (tmp_path / "words").write_text("w\nx\n")
    some = part, "--ids", tmp_path / "few", "--texts"
    assert told(capsys, "add", project, *some, tmp_path / "words")["added"] == 0
    assert "has the id 'b'" in refused(capsys, 3, "add", project, *some, tmp_path / "few")
    assert "has the id 'b'" in refused(capsys, 3, "add", project, *some[:-1])
    other = save(tmp_path / "d.npy", x[:2])
    few = tmp_path / "few"
    assert "has the id 'b'" in refused(capsys, 3, "add", project, other, "--ids", few)
    assert told(capsys, "add", project, other)["added"] == 2  # as many were never added


@pytest.mark.parametrize("command", ["add", "run"])
def test_who_comes_while_another_process_works_is_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    project = tmp_path / "p"
    told(capsys, "init", project)
    rows = save(tmp_path / "a.npy", np.ones((4, 4), np.float32))
    asked = [command, project, *([rows] if command == "add" else [])]
    with open_project(project).working("covey run"):
        words = refused(capsys, 6, *asked)
    assert words == (
        f"covey: {project}: covey run, process {os.getpid()} on {socket.gethostname()} is at work "
        "on it; nothing was changed: wait until that ends, then try again\n"
    )
    assert not list((project / "items").iterdir())


def test_a_correction_during_a_run_is_kept(
    tmp_path: Path,
    rows: tuple[np.ndarray, np.ndarray],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, _ = rows
    project = grouped(tmp_path, capsys, x[:200])
    told(capsys, "add", project, save(tmp_path / "b.npy", x[200:240]))
    real = running.grow

    def grow_while_somebody_corrects(*arguments: Any, **options: Any) -> Any:
        found = real(*arguments, **options)
        with Review(project) as other:
            a, b = (int(other.state.group_of[item]) for item in (0, 1))
            other.correct(lambda state, known: describe(state, a, "name", "Ada"))
            other.correct(lambda state, known: merge(state, known, [a, b]))
        return found

    monkeypatch.setattr(running, "grow", grow_while_somebody_corrects)
    capsys.readouterr()
    assert run(["run", str(project), "--grow"]) == 0
    assert "Note: 2 changes were made while this ran, and kept" in capsys.readouterr().out
    with Review(project) as review:
        ada = review.state.groups[int(review.state.group_of[0])]
        assert ada.name == "Ada"
        assert ada.members == {item for item in range(240) if item % 20 < 2}
        assert review.runs == [1, 2]


def test_errors_name_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "make one with covey init" in refused(capsys, 3, "run", tmp_path)
    project = tmp_path / "p"
    told(capsys, "init", project)
    assert "has 0 items" in refused(capsys, 2, "run", project)
    one = save(tmp_path / "a.npy", np.ones((1, 4), np.float32))
    told(capsys, "add", project, one)
    assert "has 1 items" in refused(capsys, 2, "run", project)
    (tmp_path / "ids").write_text("0\n")
    one = save(tmp_path / "c.npy", 2 * np.ones((1, 4), np.float32))
    assert "has the id '0'" in refused(capsys, 3, "add", project, one, "--ids", tmp_path / "ids")
    bad = save(tmp_path / "b.npy", np.full((2, 4), np.nan, np.float32))
    assert "row 0" in refused(capsys, 3, "add", project, bad)
    assert "is a project already" in refused(capsys, 2, "init", project)
