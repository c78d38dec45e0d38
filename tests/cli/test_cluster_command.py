"""`covey cluster` on good input: every form of output, every source of ids, the options."""

import csv
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from covey.metrics.clustering import evaluate

FACTS = {
    "n_items",
    "trust",
    "verdict",
    "n_clusters",
    "n_singletons",
    "expected_precision",
    "expected_recall",
    "seconds",
    "peak_memory_mb",
    "cut",
    "method",
    "partition",
    "prefer",
    "skipped",
    "outputs",
    "version",
}


def _read(path: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    with open(path, newline="") as stream:
        lines = list(csv.DictReader(stream))
    return (
        [line["item_id"] for line in lines],
        np.array([int(line["cluster_id"]) for line in lines]),
        np.array([float(line["strength"]) for line in lines]),
    )


def test_csv_and_json(covey_process, blobs, tmp_path) -> None:
    ran = covey_process("cluster", "x.npy", "-o", "groups.csv", "--json")
    assert ran.code == 0, ran.err
    facts = ran.json
    assert facts.keys() >= FACTS
    ids, labels, strength = _read(tmp_path / "groups.csv")
    assert ids == [str(i) for i in range(400)]
    assert facts["n_items"] == 400
    assert facts["n_clusters"] == labels.max() + 1
    assert facts["n_singletons"] == np.count_nonzero(np.bincount(labels) == 1)
    assert facts["skipped"] == []
    assert 0 < facts["peak_memory_mb"] < 10_000
    assert 0 < facts["seconds"] < 300
    assert ((strength >= 0) & (strength <= 1)).all()
    assert evaluate(blobs[1], labels).bcubed.f > 0.9


def test_plain_words_say_what_was_found_and_written(covey, blobs, tmp_path) -> None:
    ran = covey("cluster", "x.npy", "-o", "groups.csv")
    assert ran.code == 0, ran.err
    assert "400 items" in ran.out
    assert "Wrote groups.csv" in ran.out
    assert ran.err == ""
    again = covey("cluster", "x.npy", "-o", "groups.csv", "--quiet")
    assert (again.code, again.out, again.err) == (0, "", "")


def test_the_verdict_comes_before_any_figure(covey, tmp_path) -> None:
    noise = np.random.default_rng(0).standard_normal((300, 32))
    np.save(tmp_path / "noise.npy", noise)
    lines = covey("cluster", "noise.npy", "-o", "groups.csv").out.splitlines()
    assert lines[0] == "Do not rely on it: there may be no groups here."
    assert lines[1].startswith("300 items: ")
    facts = covey("cluster", "noise.npy", "-o", "groups.csv", "--json").json
    assert (facts["trust"], facts["verdict"]) == ("doubt", lines[0])
    keys = list(facts)
    assert keys.index("verdict") < keys.index("expected_precision")


def test_repeats_do_not_make_a_collection_large(covey, tmp_path) -> None:
    few = np.repeat(np.random.default_rng(0).standard_normal((12, 32)), 4, axis=0)
    np.save(tmp_path / "few.npy", few)
    told = covey("cluster", "few.npy", "-o", "groups.csv").out
    assert told.startswith("Look before you rely on it.\n48 items: ")
    assert "Only 12 items without repeats" in told


def test_folder_holds_everything_and_is_refreshed(covey, blobs, tmp_path) -> None:
    ran = covey("cluster", "x.npy", "-o", "out", "--json")
    assert ran.code == 0, ran.err
    names = {"groups.csv", "edges.parquet", "summary.json", "report.html"}
    folder = tmp_path / "out"
    assert {path.name for path in folder.iterdir()} == names
    summary = json.loads((folder / "summary.json").read_text())
    told = ran.json
    changing = {"seconds", "peak_memory_mb"}
    assert {key: value for key, value in summary.items() if key not in changing} == {
        key: value for key, value in told.items() if key not in changing
    }
    edges = pq.read_table(folder / "edges.parquet")
    assert edges.column_names == ["source_id", "target_id", "score", "probability"]
    assert "<html" in (folder / "report.html").read_text("utf-8")

    (folder / "mine.txt").write_text("keep")
    again = covey("cluster", "x.npy", "-o", "out", "--prefer", "precision")
    assert again.code == 0, again.err
    assert {path.name for path in folder.iterdir()} == names | {"mine.txt"}
    assert json.loads((folder / "summary.json").read_text())["prefer"] == "precision"


def test_parquet_ids_report_and_edges(covey, blobs, names, tmp_path) -> None:
    ran = covey(
        *("cluster", "x.npy", "-o", "groups.parquet", "--ids", "ids.txt"),
        *("--report", "page.html", "--edges", "edges.parquet"),
    )
    assert ran.code == 0, ran.err
    table = pq.read_table(tmp_path / "groups.parquet")
    assert table.column_names == ["item_id", "cluster_id", "strength"]
    assert table["item_id"].to_pylist() == names
    assert set(pq.read_table(tmp_path / "edges.parquet")["source_id"].to_pylist()) <= set(names)
    assert "photo_" in (tmp_path / "page.html").read_text("utf-8")


def test_links_images_and_texts(covey, blobs, names, tmp_path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in names:
        Image.new("RGB", (8, 8), "red").save(photos / name)
    (tmp_path / "texts.txt").write_text("".join(f"text of {name}\n" for name in names))
    ran = covey(
        *("cluster", "x.npy", "-o", "out", "--ids", "ids.txt", "--links", "photos"),
        *("--images", "photos", "--texts", "texts.txt"),
    )
    assert ran.code == 0, ran.err
    linked = [path for path in (tmp_path / "out" / "links").rglob("*.png") if path.is_file()]
    assert len(linked) == 400
    assert "data:image/png;base64" in (tmp_path / "out" / "report.html").read_text("utf-8")
    again = covey("cluster", "x.npy", "-o", "out", "--ids", "ids.txt", "--links", "photos")
    assert again.code == 0, again.err


def test_mask_keeps_row_numbers(covey, blobs, tmp_path) -> None:
    mask = np.ones(400, np.int8)
    mask[:100] = 0
    np.save(tmp_path / "mask.npy", mask)
    ran = covey("cluster", "x.npy", "-o", "groups.csv", "--mask", "mask.npy", "--json")
    assert ran.code == 0, ran.err
    ids, _, _ = _read(tmp_path / "groups.csv")
    assert ids == [str(i) for i in range(100, 400)]
    assert ran.json["n_items"] == 300


def test_skip_bad_leaves_rows_out_and_says_so(covey, blobs, tmp_path) -> None:
    x = blobs[0].copy()
    x[7, 3], x[9], x[11, 0] = np.nan, 0, np.inf
    np.save(tmp_path / "bad.npy", x)
    covey("cluster", "bad.npy", "-o", "groups.csv").refused(3, "bad.npy", "row 7", "--skip-bad")
    assert not (tmp_path / "groups.csv").exists()
    ran = covey("cluster", "bad.npy", "-o", "groups.csv", "--skip-bad", "--json")
    assert ran.code == 0, ran.err
    assert [entry["row"] for entry in ran.json["skipped"]] == [7, 9, 11]
    ids, _, _ = _read(tmp_path / "groups.csv")
    assert ids == [str(i) for i in range(400) if i not in (7, 9, 11)]
    words = covey("cluster", "bad.npy", "-o", "groups.csv", "--skip-bad")
    assert "3 rows were left out: row 7 holds NaN at value 3" in words.out


def test_constraints_hold(covey, blobs, tmp_path) -> None:
    labels = blobs[1]
    here, there = np.flatnonzero(labels == 0)[:2]
    other = np.flatnonzero(labels == 1)[0]
    (tmp_path / "known.csv").write_text(
        f"item_id_a,item_id_b,kind\n{here},{there},cannot\n{here},{other},must\n"
    )
    ran = covey("cluster", "x.npy", "-o", "groups.csv", "--constraints", "known.csv")
    assert ran.code == 0, ran.err
    _, found, _ = _read(tmp_path / "groups.csv")
    assert found[here] != found[there]
    assert found[here] == found[other]


def test_exclusive_items_are_never_together(covey, blobs, tmp_path) -> None:
    photo = np.arange(400) // 8
    rows = "".join(f"{i},photo{p}\n" for i, p in enumerate(photo))
    (tmp_path / "photos.csv").write_text("item_id,group\n" + rows)
    ran = covey("cluster", "x.npy", "-o", "groups.csv", "--exclusive", "photos.csv")
    assert ran.code == 0, ran.err
    _, found, _ = _read(tmp_path / "groups.csv")
    assert len(set(zip(found.tolist(), photo.tolist(), strict=True))) == 400


@pytest.mark.parametrize("prefer", ["precision", "recall"])
def test_dial_and_seed_repeat(covey, blobs, tmp_path, prefer) -> None:
    for name in ("a.csv", "b.csv"):
        ran = covey("cluster", "x.npy", "-o", name, "--prefer", prefer, "--seed", "3")
        assert ran.code == 0, ran.err
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
