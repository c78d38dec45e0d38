"""Reading what the user knows about pairs, by id, by row number, after a mask."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from covey.io.constraints import read_constraints
from covey.io.embeddings import EmbeddingTable
from covey.label_codes import NOBODY
from covey.types import InputError


def _table(ids: list[str] | None = None, rows: list[int] | None = None, n: int = 5):
    return EmbeddingTable(
        np.eye(n, dtype=np.float32),
        None if ids is None else np.array(ids, object),
        None if rows is None else np.array(rows),
        [],
        Path("x.npy"),
    )


@pytest.mark.parametrize("header", ["item_id_a,item_id_b,kind\n", ""])
def test_text_with_and_without_header_keeps_zeros_of_ids(tmp_path, header) -> None:
    path = tmp_path / "known.csv"
    path.write_text(header + "007,7,must\n7,b,cannot\n")
    found = read_constraints(_table(["007", "7", "b", "c", "d"]), pairs=path)
    np.testing.assert_array_equal(found.constraints.must_link, [[0, 1]])
    np.testing.assert_array_equal(found.constraints.cannot_link, [[1, 2]])
    assert found.notes == []


def test_columns_in_any_order_and_more_of_them(tmp_path) -> None:
    path = tmp_path / "known.parquet"
    columns = {"kind": ["must"], "why": ["seen"], "item_id_b": [3], "item_id_a": [1]}
    pq.write_table(pa.table(columns), path)
    found = read_constraints(_table(), pairs=path).constraints
    np.testing.assert_array_equal(found.must_link, [[1, 3]])


def test_pairs_of_left_out_rows_are_left_out(tmp_path) -> None:
    path = tmp_path / "known.tsv"
    path.write_text("10\t20\tmust\n10\t99\tcannot\n")
    found = read_constraints(_table(rows=[10, 20, 30, 40, 50]), pairs=path)
    np.testing.assert_array_equal(found.constraints.must_link, [[0, 1]])
    assert len(found.constraints.cannot_link) == 0
    assert found.notes == ["1 constraints name items that were left out"]


def test_exclusive_by_id_and_by_row(tmp_path) -> None:
    by_id, by_row = tmp_path / "photos.csv", tmp_path / "photos.npy"
    by_id.write_text("item_id,group\nb,two\na,one\nc,two\n")
    np.save(by_row, np.array([5, 5, 9, 9, -1, 9]))
    table = _table(["a", "b", "c", "d", "e"])
    found = read_constraints(table, exclusive=by_id)
    assert found.constraints.exclusive is not None
    assert found.constraints.exclusive.tolist() == [0, 1, 1, -1, -1]
    assert found.notes == ["2 items have no exclusive group"]
    masked = read_constraints(_table(rows=[0, 2, 3, 4, 5]), exclusive=by_row)
    assert masked.constraints.exclusive is not None
    assert masked.constraints.exclusive.tolist() == [0, 1, 1, NOBODY, 1]


def test_exclusive_ids_that_are_no_items_are_told(tmp_path) -> None:
    path = tmp_path / "photos.csv"
    lines = "".join(f"{name},one\n" for name in ["a", "b", *(f"B{i}" for i in range(10))])
    path.write_text(f"item_id,group\n{lines}")
    found = read_constraints(_table(["a", "b", "c", "d", "e"]), exclusive=path)
    assert found.constraints.exclusive is not None
    assert found.constraints.exclusive.tolist() == [0, 0, -1, -1, -1]
    assert found.notes[1].startswith(f"10 ids in {path} are none of the items used of ")
    assert found.notes[1].endswith("and had no effect: B0, B1, B2, B3, B4, B5, B6, B7 and 2 more")


def test_nothing_given_is_no_constraint() -> None:
    assert not read_constraints(_table()).constraints


def test_exclusive_needs_one_entry_per_row(tmp_path) -> None:
    path = tmp_path / "photos.npy"
    np.save(path, np.arange(4))
    with pytest.raises(InputError, match="4 entries"):
        read_constraints(_table(), exclusive=path)


@pytest.mark.parametrize("content", ["a,b\n", "a,b,c,d\n", "item_id_a,kind\nx,must\n"])
def test_other_tables_are_refused(tmp_path, content) -> None:
    path = tmp_path / "known.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=r"known\.csv"):
        read_constraints(_table(), pairs=path)


def test_contradictions_are_told_in_the_words_of_the_files(tmp_path) -> None:
    table = _table(["a", "b", "c", "d", "e"])
    known, photos = tmp_path / "known.csv", tmp_path / "photos.csv"
    known.write_text("e,b,must\nb,d,must\nd,e,cannot\n")
    with pytest.raises(InputError, match=r"known\.csv: .*'d' and 'e' together, and another row"):
        read_constraints(table, pairs=known)
    known.write_text("e,b,must\nb,d,must\n")
    photos.write_text("item_id,group\na,p\nb,p\nc,q\nd,p\n")
    with pytest.raises(InputError, match="'b' and 'd' together, and their exclusive group"):
        read_constraints(table, pairs=known, exclusive=photos)
