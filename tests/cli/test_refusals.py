"""Every kind of bad call: one line, the right exit code, nothing written."""

from pathlib import Path

import numpy as np
import pytest

GIVEN = {"x.npy", "y.npy", "ids.txt"}


@pytest.fixture(autouse=True)
def given(blobs, names) -> None:
    """x.npy, y.npy and ids.txt lie in the folder."""


def _nothing_new(folder: Path, *made: str) -> None:
    assert {path.name for path in folder.iterdir()} == GIVEN | set(made)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["clutser"], "did you mean 'cluster'"),
        (["cluster", "x.npy"], "--out"),
        (["cluster"], "emb"),
        (["cluster", "x.npy", "-o", "g.csv", "--colour"], "--colour"),
        (["cluster", "x.npy", "-o", "g.csv", "--prefer", "speed"], "'speed'"),
        (["cluster", "x.npy", "-o", "g.csv", "--k", "0"], "--k"),
        (["cluster", "x.npy", "-o", "g.csv", "--k", "many"], "integer"),
        (["cluster", "x.npy", "-o", "g.csv", "--threads", "0"], "--threads"),
        (["cluster", "x.npy", "-o", "g.csv", "--memory-limit", "lots"], "6gb"),
        (["cluster", "x.npy", "-o", "g.csv", "--method", "magic"], "magic"),
        (["cluster", "x.npy", "-o", "g.csv", "--partition", "magic"], "magic"),
        (["cluster", "x.npy", "-o", "g.csv", "--metric", "manhattan"], "manhattan"),
        (["cluster", "x.npy", "-o", "g.csv", "--column", "v"], "--column"),
        (["cluster", "x.npy", "-o", "g.csv", "--id-column", "id"], "--id-column"),
        (["cluster", "x.npy", "-o", "g.csv", "--links", "."], "--links"),
        (["cluster", "x.npy", "-o", "out", "--links", "nowhere"], "nowhere"),
        (["cluster", "x.npy", "-o", "g.xlsx"], ".xlsx"),
        (["cluster", "x.npy", "-o", "no/such/g.csv"], "no folder"),
        (["cluster", "x.npy", "-o", "no/such/out"], "no folder"),
        (["cluster", "x.npy", "-o", "x.npy/out"], "no folder"),
        (["cluster", "x.npy", "-o", "g.csv", "--report", "page.pdf"], ".html"),
        (["cluster", "x.npy", "-o", "g.csv", "--edges", "edges.csv"], ".parquet"),
        (["cluster", "x.npy", "-o", "a.parquet", "--edges", "a.parquet"], "same name"),
        (["knn", "x.npy", "-o", "near.csv"], ".npz or .parquet"),
        (["knn", "x.npy", "-o", "near.npz", "--recall", "2"], "recall"),
        (["knn", "x.npy", "-o", "near.npz", "--index", "magic"], "magic"),
        (["demo", "-o", "demo.csv"], "demo"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_usage(covey, tmp_path, arguments, word) -> None:
    ran = covey(*arguments)
    ran.refused(2)
    assert word in ran.err.lower()
    _nothing_new(tmp_path)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["nope.npy"], ["nope.npy", "no such file"]),
        (["."], ["folder"]),
        (["ids.txt"], ["ids.txt", ".npy"]),
        (["x.npy", "--dim", "7"], ["32 values", "7"]),
        (["x.npy", "--mask", "nope.npy"], ["nope.npy"]),
        (["x.npy", "--ids", "nope.txt"], ["nope.txt"]),
        (["x.npy", "--constraints", "nope.csv"], ["nope.csv"]),
        (["x.npy", "--exclusive", "nope.csv"], ["nope.csv"]),
        (["x.npy", "--texts", "nope.txt"], ["nope.txt"]),
        (["x.npy", "--images", "nowhere"], ["nowhere"]),
        (["x.npy", "--images", "."], ["ids"]),
        (["x.npy", "--ids", "ids.txt", "--images", "."], ["none of the first", "photo_000.png"]),
    ],
    ids=lambda value: " ".join(value),
)
@pytest.mark.parametrize("out", ["g.csv", "out"])
def test_bad_input(covey, tmp_path, options, words, out) -> None:
    covey("cluster", *options, "-o", out).refused(3, *words)
    _nothing_new(tmp_path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("item_id_a,item_id_b,kind\n1,2,must\n1,999,must\n", ["row 1", "'999'", "item_id_b"]),
        ("item_id_a,item_id_b,kind\n1,2,perhaps\n", ["row 0", "'perhaps'", "must or cannot"]),
        ("1,1,must\n", ["row 0", "itself"]),
        ("1,2\n", ["2 fields", "item_id_a"]),
        ("", ["empty"]),
    ],
)
def test_bad_constraints(covey, tmp_path, content, words) -> None:
    (tmp_path / "known.csv").write_text(content)
    ran = covey("cluster", "x.npy", "-o", "g.csv", "--constraints", "known.csv")
    ran.refused(3, "known.csv", *words)
    _nothing_new(tmp_path, "known.csv")


def test_contradicting_constraints(covey, tmp_path) -> None:
    (tmp_path / "known.csv").write_text("1,2,must\n1,2,cannot\n")
    covey("cluster", "x.npy", "-o", "g.csv", "--constraints", "known.csv").refused(
        3, "known.csv", "'1'", "'2'"
    )
    _nothing_new(tmp_path, "known.csv")


