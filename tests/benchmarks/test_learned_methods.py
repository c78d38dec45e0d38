"""`benchmarks/learned_methods.py`: what is run, what is kept, and its tables."""

import json

import numpy as np
import pytest

from covey.datasets.view_draws import LabelledSet

pytest.importorskip("torch")
learned = pytest.importorskip("learned_methods", reason="not in a source distribution")
tables = pytest.importorskip("tables", reason="not in a source distribution")
table_parts = pytest.importorskip("table_parts")
tables_learned = pytest.importorskip("tables_learned")

DEFAULT, FIXED = "adaptive, kNN that reads structure space (default)", "fixed, kNN"


def blobs(groups, seed=0):
    """Groups of 40 of unit length, the last group of nobody."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(groups), 40)
    x = rng.standard_normal((groups, 8))[labels] + 0.2 * rng.standard_normal((len(labels), 8))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    return LabelledSet("blobs", "blobs", x, np.where(labels == groups - 1, -1, labels))


def test_order_of_runs():
    runs = list(learned.wanted(["cuhk03", "lfw"], [0, 1], list(learned.ROWS)))
    assert len(set(runs)) == len(runs)
    assert runs[:2] == [("cuhk03", "ada-nets", 0), ("lfw", "ada-nets", 0)]
    assert {name for name, row, _ in runs if row not in learned.METHODS} == {"lfw"}
    assert {seed for _, row, seed in runs if row in learned.PLAIN} == {0}
    some = learned.wanted(["lfw"], [2], ["linkage", "cosine, no labels"])
    assert list(some) == [("lfw", "linkage", 2), ("lfw", "cosine, no labels", 2)]


def test_keeps_one_run_of_a_row_and_seed(tmp_path, monkeypatch):
    monkeypatch.setattr(learned, "sizes", lambda name: {"known": 1, "other": 2})
    out = tmp_path / "learned_methods.json"
    for name, row, seed in (("lfw", FIXED, 1), ("lfw", "ada-nets", 0), ("market1501", FIXED, 0)):
        learned.keep(name, {"row": row, "seed": seed, "old": True}, {}, out)
    learned.keep("lfw", {"row": FIXED, "seed": 0}, {"date": "y"}, out)
    learned.keep("lfw", {"row": FIXED, "seed": 1}, {"date": "z"}, out)
    found = learned.results(out)
    assert list(found) == ["lfw", "market1501"]
    runs = found["lfw"]["runs"]
    assert [(run["row"], run["seed"]) for run in runs] == [("ada-nets", 0), (FIXED, 0), (FIXED, 1)]
    assert [run.get("old", False) for run in runs] == [True, False, False]
    assert json.loads(out.read_text())["date"] == "z"


@pytest.mark.parametrize("row", ["cosine, cut learned", "structure space, cut learned"])
def test_a_cut_of_known_groups_finds_others(row):
    found = learned.plain_run(row, blobs(20), blobs(20, seed=1))
    assert found["bcubed"]["f"] > 0.9
    assert found["average_precision"] > 0.9
    assert found["expected_precision"] > 0.8


def scores(f):
    return {"bcubed": {"f": f, "precision": f, "recall": 1.0}, "pairwise": {"f": f / 2}}


def run(row, seed, f, **more):
    return {
        "row": row,
        "seed": seed,
        "seconds": 2.0,
        "expected_precision": 0.5,
        "expected_recall": 0.25,
        "training_cpu_seconds": 10.0 * (seed + 1),
        "share_of_the_embedding": 0.5 if seed else 1.0,
        "edges": "learned" if seed else "cosine",
        "peak_rss_mib": 1000 + seed,
        **scores(f),
        **more,
    }


@pytest.fixture
def written(tmp_path, monkeypatch):
    """Results of one set by two seeds, with the ablation, and of another without."""
    off = {"filter": 0.125, "mean": 0.5, "constant": 0.25}
    runs = [
        run("ada-nets", 0, 0.5),
        run("ada-nets", 1, 0.75),
        run("linkage", 0, 0.5, edges="network"),
        run(FIXED, 0, 0.75, average_precision=0.5),
        run(FIXED, 1, 0.5, average_precision=0.5),
        run(DEFAULT, 0, 0.5, average_precision=0.75, filter_off_by=off),
        run(DEFAULT, 2, 0.5, average_precision=0.75, filter_off_by=off),
    ]
    plain = {"row": "cosine, no labels", "seed": 0, "average_precision": 0.25, **scores(0.25)}
    faces = {"set": "faces", "runs": [*runs, plain]}
    shoes = {"set": "shoes", "runs": [run("ada-nets", 0, 0.5)]}
    machine = {"processor": "a processor", "cores": 2, "memory_gib": 8.0}
    about = {"command": "x", "date": "y", "commit": "z", "machine": machine}
    reference = {"faces": {"pairwise": 0.5, "bcubed": 0.625}}
    result = {**about, "reference": reference, "results": [faces, shoes]}
    (tmp_path / "learned_methods.json").write_text(json.dumps(result))
    promised = {"seconds": 1.0, "expected_precision": 0.5, "expected_recall": 0.5, **scores(0.5)}
    before = run("", 0, 0.25)
    del before["peak_rss_mib"]
    entry = {"set": "faces", "without_labels": promised, "runs": [before]}
    (tmp_path / "b_attention.json").write_text(json.dumps({"results": [entry]}))
    monkeypatch.setattr(table_parts, "RESULTS", tmp_path)


@pytest.mark.usefixtures("written")
def test_table_of_methods():
    lines = tables.learned_methods().splitlines()
    assert lines[2:8] == [
        "| faces, reference | .500 / .625 |  |  |  |  |  |  |  |  |",
        "| faces, without labels | .250 / .500 |  | .500 / .500 | .500 / 1.000 |  |  |  | 1 |  |",
        "| faces, B-Attention | .125 / .250 | 1 | .500 / .250 | .250 / 1.000 | 0 of 1 | cosine 1 "
        "| 10 | 2 |  |",
        "| faces, **Ada-NETS** | .312 ± .088 / .625 ± .177 | 2 | .500 / .625 | .250 / 1.000 "
        "| 1 of 2 | cosine 1, learned 1 | 15 | 2 | 1,001 |",
        "| faces, **linkage GCN** | .250 / .500 | 1 | .500 / .500 | .250 / 1.000 | 1 of 1 "
        "| network 1 | 10 | 2 | 1,000 |",
        "| shoes, **Ada-NETS** | .250 / .500 | 1 | .500 / .500 | .250 / 1.000 | 0 of 1 | cosine 1 "
        "| 10 | 2 | 1,000 |",
    ]


@pytest.mark.usefixtures("written")
def test_table_of_parts():
    text = tables.ada_nets_parts()
    assert text.startswith("| lists | faces: F / B | edges AP | seeds |\n")
    assert f"| {FIXED} | .312 ± .088 / .625 ± .177 | .500 ± .000 | 2 |\n" in text
    assert "| cosine, no labels | .125 / .250 | .250 |  |\n" in text
    assert "ada-nets" not in text


@pytest.mark.usefixtures("written")
def test_gain_of_the_filter_is_by_the_same_seed():
    text = tables.ada_nets_filter()
    row = f"| faces, {DEFAULT} | .125 | .250 | .500 | -.125 | -.250 | +.250 | 1 |\n"
    assert row in text
    assert "published" not in text


def test_every_filter_has_lists_of_one_length_beside_it():
    assert set(tables_learned.FILTERED) | set(tables_learned.FILTERED.values()) <= set(
        learned.PARTS
    )
    for row, fixed in tables_learned.FILTERED.items():
        assert learned.PARTS[row]["length"] == "adaptive"
        assert learned.PARTS[fixed]["length"] == "fixed"
