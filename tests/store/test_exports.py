"""Groups in the words of other programs, read back."""

from __future__ import annotations

import csv
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from PIL import Image

from covey.review.corrections import describe
from covey.store.export_links import link_export
from covey.store.exports import FORMATS, Export, export_of, write_export
from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review
from covey.types import InputError, UsageError

from .conftest import batch
from .test_review import _GROUPS, run


def named(folder: Path) -> Export:
    with Review(folder) as review:
        run(review)
        review.correct(lambda state, known: describe(state, 1, "name", 'Zoë, "Z"'))
        review.correct(lambda state, known: describe(state, 3, "confirmed", True))
        review.correct(lambda state, known: describe(state, 2, "hidden", True))
        return export_of(review)


def read(path: Path) -> pa.Table:
    return pq.read_table(path) if path.suffix == ".parquet" else pa_csv.read_csv(path)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables(folder: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"groups.{kind}"
    write_export(path, named(folder), kind)
    rows = read(path).to_pylist()
    columns = ["item_id", "item", "group", "name", "confirmed", "hidden", "strength"]
    assert list(rows[0]) == columns
    assert [each["item_id"] for each in rows] == [f"item {i}" for i in range(12)]
    assert [each["item"] for each in rows] == list(range(12))
    assert [each["hidden"] for each in rows] == [
        None if group < 0 else group == 2 for group in _GROUPS.tolist()
    ]
    assert [-1 if each["group"] is None else each["group"] for each in rows] == _GROUPS.tolist()
    assert [each["name"] or "" for each in rows] == ['Zoë, "Z"'] * 3 + [""] * 9
    assert [each["confirmed"] for each in rows] == [
        None if group < 0 else group == 3 for group in _GROUPS.tolist()
    ]
    np.testing.assert_allclose(
        [each["strength"] for each in rows], np.linspace(1, 0, 12), atol=1e-6
    )


def test_json(folder: Path, tmp_path: Path) -> None:
    write_export(tmp_path / "g.json", named(folder), "json")
    told = json.loads((tmp_path / "g.json").read_text("utf-8"))
    assert (told["project"], told["revision"]) == ("project", 5)
    assert [each["number"] for each in told["groups"]] == [1, 2, 3, 4]
    first = told["groups"][0]
    items = first.pop("items")
    assert first == {"number": 1, "name": 'Zoë, "Z"', "confirmed": False, "hidden": False}
    assert [(each["id"], each["item"]) for each in items] == [(f"item {i}", i) for i in range(3)]
    assert [each["strength"] for each in items] == pytest.approx([1, 10 / 11, 9 / 11], abs=1e-5)
    assert told["groups"][1]["hidden"] is True
    assert [each["id"] for each in told["in_no_group"]] == ["item 8", "item 9"]


def test_tags(folder: Path, tmp_path: Path) -> None:
    write_export(tmp_path / "t.jsonl", named(folder), "fiftyone")
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text("utf-8").splitlines()]
    assert rows[0] == {
        "tags": ['Zoë, "Z"'], "item_id": "item 0", "item": 0, "group": 1, "name": 'Zoë, "Z"',
        "confirmed": False, "hidden": False, "strength": 1.0,
    }  # fmt: skip
    assert rows[4]["tags"] == ["group 2", "hidden"]
    assert rows[5]["tags"] == ["group 3", "confirmed"]
    assert [rows[8][each] for each in ("group", "name", "confirmed")] == [None] * 3
    assert rows[8]["tags"] == []
    assert len(rows) == 12


def test_coco(folder: Path, tmp_path: Path) -> None:
    write_export(tmp_path / "c.json", named(folder), "coco")
    told = json.loads((tmp_path / "c.json").read_text("utf-8"))
    assert "no boxes" in told["info"]["description"]
    assert [each["name"] for each in told["categories"]] == [
        'Zoë, "Z"', "group 2", "group 3", "group 4"
    ]  # fmt: skip
    assert len({each["id"] for each in told["annotations"]}) == 10
    found = {each["image_id"]: each["category_id"] for each in told["annotations"]}
    assert found == {item: group for item, group in enumerate(_GROUPS.tolist()) if group > 0}
    assert [each["id"] for each in told["images"]] == list(range(12))
    assert not [each for each in told["annotations"] if "bbox" in each]
    assert [each["item_id"] for each in told["images"]] == [f"item {i}" for i in range(12)]
    assert [each["hidden"] for each in told["categories"]] == [False, True, False, False]
    assert told["annotations"][1]["strength"] == pytest.approx(10 / 11, abs=1e-5)


def test_strength_of_items_that_no_run_has_seen(folder: Path, tmp_path: Path) -> None:
    with Review(folder) as review:
        run(review)
        review.add(batch(2, start=12))
        found = export_of(review)
    for kind, suffix in FORMATS.items():
        write_export(tmp_path / f"{kind}{suffix}", found, kind)
    assert read(tmp_path / "csv.csv")["strength"].to_pylist()[11:] == [0, None, None]
    told = json.loads((tmp_path / "json.json").read_text("utf-8"))
    assert [each["strength"] for each in told["in_no_group"]][-2:] == [None, None]


_FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "＝1", "'quoted", "plain", "O'Neil", "a=b"]


