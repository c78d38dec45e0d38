"""Finding and opening the stored sets, and the digits."""

import numpy as np
import pytest

from covey.datasets import locate
from covey.datasets.digits import load_digits_images
from covey.datasets.locate import SET_NAMES, data_root, load_meta, load_set
from covey.types import InputError


def test_a_made_up_folder(tmp_path, monkeypatch):
    folder = tmp_path / "embeddings" / "lfw"
    folder.mkdir(parents=True)
    monkeypatch.setenv("COVEY_DATA", str(tmp_path))
    assert data_root() == tmp_path
    with pytest.raises(InputError, match=r"no emb\.npy"):
        load_set("lfw")
    np.save(folder / "emb.npy", np.ones((3, 2), np.float16))
    np.save(folder / "labels.npy", np.array([0, 1, 0], np.int32))
    np.save(folder / "split.npy", np.array([0, 1, 0], np.int8))
    x, labels, split = load_set("lfw")
    assert x.dtype == np.float32
    assert labels.tolist() == [0, 1, 0]
    assert labels.dtype == np.int64
    assert split.tolist() == [0, 1, 0]
    assert load_meta("lfw") == {}
    np.savez(folder / "meta.npz", cam=np.arange(3))
    assert load_meta("lfw")["cam"].tolist() == [0, 1, 2]


def test_what_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("COVEY_DATA", str(tmp_path / "none"))
    with pytest.raises(InputError, match="COVEY_DATA is"):
        data_root()
    with pytest.raises(InputError, match="no set 'faces'"):
        load_set("faces")
    monkeypatch.delenv("COVEY_DATA")
    monkeypatch.setattr(locate, "__file__", str(tmp_path / "a" / "b" / "c" / "locate.py"))
    assert data_root() is None
    with pytest.raises(InputError, match="set COVEY_DATA"):
        load_set("lfw")


@pytest.mark.data
@pytest.mark.parametrize("name", SET_NAMES)
def test_real_sets(name):
    if data_root() is None:
        pytest.skip("no data on this machine")
    x, labels, split = load_set(name)
    assert len(x) == len(labels) == len(split)
    assert np.isfinite(x).all()
    assert set(np.unique(split)) == {0, 1}
    assert all(len(values) for values in load_meta(name).values())


def test_digits():
    x, images, labels = load_digits_images()
    assert x.shape == (1797, 64)
    assert x.dtype == np.float32
    assert x.max() == 16
    assert images.shape == (1797, 8, 8)
    assert images.dtype == np.uint8
    assert images.max() == 255
    assert np.unique(labels).tolist() == list(range(10))
