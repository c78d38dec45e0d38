"""Neighbour lists written and found again."""

import numpy as np
import pyarrow.parquet as pq
import pytest

from covey.io.neighbours import write_neighbours
from covey.types import KnnGraph, UsageError

KNN = KnnGraph(np.array([[1, 2], [0, 2], [1, 0]], np.int32), np.float32([[0.9, 0.5]] * 3))


@pytest.mark.parametrize("ids", [None, np.array(["a", "b", "c"], object)])
def test_both_formats(tmp_path, ids) -> None:
    write_neighbours(tmp_path / "near.npz", KNN, ids=ids, rows=np.array([4, 5, 9]))
    write_neighbours(tmp_path / "near.parquet", KNN, ids=ids, rows=np.array([4, 5, 9]))
    names = [4, 5, 9] if ids is None else ["a", "b", "c"]
    with np.load(tmp_path / "near.npz", allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["indices"], KNN.indices)
        np.testing.assert_array_equal(arrays["similarities"], KNN.similarities)
        assert arrays["item_id"].tolist() == names
    table = pq.read_table(tmp_path / "near.parquet")
    assert table["item_id"].to_pylist() == names
    assert table["neighbour_ids"].to_pylist() == [[names[j] for j in row] for row in KNN.indices]
    np.testing.assert_array_equal(table["similarities"].to_pylist(), KNN.similarities)


def test_queries_in_a_gallery(tmp_path) -> None:
    near = KnnGraph(np.array([[3, 0]], np.int32), np.float32([[0.9, 0.5]]))
    gallery = np.array(["a", "b", "c", "d"], object)
    write_neighbours(tmp_path / "near.npz", near, rows=np.array([7]), gallery=gallery)
    write_neighbours(tmp_path / "near.parquet", near, rows=np.array([7]), gallery=gallery)
    with np.load(tmp_path / "near.npz", allow_pickle=False) as arrays:
        assert arrays["item_id"].tolist() == [7]
        assert arrays["gallery_id"].tolist() == list("abcd")
    table = pq.read_table(tmp_path / "near.parquet")
    assert table["item_id"].to_pylist() == [7]
    assert table["neighbour_ids"].to_pylist() == [["d", "a"]]


def test_no_neighbours(tmp_path) -> None:
    lone = KnnGraph(np.empty((1, 0), np.int32), np.empty((1, 0), np.float32))
    write_neighbours(tmp_path / "near.npz", lone)
    write_neighbours(tmp_path / "near.parquet", lone)
    assert pq.read_table(tmp_path / "near.parquet")["neighbour_ids"].to_pylist() == [[]]


def test_other_suffix_is_refused(tmp_path) -> None:
    with pytest.raises(UsageError, match="suffix"):
        write_neighbours(tmp_path / "near.csv", KNN)
    assert not list(tmp_path.iterdir())
