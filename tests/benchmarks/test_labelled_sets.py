"""`benchmarks/labelled_sets.py`: finding and opening the collections that are measured on."""

import numpy as np
import pytest

sets = pytest.importorskip("labelled_sets", reason="not in a source distribution")


def test_a_made_up_folder(tmp_path, monkeypatch):
    folder = tmp_path / "embeddings" / "lfw"
    folder.mkdir(parents=True)
    monkeypatch.setenv("COVEY_DATA", str(tmp_path))
    assert sets.data_root() == tmp_path
    with pytest.raises(SystemExit, match=r"no emb\.npy"):
        sets.load_set("lfw")
    np.save(folder / "emb.npy", np.ones((3, 2), np.float16))
    np.save(folder / "labels.npy", np.array([0, 1, 0], np.int32))
    x, labels = sets.load_set("lfw")
    assert x.dtype == np.float32
    assert labels.tolist() == [0, 1, 0]
    assert labels.dtype == np.int64


def test_what_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("COVEY_DATA", str(tmp_path / "none"))
    with pytest.raises(SystemExit, match="COVEY_DATA is"):
        sets.data_root()
    monkeypatch.delenv("COVEY_DATA")
    monkeypatch.setattr(sets, "_BESIDE", tmp_path)
    assert sets.data_root() == tmp_path
    monkeypatch.setattr(sets, "_BESIDE", tmp_path / "none")
    assert sets.data_root() is None
    with pytest.raises(SystemExit, match="set COVEY_DATA"):
        sets.load_set("lfw")


@pytest.mark.data
@pytest.mark.parametrize("name", sets.SET_NAMES)
def test_real_sets(name):
    if sets.data_root() is None:
        pytest.skip("set COVEY_DATA to the folder of data sets")
    x, labels = sets.load_set(name)
    assert len(x) == len(labels)
    assert np.isfinite(x).all()
    assert labels.min() == 0
