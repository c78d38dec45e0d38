"""Labels from every kind of file, missing ones as -1, those of nobody as -2."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from covey.io.labels import read_labels
from covey.types import InputError


def read(path, column=None):
    table = read_labels(path, column)
    assert table.codes.dtype == np.int64
    return table.codes.tolist(), table.names.tolist()


@pytest.mark.parametrize(
    ("labels", "codes", "names"),
    [
        (np.array([7, 3, 7, -1], np.int32), [1, 0, 1, -2], [3, 7]),
        (np.array([7, np.nan, -3.0, 3], np.float64), [1, -1, -2, 0], [3, 7]),
        (np.array([7, 3, 7], ">i8"), [1, 0, 1], [3, 7]),
        (np.array([7, np.nan, 3], np.float32), [1, -1, 0], [3, 7]),
        (np.array(["b", "a", "b"]), [1, 0, 1], ["a", "b"]),
        (np.array(["b", None, "a", np.nan], object).astype(str), [1, -1, 0, -1], ["a", "b"]),
        (np.array(["7", "", "-1", "3"]), [1, -1, -2, 0], [3, 7]),
        (np.array([[2], [1]], np.uint8), [1, 0], [1, 2]),
        (np.array([True, False]), [1, 0], [0, 1]),
        (np.array([2**63 + 1, 2], np.uint64), [1, 0], [2, 2**63 + 1]),
    ],
)
def test_numpy(tmp_path, labels, codes, names):
    np.save(tmp_path / "y.npy", labels)
    assert read(tmp_path / "y.npy") == (codes, names)
    np.savez(tmp_path / "y.npz", x=np.zeros((3, 2)), labels=labels)
    assert read(tmp_path / "y.npz") == (codes, names)
    assert read(tmp_path / "y.npz", "labels") == (codes, names)


@pytest.mark.parametrize("suffix", ["txt", "meta"])
def test_lines(tmp_path, suffix):
    path = tmp_path / f"y.{suffix}"
    path.write_text("4\n2\n\nNaN\n4\n-1\n")
    assert read(path) == ([1, 0, -1, -1, 1, -2], [2, 4])
    path.write_text("dog\ncat\n\ndog")
    assert read(path) == ([1, 0, -1, 1], ["cat", "dog"])


@pytest.mark.parametrize(
    ("text", "column", "codes", "ids"),
    [
        ("label\nx\ny\nx\n", None, [0, 1, 0], None),
        ("item_id,label\np,5\nq,\nr,4\n", None, [1, -1, 0], ["p", "q", "r"]),
        ("p,5\nq,NA\nr,4\n", None, [1, -1, 0], ["p", "q", "r"]),
        ("5\n6\n5\n", None, [0, 1, 0], None),
        ("id;who;when\n1;b;x\n2;a;y\n", "who", [1, 0], ["1", "2"]),
        ("item_id,cluster_id,strength\n0,3,1\n1,3,0.5\n", None, [0, 0], ["0", "1"]),
    ],
)
def test_text_tables(tmp_path, text, column, codes, ids):
    (tmp_path / "y.csv").write_text(text)
    table = read_labels(tmp_path / "y.csv", column)
    assert table.codes.tolist() == codes
    assert (None if table.ids is None else table.ids.tolist()) == ids


def test_parquet_with_nulls_and_dictionaries(tmp_path):
    column = pa.array(["b", None, "a", "b"]).dictionary_encode()
    table = pa.table({"label": column, "n": [1, 2, None, -1], "none": pa.nulls(4)})
    pq.write_table(table, tmp_path / "y.parquet")
    assert read(tmp_path / "y.parquet") == ([1, -1, 0, 1], ["a", "b"])
    assert read(tmp_path / "y.parquet", "n") == ([0, 1, -1, -2], [1, 2])
    assert read(tmp_path / "y.parquet", "none") == ([-1, -1, -1, -1], [])


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_floats_of_a_parquet_column(tmp_path, kind):
    path = tmp_path / "y.parquet"
    pq.write_table(pa.table({"y": pa.array(np.array([2, np.nan, 1], kind))}), path)
    assert read(path) == ([1, -1, 0], [1, 2])
    pq.write_table(pa.table({"y": pa.array(np.array([2, np.nan, 1.5], kind))}), path)
    refused(path, "row 2 holds 1.5")


def test_labels_are_found_by_id(tmp_path):
    (tmp_path / "y.csv").write_text("id,label\np,x\nq,y\n")
    table = read_labels(tmp_path / "y.csv")
    assert table.of(np.array(["q", "new", "p"], object)).tolist() == [1, -1, 0]
    (tmp_path / "y.txt").write_text("1\n2\n")
    with pytest.raises(InputError, match="no column of ids"):
        read_labels(tmp_path / "y.txt").of(np.array(["q"], object))


def refused(path, word, column=None):
    with pytest.raises(InputError, match=word) as caught:
        read_labels(path, column)
    assert "\n" not in str(caught.value)


def test_unusable_files(tmp_path):
    path = tmp_path / "y.npy"
    refused(path, "no such file")
    np.save(path, np.zeros((3, 2)))
    refused(path, "shape")
    for odd, shown in ((0.5, "0.5"), (np.inf, "inf"), (1e300, "1e\\+300")):
        np.save(path, np.array([1, np.nan, odd, 0.25]))
        refused(path, f"row 2 holds {shown}; labels must be whole numbers")
    np.save(path, np.array([1j]))
    refused(path, "integers or strings")
    np.save(path, np.array([None, "a"]), allow_pickle=True)
    refused(path, "Python objects.*astype")
    path.write_bytes(b"nonsense")
    refused(path, "damaged or no numpy file")
    np.save(path, np.empty(0, np.int64))
    refused(path, "no labels")
    path = tmp_path / "y.npz"
    np.savez(path, a=np.zeros(2), b=np.zeros(2))
    refused(path, "a, b")
    path = tmp_path / "y.csv"
    path.write_text("1,2,3\n4,5,6\n")
    refused(path, "--column")
    path.write_text("id,label\np,1\np,2\n")
    refused(path, "'p' stands at row 0")
    path.write_text("id,label\np,1\np,2,3\n")
    refused(path, "cannot be read as a table")
    path.write_text("id,label\np,1\n")
    refused(path, "no column 'who'", "who")
    path = tmp_path / "y.parquet"
    pq.write_table(pa.table({"label": [[1], [2]]}), path)
    refused(path, "integers or strings")
    path = tmp_path / "y.json"
    path.write_text("[]")
    refused(path, ".json")


@pytest.mark.parametrize("name", ["person", "split", "Class of it"])
def test_a_header_of_any_name_over_numbers(tmp_path, name):
    (tmp_path / "y.csv").write_text(f"{name}\n3\n-1\n\n3.0\n7\n")
    assert len(read_labels(tmp_path / "y.csv").codes) == 4
    (tmp_path / "z.csv").write_text("a\nb\n7\n")
    assert len(read_labels(tmp_path / "z.csv").codes) == 3  # not all below are numbers
