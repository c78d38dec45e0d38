"""`covey knn`, `covey info`, `covey demo`, `covey --version`."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

import covey as package
from covey.hub import default_model


def test_version_and_help(covey) -> None:
    assert covey("--version").out == f"covey {package.__version__}\n"
    told = covey("--help")
    assert told.code == 0
    for name in (
        "cluster",
        "evaluate",
        "knn",
        "search",
        "reid",
        "info",
        "demo",
        "train",
        "130 interrupted",
    ):
        assert name in told.out


def test_no_command_shows_the_help(covey) -> None:
    ran = covey()
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: covey")


def test_knn_to_npz(covey, blobs, tmp_path) -> None:
    ran = covey("knn", "x.npy", "-o", "near.npz", "--k", "5", "--json")
    assert ran.code == 0, ran.err
    assert (ran.json["k"], ran.json["index"], ran.json["recall"]) == (5, "exact", 1.0)
    with np.load(tmp_path / "near.npz", allow_pickle=False) as arrays:
        near, similar, ids = (arrays[name] for name in ("indices", "similarities", "item_id"))
    unit = blobs[0] / np.linalg.norm(blobs[0], axis=1, keepdims=True)
    all_pairs = unit @ unit.T
    np.fill_diagonal(all_pairs, -2)
    np.testing.assert_array_equal(near[:, 0], all_pairs.argmax(axis=1))
    np.testing.assert_allclose(similar[:, 0], all_pairs.max(axis=1), atol=1e-5)
    np.testing.assert_array_equal(ids, np.arange(400))


def test_knn_to_parquet_names_items(covey, blobs, names, tmp_path) -> None:
    ran = covey("knn", "x.npy", "-o", "near.parquet", "--k", "3", "--ids", "ids.txt")
    assert ran.code == 0, ran.err
    table = pq.read_table(tmp_path / "near.parquet")
    assert table["item_id"].to_pylist() == names
    assert {len(near) for near in table["neighbour_ids"].to_pylist()} == {3}
    assert set(table["neighbour_ids"].to_pylist()[0]) <= set(names)


def test_info(covey, blobs, tmp_path) -> None:
    x = blobs[0].copy()
    x[1] = x[0]
    x[2] = np.nan
    np.save(tmp_path / "x.npy", x)
    facts = covey("info", "x.npy", "--json").json
    found = facts["embeddings"]
    assert (found["n_items"], found["dim"], found["dtype"]) == (399, 32, "float32")
    assert found["n_duplicates"] == 1
    assert [entry["row"] for entry in found["bad_rows"]] == [2]
    lengths = np.linalg.norm(np.delete(x, 2, axis=0), axis=1)
    assert found["norms"]["max"] == pytest.approx(lengths.max())
    assert facts["threads"] >= 1
    assert "numpy" in facts["libraries"]
    words = covey("info", "x.npy")
    assert "399 x 32 float32" in words.out
    assert "row 2 holds NaN" in words.out
    assert "grouping takes about" in words.out
    alone = covey("info").out
    assert alone.startswith("covey ")
    assert "extra learn (torch, to train models, not needed for grouping): " in alone
    assert "pip install" not in alone
    assert "model: universal, " in alone
    assert facts["model"]["weights"] > 1000
    assert facts["model"]["about"] == default_model().about
    covey("info", "nope.npy").refused(3, "nope.npy")


def test_demo_leaves_a_report_to_open(covey, tmp_path) -> None:
    ran = covey("demo", "-o", "digits")
    assert ran.code == 0, ran.err
    assert str(tmp_path / "digits" / "report.html") in ran.out
    page = (tmp_path / "digits" / "report.html").read_text("utf-8")
    assert page.count("data:image/png;base64") > 10
    summary = json.loads((tmp_path / "digits" / "summary.json").read_text())
    assert summary["n_items"] == 1797
    assert covey("demo", "-o", "digits", "--json").json["against_labels"]["items"] == 1797
