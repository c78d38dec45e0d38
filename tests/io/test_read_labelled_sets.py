"""A folder of labelled sets: what is read, and what is refused with the file's name."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from covey.io.labelled_sets import read_labelled_sets
from covey.types import InputError

_X = np.random.default_rng(0).normal(size=(6, 3))
_Y = np.array([0, 0, 1, 1, -1, 2])


def test_every_file_in_the_order_of_names(tmp_path: Path) -> None:
    np.savez(tmp_path / "words.npz", embeddings=_X.astype(np.float16), labels=_Y.astype(np.uint8))
    np.savez(tmp_path / "faces.npz", embeddings=_X, labels=_Y, family="people", share=2.5, more=1)
    (tmp_path / "notes.txt").write_text("not a set")
    faces, words = read_labelled_sets(str(tmp_path))
    assert (faces.name, faces.family, faces.share) == ("faces", "people", 2.5)
    assert (words.name, words.family, words.share) == ("words", "words", 1.0)
    for one in (faces, words):
        assert (one.x.dtype, one.labels.dtype) == (np.float32, np.int64)
    np.testing.assert_array_equal(faces.labels, _Y)
    np.testing.assert_array_equal(faces.x, _X.astype(np.float32))


def test_an_empty_or_missing_folder_is_named(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match=rf"{folder}: has no \.npz files"):
            read_labelled_sets(folder)


def _refused(folder: Path, match: str) -> None:
    with pytest.raises(InputError, match=match) as caught:
        read_labelled_sets(folder)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["nothing", "text", "truncated", "npy", "pickle", "damaged"])
def test_what_is_no_archive(tmp_path: Path, content: str) -> None:
    path = tmp_path / "bad.npz"
    np.savez_compressed(path, embeddings=np.arange(3000).reshape(1000, 3), labels=np.arange(1000))
    whole = bytearray(path.read_bytes())
    if content == "npy":
        with open(path, "wb") as stream:
            np.save(stream, _X)
    elif content == "pickle":
        np.savez(path, embeddings=np.array([object()] * 6), labels=_Y)
    elif content == "damaged":
        whole[len(whole) // 3 : len(whole) // 3 + 40] = bytes(40)
        path.write_bytes(whole)
    else:
        path.write_bytes(
            {"nothing": b"", "text": b"hello", "truncated": bytes(whole[: len(whole) // 2])}[
                content
            ]
        )
    _refused(tmp_path, r"bad\.npz: cannot be read")


def test_a_folder_or_a_broken_link_is_no_set(tmp_path: Path) -> None:
    (tmp_path / "bad.npz").mkdir()
    _refused(tmp_path, r"bad\.npz: is no file")
    (tmp_path / "bad.npz").rmdir()
    (tmp_path / "bad.npz").symlink_to(tmp_path / "nowhere")
    _refused(tmp_path, r"bad\.npz: is no file")


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    (tmp_path / "bad.npz").write_bytes(pickle.dumps({"embeddings": _X, "labels": _Y}))
    _refused(tmp_path, r"bad\.npz: cannot be read")


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"embeddings": _X}, r"bad\.npz: has no array 'labels'; it has embeddings"),
        ({"labels": _Y}, r"has no array 'embeddings'"),
        ({}, r"it has none"),
        ({"embeddings": _X, "labels": np.array(list("aabbcc"))}, r"labels are str.*integers"),
        ({"embeddings": _X, "labels": _Y / 2}, r"bad\.npz: labels are float64; save integers"),
        ({"embeddings": np.array([["a"]]), "labels": [0]}, r"embeddings are str.*numbers"),
        ({"embeddings": _X, "labels": _Y[:5]}, r"set bad: x \(6, 3\)"),
        ({"embeddings": _X[0], "labels": _Y}, r"set bad"),
        (
            {"embeddings": np.where(_X[4, 1] == _X, np.nan, _X), "labels": _Y},
            r"bad\.npz: set bad: row 4",
        ),
        ({"embeddings": _X * 1e300, "labels": _Y}, r"set bad: row 0 holds NaN or infinity"),
        (
            {"embeddings": _X, "labels": np.array([1, 1, 2, 2**63, 2, 2], np.uint64)},
            r"bad\.npz: label 9223372036854775808 of row 3 is above",
        ),
        ({"embeddings": _X, "labels": _Y, "share": "much"}, r"bad\.npz: family must be one name"),
        ({"embeddings": _X, "labels": _Y, "share": [1, 2]}, r"share one number"),
        ({"embeddings": _X, "labels": _Y, "family": ["a", "b"]}, r"family must be one name"),
        ({"embeddings": _X, "labels": _Y, "share": 0}, r"bad\.npz: .* share must be positive"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, arrays: dict[str, np.ndarray], match: str) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    _refused(tmp_path, match)