def test_exclusive_of_other_items(covey, tmp_path) -> None:
    (tmp_path / "photos.csv").write_text("item_id,group\nsomebody,1\nelse,1\n")
    covey("cluster", "x.npy", "-o", "g.csv", "--exclusive", "photos.csv").refused(
        3, "photos.csv", "none of the items"
    )


def test_lengths_that_differ(covey, tmp_path) -> None:
    np.save(tmp_path / "mask.npy", np.ones(399))
    covey("cluster", "x.npy", "-o", "g.csv", "--mask", "mask.npy").refused(3, "399", "400")
    (tmp_path / "short.txt").write_text("a\nb\n")
    covey("cluster", "x.npy", "-o", "g.csv", "--ids", "short.txt").refused(3, "2 lines", "400")
    covey("cluster", "x.npy", "-o", "g.csv", "--texts", "short.txt").refused(3, "2 lines")
    _nothing_new(tmp_path, "mask.npy", "short.txt")


def test_files_to_link_are_looked_for_before_the_work(covey, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("covey.clustering.cluster", lambda *_, **__: pytest.fail("work was done"))
    ran = covey("cluster", "x.npy", "-o", "out", "--ids", "ids.txt", "--links", ".")
    ran.refused(3, "400 of 400 files", "photo_000.png")
    _nothing_new(tmp_path)


def test_exit_codes_of_the_process(covey_process, tmp_path) -> None:
    covey_process("cluster", "x.npy").refused(2, "--out")
    covey_process("cluster", "nope.npy", "-o", "g.csv").refused(3, "nope.npy")
    covey_process("cluster", "x.npy", "-o", "g.csv", "--memory-limit", "1MB").refused(4)
    _nothing_new(tmp_path)


def test_memory_limit(covey, tmp_path) -> None:
    covey("cluster", "x.npy", "-o", "g.csv", "--memory-limit", "1MB").refused(4, "memory-limit")
    covey("knn", "x.npy", "-o", "near.npz", "--memory-limit", "1KB").refused(4)
    _nothing_new(tmp_path)


def test_an_input_is_never_replaced(covey, tmp_path, blobs) -> None:
    lines = [",".join(f"{value:.6f}" for value in row) for row in blobs[0]]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n")
    before = (tmp_path / "x.csv").read_bytes()
    covey("cluster", "x.csv", "-o", "x.csv").refused(2, "x.csv", "read by this run")
    assert (tmp_path / "x.csv").read_bytes() == before


def test_a_model_that_is_none(covey, tmp_path) -> None:
    covey("cluster", "x.npy", "-o", "g.csv", "--model", "nowhere").refused(3, "nowhere")
    (tmp_path / "config.json").write_text("{}")
    covey("cluster", "x.npy", "-o", "g.csv", "--model", ".").refused(3, "no model that")
    _nothing_new(tmp_path, "config.json")


def test_a_mask_is_never_replaced_by_neighbours(covey, tmp_path) -> None:
    np.savez(tmp_path / "mask.npz", np.ones(400))
    before = (tmp_path / "mask.npz").read_bytes()
    ran = covey("knn", "x.npy", "--mask", "mask.npz", "-o", "mask.npz")
    ran.refused(2, "mask.npz", "read by this run")
    assert (tmp_path / "mask.npz").read_bytes() == before


@pytest.mark.parametrize("force", [[], ["--force"]])
def test_a_folder_called_links_is_replaced_only_if_covey_made_it(covey, tmp_path, force) -> None:
    """Even where an earlier run, without links, wrote the rest of the folder."""
    mine = tmp_path / "out" / "links" / "mine.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    (tmp_path / "out" / "summary.json").write_text("{}")
    ran = covey("cluster", "x.npy", "-o", "out", "--ids", "ids.txt", "--links", ".", *force)
    ran.refused(2, "links", "not made by Covey")
    assert mine.read_text() == "mine"


def test_a_folder_with_other_files_is_left_alone(covey, tmp_path) -> None:
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "report.html").write_text("mine")
    (folder / "data.txt").write_text("mine")
    covey("cluster", "x.npy", "-o", "thesis").refused(2, "report.html", "--force")
    assert {path.name for path in folder.iterdir()} == {"report.html", "data.txt"}
    assert (folder / "report.html").read_text() == "mine"
    ran = covey("cluster", "x.npy", "-o", "thesis", "--force")
    assert ran.code == 0, ran.err
    assert (folder / "data.txt").read_text() == "mine"


def test_debug_shows_the_traceback(covey, tmp_path) -> None:
    ran = covey("cluster", "nope.npy", "-o", "g.csv", "--debug")
    assert ran.code == 3
    assert "Traceback" in ran.err
    assert ran.err.splitlines()[-1].startswith("covey: nope.npy")


def test_a_failing_disk_is_one_line(covey, tmp_path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    folder.chmod(0o500)
    try:
        (folder / "probe").touch()
    except PermissionError:
        covey("cluster", "x.npy", "-o", "closed/out").refused(2, "permission denied")
        covey("cluster", "x.npy", "-o", "closed/g.csv").refused(2, "permission denied")
    else:
        pytest.skip("this user may write anywhere")
    finally:
        folder.chmod(0o700)