def test_formulas_do_not_run_and_come_back(tmp_path: Path) -> None:
    """Names get an apostrophe, ids only where that is asked for."""
    create_project(tmp_path / "project")
    ids = np.array([*_FORMULAS, "\t=1", "\r=1", " =1"], object)
    with Review(tmp_path / "project") as review:
        review.add(Batch(ids, batch(12).x, source="made"))
        run(review, np.arange(1, 13))
        for number, name in enumerate(_FORMULAS, 1):
            review.correct(lambda state, known, g=number, n=name: describe(state, g, "name", n))
        found = export_of(review)
    write_export(tmp_path / "g.csv", found, "csv")
    with (tmp_path / "g.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    names = [each["name"] for each in rows[:9]]
    assert names == [*(f"'{each}" for each in _FORMULAS[:6]), *_FORMULAS[6:]]
    assert [each.removeprefix("'") for each in names[:6]] == _FORMULAS[:6]
    assert [each["item_id"] for each in rows] == ids.tolist()
    write_export(tmp_path / "g.csv", found, "csv", spreadsheet=True)
    with (tmp_path / "g.csv").open(encoding="utf-8", newline="") as file:
        told = [each["item_id"] for each in csv.DictReader(file)]
    assert [each.removeprefix("'") for each in told] == ids.tolist()
    assert not [each for each in told if each.strip()[0] in "=+-@＝\t\r"]
    write_export(tmp_path / "g.parquet", found, "parquet", spreadsheet=True)
    assert read(tmp_path / "g.parquet")["name"].to_pylist()[:9] == _FORMULAS


@pytest.fixture
def pictured(tmp_path: Path) -> Path:
    """A project of 12 items, each but the third with a picture, two of one name."""
    pictures = []
    for item in range(12):
        name = tmp_path / "pictures" / str(item % 2) / f"{item}.png"
        name = name.with_name("9.PNG") if item == 8 else name
        name.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), item).save(name)
        pictures.append(str(name) if item != 3 else "")
    create_project(tmp_path / "project")
    with Review(tmp_path / "project") as review:
        review.add(batch(12, pictures=pictures))
        run(review)
        review.correct(lambda state, known: describe(state, 1, "name", "../ADA: \u202e x"))
        review.correct(lambda state, known: describe(state, 4, "name", "con"))
        review.correct(lambda state, known: describe(state, 3, "name", "é" * 120))
    return tmp_path / "project"


def exported(folder: Path) -> Export:
    with Review(folder) as review:
        return export_of(review)


def below(folder: Path) -> dict[str, list[str]]:
    return {
        each.name: sorted(link.name for link in each.iterdir())
        for each in folder.iterdir()
        if each.is_dir()
    }


_FOLDERS = {
    "_ADA_ _ x-1": ["0.png", "1.png", "2.png"],
    f"{'é' * 100}-3": ["5.png", "6.png", "7.png"],
    "_con-4": ["10.png", "11.png"],
    "group-2": ["4.png"],
    "no-group": ["9-2.png", "9.PNG"],
}


@pytest.mark.parametrize("kind", ["symlink", "hardlink", "copy"])
def test_folders_of_links(pictured: Path, tmp_path: Path, kind: str) -> None:
    shares: list[float] = []
    made = link_export(tmp_path / "links", exported(pictured), kind=kind, tick=shares.append)  # type: ignore[arg-type]
    assert (made.report.n_files, made.report.n_folders, made.report.kind) == (11, 5, kind)
    assert (made.without, made.missing) == (1, [])
    assert below(tmp_path / "links") == _FOLDERS
    assert shares[-1] == 1
    one = tmp_path / "links" / "_ADA_ _ x-1" / "1.png"
    assert Image.open(one).getpixel((0, 0)) == 1
    assert one.is_symlink() == (kind == "symlink")
    same = one.stat().st_ino == (tmp_path / "pictures" / "1" / "1.png").stat().st_ino
    assert same == (kind != "copy")


def test_links_that_the_system_refuses(
    pictured: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object) -> None:
        raise OSError("not here")

    monkeypatch.setattr(os, "symlink", refuse)
    with pytest.raises(UsageError, match=r"no symbolic links .* ask for hard links or copies"):
        link_export(tmp_path / "links", exported(pictured))
    assert sorted(each.name for each in tmp_path.iterdir()) == ["pictures", "project"]


def test_pictures_that_are_gone(pictured: Path, tmp_path: Path) -> None:
    gone = tmp_path / "pictures" / "1" / "1.png"
    gone.unlink()
    made = link_export(tmp_path / "links", exported(pictured))
    assert (made.report.n_files, made.missing) == (10, [str(gone)])
    shutil.rmtree(tmp_path / "pictures")
    with pytest.raises(InputError, match="none of the 11 pictures is there any more"):
        link_export(tmp_path / "more", exported(pictured))


def test_folders_of_links_that_are_there(pictured: Path, tmp_path: Path) -> None:
    found = exported(pictured)
    link_export(tmp_path / "links", found)
    with pytest.raises(UsageError, match="exists already"):
        link_export(tmp_path / "links", found)
    link_export(tmp_path / "links", found, overwrite=True)
    with pytest.raises(UsageError, match="not made by Covey"):
        link_export(tmp_path / "project", found, overwrite=True)
    (tmp_path / "pictures" / ".covey-groups").touch()
    with pytest.raises(UsageError, match=r"holds .*png, which the project reads"):
        link_export(tmp_path / "pictures", found, overwrite=True)
    assert below(tmp_path / "links") == _FOLDERS


def test_nothing_to_write(tmp_path: Path) -> None:
    create_project(tmp_path / "project")
    with Review(tmp_path / "project") as review:
        found = export_of(review)
        for kind, suffix in FORMATS.items():
            write_export(tmp_path / f"{kind}{suffix}", found, kind)
        assert read(tmp_path / "csv.csv").num_rows == 0
        with pytest.raises(UsageError, match="nothing to link"):
            link_export(tmp_path / "links", found)
        with pytest.raises(UsageError, match="is no format"):
            write_export(tmp_path / "x", found, "xml")
