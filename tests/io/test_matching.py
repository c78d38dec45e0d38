"""Groups and labels brought together; the command's tests cover the ordinary cases."""

import numpy as np
import pytest

from covey.io.groups import write_groups
from covey.io.matching import match_labels
from covey.label_codes import NOBODY
from covey.types import Clustering, InputError

FOUND = np.array([0, 0, 1, -1, 2])


def _write(path, **names) -> None:
    write_groups(path, Clustering(FOUND, np.ones(5, np.float32)), **names)


def test_noise_and_missing_labels_stay_negative(tmp_path) -> None:
    _write(tmp_path / "g.parquet")
    np.save(tmp_path / "g.npy", FOUND)
    np.save(tmp_path / "y.npy", np.array([7, -1, 7, 8, 8]))
    for groups in ("g.parquet", "g.npy"):
        matched = match_labels(tmp_path / groups, tmp_path / "y.npy")
        np.testing.assert_array_equal(matched.labels_pred, FOUND)
        np.testing.assert_array_equal(matched.labels_true, [0, NOBODY, 0, 1, 1])
        assert matched.n_unlabelled == 1
        assert matched.notes == []


def test_row_numbers_fall_back_to_rows_of_labels_with_other_ids(tmp_path) -> None:
    _write(tmp_path / "g.csv")
    (tmp_path / "y.csv").write_text("item_id,label\na,x\nb,x\nc,y\nd,y\ne,z\n")
    matched = match_labels(tmp_path / "g.csv", tmp_path / "y.csv")
    np.testing.assert_array_equal(matched.labels_true, [0, 0, 1, 1, 2])
    assert len(matched.notes) == 1
    assert "rows" in matched.notes[0]


def test_mask_applies_to_rows_of_the_labels_by_id_as_well(tmp_path) -> None:
    _write(tmp_path / "g.csv", ids=np.array(list("abcde"), object))
    (tmp_path / "y.csv").write_text("item_id,label\ne,1\nd,1\nc,2\nb,2\na,3\n")
    np.save(tmp_path / "mask.npy", np.array([0, 1, 1, 1, 1]))
    matched = match_labels(tmp_path / "g.csv", tmp_path / "y.csv", mask=tmp_path / "mask.npy")
    np.testing.assert_array_equal(matched.labels_pred, FOUND[:4])
    np.testing.assert_array_equal(matched.labels_true, [2, 1, 1, 0])
    assert matched.unmatched_labels == []


def test_a_column_that_is_not_there(tmp_path) -> None:
    _write(tmp_path / "g.csv")
    (tmp_path / "y.csv").write_text("item_id,label\n0,1\n1,1\n")
    with pytest.raises(InputError, match=r"y\.csv"):
        match_labels(tmp_path / "g.csv", tmp_path / "y.csv", column="nope")
