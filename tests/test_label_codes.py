"""Labels of programs come out as plain loops say, and as those of files do."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from covey.label_codes import MISSING, NOBODY, as_labels, label_codes
from covey.types import InputError

NAN = float("nan")


def _codes(y: object) -> tuple[list[int], list[object]]:
    codes, names = label_codes(as_labels(y), "y")
    assert codes.dtype == np.int64
    return codes.tolist(), names.tolist()


def _naive(labels: list[object]) -> tuple[list[int], list[object]]:
    """By one loop over the labels, of which None and NaN are missing."""
    known = [one for one in labels if one is not None and one == one]
    names = sorted({one for one in known if isinstance(one, str) or one >= 0})
    codes = []
    for one in labels:
        if one is None or one != one:
            codes.append(MISSING)
        else:
            codes.append(names.index(one) if one in names else NOBODY)
    return codes, names


@pytest.mark.parametrize(
    "labels",
    [
        [7, 3, 7, 0],
        [7, None, -1, 3, -20],
        [2.0, NAN, -3.0, 0.0],
        [None, NAN, 5, np.int32(4), np.float32(5)],
        ["b", None, "a", NAN, "b"],
        [-1, -2],
    ],
)
def test_as_a_plain_loop_says(labels: list[object]) -> None:
    assert _codes(np.array(labels, object)) == _naive(labels)
    assert _codes(labels) == _naive(labels)


@pytest.mark.parametrize("kind", [np.int8, np.int64, np.float16, np.float32, np.float64, ">i4"])
def test_every_type_of_number(kind: object) -> None:
    assert _codes(np.array([5, -1, 3, 5], kind)) == ([1, NOBODY, 0, 1], [3, 5])


def test_text_is_read_as_from_a_file() -> None:
    """numpy makes text of what is missing beside text."""
    assert _codes(np.array(["b", NAN, "a"])) == ([1, MISSING, 0], ["a", "b"])
    words = ["x", "", " ", "NA", "<NA>", "None", "null", "X"]
    assert _codes(np.array(words)) == ([1, *[MISSING] * 6, 0], ["X", "x"])
    assert _codes(np.array(["10", " 9", "-1"])) == ([1, 0, NOBODY], [9, 10])
    assert _codes(np.array(["-1", "ann"])) == ([0, 1], ["-1", "ann"])


def test_odd_but_plain() -> None:
    assert _codes(np.array([[2], [1]])) == ([1, 0], [1, 2])
    assert _codes(np.array([True, False])) == ([1, 0], [0, 1])
    assert _codes([None, None]) == ([MISSING, MISSING], [])
    assert _codes([3]) == ([0], [3])
    largest = 2**64 - 1
    assert _codes(np.array([largest, 2], np.uint64)) == ([1, 0], [2, largest])


def test_shuffled_labels_have_the_same_names() -> None:
    labels = np.array([4, None, -1, 9, 4, -7, 0], object)
    order = np.random.default_rng(0).permutation(len(labels))
    codes, names = _codes(labels)
    assert _codes(labels[order]) == ([codes[i] for i in order], names)


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([1, 2.5], r"^mine: row 1 holds 2\.5; labels must be whole numbers or strings$"),
        ([1.0, -2.5], r"row 1 holds -2\.5"),
        ([NAN, float("inf")], "row 1 holds inf"),
        ([None, "ann", 7], r"row 2 holds 7 where row 1 holds 'ann'; give all labels as integers,"),
        ([1, NAN, None, "ann"], "row 3 holds 'ann' where row 0 holds 1;"),
        ([2, True], "row 1 holds True where row 0 holds 2;"),
        ([2**70, 1], "integers that 64 bits cannot; give labels as text"),
        ([(1, 2), (3, 4)], r"has shape \(2, 2\); labels must be one per row"),
        ([1j], "holds complex128; labels must be integers or strings"),
        ([b"ann"], "labels must be integers or strings"),
        ([], "has no labels"),
        (3, r"has shape \(\)"),
    ],
)
def test_what_is_no_label_is_refused_by_row(labels: object, told: str) -> None:
    wrong = labels
    if isinstance(labels, list) and labels and not isinstance(labels[0], (tuple, bytes, complex)):
        wrong = np.array(labels, object)
    with pytest.raises(InputError, match=told) as caught:
        label_codes(as_labels(wrong, "mine"), "mine")
    assert "\n" not in str(caught.value)


def test_other_types_of_a_file_are_refused() -> None:
    with pytest.raises(InputError, match=r"y\.parquet: holds list<item: int64>; labels must be"):
        label_codes(pa.array([[1], [2]]), "y.parquet")


def test_text_of_whole_floats_is_integers() -> None:
    """As pandas writes integers of which some are missing."""
    codes, names = label_codes(pa.array(["3.0", "", "-1.0", "3", "12.00"]), "y")
    assert codes.tolist() == [0, MISSING, NOBODY, 0, 1]
    assert names.tolist() == [3, 12]
    codes, names = label_codes(pa.array(["1.10", "1.0"]), "y")
    assert names.tolist() == ["1.0", "1.10"]
