"""Groups, edges and summaries, written and read back; tables from elsewhere that do not fit."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from covey.io import edges as edges_module
from covey.io.edges import read_edges, write_edges
from covey.io.groups import read_groups, write_groups
from covey.io.summary import as_json, write_summary
from covey.types import Clustering, Edges, InputError, UsageError

CLUSTERING = Clustering(
    np.array([0, 1, 0, -1, 2]), np.array([1, 0.25, 0.1, 0, 1 / 3], dtype=np.float32)
)
IDS = np.array(["a", 'b, "quoted"', "ü\nline", "007", "e"], object)


@pytest.mark.parametrize("suffix", ["csv", "tsv", "parquet"])
@pytest.mark.parametrize("ids", [None, IDS])
@pytest.mark.parametrize("rows", [None, np.array([1, 3, 5, 7, 1000])])
def test_groups_round_trip(tmp_path, suffix, ids, rows):
    path = tmp_path / f"groups.{suffix}"
    write_groups(path, CLUSTERING, ids=ids, rows=rows)
    table = read_groups(path)
    assert (table.labels == CLUSTERING.labels).all()
    assert (table.strength == CLUSTERING.strength).all()
    if ids is not None:
        assert table.ids.tolist() == ids.tolist()
        assert table.rows is None
    else:
        assert table.rows.tolist() == (list(range(5)) if rows is None else rows.tolist())


def test_groups_of_nothing(tmp_path):
    write_groups(tmp_path / "g.csv", Clustering(np.empty(0, np.int64), np.empty(0, np.float32)))
    assert (tmp_path / "g.csv").read_text() == "item_id,cluster_id,strength\n"
    assert len(read_groups(tmp_path / "g.csv").ids) == 0


def test_groups_are_plain_csv(tmp_path):
    write_groups(tmp_path / "g.csv", CLUSTERING)
    assert (tmp_path / "g.csv").read_text().splitlines()[:3] == [
        "item_id,cluster_id,strength",
        "0,0,1",
        "1,1,0.25",
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("item,cluster_id\na,1\n", "no column item_id"),
        ("item_id,label\na,1\n", "no column cluster_id"),
        ("item_id,cluster_id\na,x\n", "'cluster_id' must hold int64"),
        ("item_id,cluster_id\na,1.5\n", "'cluster_id' must hold int64"),
        ("item_id,cluster_id\na,1\nb,\n", "row 1 has no cluster_id"),
        ("item_id,cluster_id\na,1\na,2\n", "'a' stands at row 0 and again at row 1"),
        ("item_id,cluster_id,strength\na,1,0.5\nb,1,1.5\n", "row 1 has strength 1.5"),
        ("item_id,cluster_id\na,1\nb\n", "cannot be read as a table"),
        ("", "is empty"),
    ],
)
def test_groups_that_do_not_fit(tmp_path, text, word):
    path = tmp_path / "g.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=word) as caught:
        read_groups(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_groups_elsewhere(tmp_path):
    with pytest.raises(UsageError, match="suffix"):
        write_groups(tmp_path / "g.xlsx", CLUSTERING)
    with pytest.raises(UsageError, match="3 ids or rows were given for 5"):
        write_groups(tmp_path / "g.csv", CLUSTERING, ids=IDS[:3])
    (tmp_path / "g.xlsx").write_text("x")
    with pytest.raises(InputError, match="no table"):
        read_groups(tmp_path / "g.xlsx")
    (tmp_path / "g.parquet").write_text("not parquet at all")
    with pytest.raises(InputError, match="cannot be read"):
        read_groups(tmp_path / "g.parquet")
    assert len(list(tmp_path.iterdir())) == 2


def some_edges(m, n, calibrated, seed=0):
    rng = np.random.default_rng(seed)
    source, target = np.triu_indices(n, 1)
    chosen = rng.choice(len(source), m, replace=False)
    score = rng.random(m).astype(np.float32)
    probability = rng.random(m).astype(np.float32) if calibrated else None
    return Edges(source[chosen], target[chosen].astype(np.int32), score, probability)


@pytest.mark.parametrize("calibrated", [True, False])
@pytest.mark.parametrize("named", ["ids", "rows", "neither"])
@pytest.mark.parametrize("m", [0, 1, 37])
def test_edges_round_trip(tmp_path, monkeypatch, calibrated, named, m):
    monkeypatch.setattr(edges_module, "_ROWS_PER_GROUP", 10)
    n = 12
    edges = some_edges(m, n, calibrated)
    items = {
        "ids": {"ids": np.array([f"k{i}" for i in range(n)], object)},
        "rows": {"rows": np.arange(n) * 3 + 5},
        "neither": {},
    }[named]
    path = tmp_path / "edges.parquet"
    write_edges(path, edges, n, **items)
    back = read_edges(path, n, **items)
    for name in ("source", "target", "score"):
        assert (getattr(back, name) == getattr(edges, name)).all()
    assert (back.probability is None) == (not calibrated)
    if calibrated:
        assert (back.probability == edges.probability).all()
    assert pq.read_schema(path).names[:3] == ["source_id", "target_id", "score"]


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"source_id": [0], "target_id": [1]}, "no column score"),
        ({"source_id": [0, 1], "target_id": [1, 9], "score": [1.0, 1.0]}, "row 1 names 9"),
        ({"source_id": [0, 1], "target_id": [1, 1], "score": [1.0, 1.0]}, "row 1 joins 1 with"),
        ({"source_id": [0, 1], "target_id": [1, 0], "score": [1.0, 1.0]}, "row 1 repeats .*row 0"),
        ({"source_id": ["a"], "target_id": ["b"], "score": [1.0]}, "pass the ids"),
    ],
)
def test_edges_that_do_not_fit(tmp_path, columns, word):
    path = tmp_path / "edges.parquet"
    pq.write_table(pa.table(columns), path)
    with pytest.raises(InputError, match=word) as caught:
        read_edges(path, 3)
    assert "\n" not in str(caught.value)


def test_edges_in_either_direction_and_elsewhere(tmp_path):
    path = tmp_path / "edges.parquet"
    pq.write_table(pa.table({"source_id": [2, 0], "target_id": [1, 2], "score": [1, 2]}), path)
    edges = read_edges(path, 3)
    assert edges.source.tolist() == [1, 0]
    assert edges.target.tolist() == [2, 2]
    assert edges.score.dtype == np.float32
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(InputError, match="damaged"):
        read_edges(path, 3)
    with pytest.raises(UsageError, match="suffix"):
        write_edges(tmp_path / "edges.csv", edges, 3)


def test_summary(tmp_path):
    @dataclass
    class Inner:
        values: np.ndarray
        path: Path

    summary = {
        "n": np.int64(3),
        "share": np.float32(0.5),
        "unknown": float("nan"),
        "inner": Inner(np.array([1.0, np.inf]), Path("a/b")),
        "text": "ü",
        "flag": np.bool_(True),
        "pairs": ((1, 2), None),
    }
    write_summary(tmp_path / "s.json", summary)
    assert json.loads((tmp_path / "s.json").read_text("utf-8")) == {
        "n": 3,
        "share": 0.5,
        "unknown": None,
        "inner": {"values": [1.0, None], "path": "a/b"},
        "text": "ü",
        "flag": True,
        "pairs": [[1, 2], None],
    }
    with pytest.raises(TypeError, match="object has no JSON form"):
        as_json(object())
