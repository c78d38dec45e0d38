"""Labels find the rows that they belong to."""

from pathlib import Path

import numpy as np
import pytest

from covey.io.embeddings import read_embeddings
from covey.io.labelled_items import labelled_items
from covey.label_codes import NOBODY
from covey.types import InputError


@pytest.fixture
def rows(tmp_path: Path) -> np.ndarray:
    """x.npy of 6 rows in the temporary folder."""
    x = np.random.default_rng(0).standard_normal((6, 4)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    return x


def test_by_row_without_those_that_have_no_label(tmp_path: Path, rows: np.ndarray) -> None:
    np.save(tmp_path / "y.npy", [5, np.nan, 5, 7, np.nan, 7])
    found = labelled_items(read_embeddings(tmp_path / "x.npy"), tmp_path / "y.npy")
    np.testing.assert_array_equal(found.x, rows[[0, 2, 3, 5]])
    assert found.labels.tolist() == [0, 0, 1, 1]
    assert found.name == "x.npy"


def test_those_of_nobody_stay(tmp_path: Path, rows: np.ndarray) -> None:
    (tmp_path / "y.txt").write_text("5\n-1\n\n7\n-3\n5\n")
    found = labelled_items(read_embeddings(tmp_path / "x.npy"), tmp_path / "y.txt")
    np.testing.assert_array_equal(found.x, rows[[0, 1, 3, 4, 5]])
    assert found.labels.tolist() == [0, NOBODY, 1, NOBODY, 0]


def test_labels_are_of_all_rows_where_a_mask_leaves_some_out(
    tmp_path: Path, rows: np.ndarray
) -> None:
    np.save(tmp_path / "y.npy", [5, np.nan, 5, 7, 8, 7])
    np.save(tmp_path / "m.npy", [0, 1, 1, 1, 0, 1])
    mask = tmp_path / "m.npy"
    table = read_embeddings(tmp_path / "x.npy", mask=mask)
    found = labelled_items(table, tmp_path / "y.npy", mask=mask)
    np.testing.assert_array_equal(found.x, rows[[2, 3, 5]])
    np.save(tmp_path / "y.npy", [5, 5, 7, 7])
    with pytest.raises(InputError, match=r"y\.npy"):
        labelled_items(table, tmp_path / "y.npy", mask=mask)


def test_rows_left_out_as_bad_keep_their_labels_place(tmp_path: Path, rows: np.ndarray) -> None:
    rows[1] = np.nan
    np.save(tmp_path / "x.npy", rows)
    np.save(tmp_path / "y.npy", [1, 2, 3, 4, 5, 6])
    table = read_embeddings(tmp_path / "x.npy", skip_bad=True)
    found = labelled_items(table, tmp_path / "y.npy")
    np.testing.assert_array_equal(found.x, np.delete(rows, 1, axis=0))
    assert found.labels.tolist() == [0, 2, 3, 4, 5]


@pytest.mark.parametrize("named", [False, True])
def test_by_id_or_row_number(tmp_path: Path, rows: np.ndarray, named: bool) -> None:
    ids = [f"p{i}" for i in range(6)] if named else [str(i) for i in range(6)]
    (tmp_path / "ids.txt").write_text("\n".join(ids))
    (tmp_path / "y.csv").write_text(f"item_id,person\n{ids[4]},a\n{ids[1]},b\nelse,a\n")
    table = read_embeddings(tmp_path / "x.npy", ids=tmp_path / "ids.txt" if named else None)
    found = labelled_items(table, tmp_path / "y.csv", column="person")
    np.testing.assert_array_equal(found.x, rows[[1, 4]])
    assert found.labels.tolist() == [1, 0]


def test_refuses_what_does_not_correspond(tmp_path: Path, rows: np.ndarray) -> None:
    table = read_embeddings(tmp_path / "x.npy")
    np.save(tmp_path / "y.npy", [1, 2, 3])
    with pytest.raises(InputError, match=r"3 labels where .* has 6 rows"):
        labelled_items(table, tmp_path / "y.npy")
    (tmp_path / "y.csv").write_text("item_id,one,other\n0,1,2\n")
    with pytest.raises(InputError, match="--label-column"):
        labelled_items(table, tmp_path / "y.csv")
    (tmp_path / "y.csv").write_text("item_id,label\nq,1\nr,2\n")
    with pytest.raises(InputError, match=r"no label for any item .* 'q', that of an item '0'"):
        labelled_items(table, tmp_path / "y.csv")
    np.save(tmp_path / "y.npy", [-1, -1, -1, -1, -1, -2])
    with pytest.raises(InputError, match=r"y\.npy: has no label .* negative ones do not count\)$"):
        labelled_items(table, tmp_path / "y.npy")
