"""`benchmarks/universal_finetune.py`: halves that share no identity, and its table."""

import json

import numpy as np
import pytest

finetune = pytest.importorskip("universal_finetune", reason="not in a source distribution")
tables = pytest.importorskip("tables", reason="not in a source distribution")
table_parts = pytest.importorskip("table_parts")


def write_set(root, name, labels, split):
    folder = root / "embeddings" / name
    folder.mkdir(parents=True, exist_ok=True)
    x = np.random.default_rng(0).standard_normal((len(labels), 4))
    np.save(folder / "emb.npy", x.astype(np.float16))
    np.save(folder / "labels.npy", np.array(labels, np.int32))
    if split is not None:
        np.save(folder / "split.npy", np.array(split, np.int8))


def test_halves(tmp_path, monkeypatch):
    monkeypatch.setenv("COVEY_DATA", str(tmp_path))
    write_set(tmp_path, "lfw", [3, 1, 3, 2, 1], None)
    with pytest.raises(SystemExit, match=r"split\.npy: is missing"):
        finetune.halves("lfw")
    write_set(tmp_path, "lfw", [3, 1, 3, 2, 1], [0, 1, 1, 0, 1])
    with pytest.raises(SystemExit, match="identity 3 is in both halves"):
        finetune.halves("lfw")
    write_set(tmp_path, "lfw", [3, 1, 3, 2, 1], [0, 1, 0, 0, 1])
    known, other = finetune.halves("lfw")
    assert (known.labels.tolist(), other.labels.tolist()) == ([3, 3, 2], [1, 1])
    np.testing.assert_allclose(np.linalg.norm(known.x, axis=1), 1, rtol=1e-6)


def test_items_of_nobody_may_be_in_both_halves(tmp_path, monkeypatch):
    monkeypatch.setenv("COVEY_DATA", str(tmp_path))
    write_set(tmp_path, "clinc150", [80, 80, 1, 2], [0, 1, 0, 1])
    assert [half.labels.tolist() for half in finetune.halves("clinc150")] == [[-1, 1], [-1, 2]]


@pytest.mark.data
@pytest.mark.skipif(finetune.data_root() is None, reason="set COVEY_DATA to the folder of data")
def test_real_halves():
    for known, other in map(finetune.halves, finetune.DEFAULT):
        assert not np.intersect1d(known.labels, other.labels).size
        assert 0.8 < len(known.x) / len(other.x) < 1.25


def test_contenders_start_with_what_learns_nothing():
    assert [one.name for one in finetune.CONTENDERS if one.learn is None] == ["cosine", "universal"]
    assert len({one.name for one in finetune.CONTENDERS}) == len(finetune.CONTENDERS)


def test_table(tmp_path, monkeypatch):
    def run(f, **more):
        scores = {"bcubed": {"f": f}, "pairwise": {"f": f / 2}}
        return {"average_precision": f, "among": scores, "alone": scores, **more}

    rows = [
        {"name": "cosine", "runs": [run(0.25)]},
        {"name": "learned", "runs": [run(0.5, seconds=4.0), run(0.75, seconds=8.0)]},
    ]
    machine = {"processor": "a processor", "cores": 2, "memory_gib": 8.0}
    entry = {"set": "faces", "seen_by_the_model": True, "rows": rows}
    result = {"results": [entry], "command": "x", "date": "y", "commit": "z", "machine": machine}
    (tmp_path / "universal_finetune.json").write_text(json.dumps(result))
    monkeypatch.setattr(table_parts, "RESULTS", tmp_path)
    written = tables.universal_finetune()
    assert "| faces: cosine |  | .250 | .250 | .125 | .250 | .125 |\n" in written
    b, f = ".625 ± .177", ".312 ± .088"
    learned = f"| faces: learned (has seen the set) | 6 | {b} | {b} | {f} | {b} | {f} |\n"
    assert learned in written
