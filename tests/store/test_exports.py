"""Groups in the words of other programs, read back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from PIL import Image

from covey.review.corrections import describe
from covey.store.exports import FORMATS, Export, export_of, link_export, write_export
from covey.store.project import create_project
from covey.store.review import Review
from covey.types import UsageError

from .conftest import batch
from .test_review import _GROUPS, run


def named(folder: Path) -> Export:
    with Review(folder) as review:
        run(review)
        review.correct(lambda state, known: describe(state, 1, "name", 'Zoë, "Z"'))
        review.correct(lambda state, known: describe(state, 3, "confirmed", True))
        return export_of(review)


def read(path: Path) -> pa.Table:
    return pq.read_table(path) if path.suffix == ".parquet" else pa_csv.read_csv(path)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_tables(folder: Path, tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"groups.{kind}"
    write_export(path, named(folder), kind)
    rows = read(path).to_pylist()
    assert list(rows[0]) == ["item_id", "group", "name", "confirmed", "strength"]
    assert [each["item_id"] for each in rows] == [f"item {i}" for i in range(12)]
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
    assert (told["project"], told["revision"]) == ("project", 4)
    assert [each["number"] for each in told["groups"]] == [1, 2, 3, 4]
    assert told["groups"][0] == {
        "number": 1, "name": 'Zoë, "Z"', "confirmed": False, "hidden": False,
        "items": ["item 0", "item 1", "item 2"],
    }  # fmt: skip
    assert told["in_no_group"] == ["item 8", "item 9"]


def test_tags(folder: Path, tmp_path: Path) -> None:
    write_export(tmp_path / "t.jsonl", named(folder), "fiftyone")
    rows = [json.loads(line) for line in (tmp_path / "t.jsonl").read_text("utf-8").splitlines()]
    assert rows[0] == {"id": "item 0", "tags": ['Zoë, "Z"']}
    assert rows[5]["tags"] == ["group 3", "confirmed"]
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


def test_links_and_pictures(tmp_path: Path) -> None:
    pictures = []
    for item in range(12):
        Image.new("L", (4, 4), item).save(tmp_path / f"{item}.png")
        pictures.append(str(tmp_path / f"{item}.png") if item != 3 else "")
    create_project(tmp_path / "project")
    with Review(tmp_path / "project") as review:
        review.add(batch(12, pictures=pictures))
        run(review)
        found = export_of(review)
    report = link_export(tmp_path / "links", found)
    assert report.n_files == 11
    told = {
        each.name: sorted(link.name for link in each.iterdir())
        for each in (tmp_path / "links").iterdir()
        if each.is_dir()
    }
    assert told == {
        "cluster_00001": ["0.png", "1.png", "2.png"],
        "cluster_00003": ["5.png", "6.png", "7.png"],
        "cluster_00004": ["10.png", "11.png"],
        "singletons": ["4.png"],
        "noise": ["8.png", "9.png"],
    }
    write_export(tmp_path / "t.jsonl", found, "fiftyone")
    line = (tmp_path / "t.jsonl").read_text("utf-8").splitlines()[0]
    assert json.loads(line)["filepath"] == pictures[0]


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
