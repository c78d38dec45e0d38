"""Pictures and texts for the report, found by id, by row and by column."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from covey.io.embeddings import EmbeddingTable
from covey.io.illustrations import read_images, read_texts
from covey.types import InputError


def _table(path: Path, ids: list[str] | None = None, rows: list[int] | None = None):
    n = len(rows) if rows is not None else 3
    return EmbeddingTable(
        np.eye(n, dtype=np.float32),
        None if ids is None else np.array(ids, object),
        None if rows is None else np.array(rows),
        [],
        path,
    )


def test_folder_by_id_with_or_without_suffix(tmp_path) -> None:
    for name in ("a.png", "b.jpg"):
        Image.new("L", (2, 2)).save(tmp_path / name)
    images = read_images(tmp_path, _table(tmp_path / "x.npy", ["a.png", "b", "gone"]))
    assert len(images) == 3
    assert images[0] == str(tmp_path / "a.png")
    assert images[1] == str(tmp_path / "b.jpg")
    assert images[2] == str(tmp_path / "gone")


def test_stack_by_row(tmp_path) -> None:
    stack = np.arange(5 * 4).reshape(5, 2, 2).astype(np.uint8)
    np.save(tmp_path / "images.npy", stack)
    images = read_images(tmp_path / "images.npy", _table(tmp_path / "x.npy", rows=[1, 4]))
    np.testing.assert_array_equal(np.asarray(images), stack[[1, 4]])
    with pytest.raises(InputError, match="5 images"):
        read_images(tmp_path / "images.npy", _table(tmp_path / "x.npy"))


def test_column_of_paths(tmp_path) -> None:
    (tmp_path / "pics").mkdir()
    Image.new("L", (2, 2)).save(tmp_path / "pics" / "b.png")
    columns = {"item_id": ["a", "b", "c"], "file": ["pics/a.png", "pics/b.png", None]}
    pq.write_table(pa.table(columns), tmp_path / "x.parquet")
    images = read_images("file", _table(tmp_path / "x.parquet", rows=[1, 2]))
    assert images[0] == str(tmp_path / "pics" / "b.png")
    with pytest.raises(InputError, match="no column"):
        read_images("other", _table(tmp_path / "x.parquet"))


@pytest.mark.parametrize("shape", [(3,), (3, 4), (3, 2, 2, 2, 2)])
def test_no_images(tmp_path, shape) -> None:
    np.save(tmp_path / "images.npy", np.zeros(shape))
    with pytest.raises(InputError, match="images need"):
        read_images(tmp_path / "images.npy", _table(tmp_path / "x.npy"))
    with pytest.raises(InputError, match="no ids"):
        read_images(tmp_path, _table(tmp_path / "x.npy"))
    with pytest.raises(InputError, match="none of the first"):
        read_images(tmp_path, _table(tmp_path / "x.npy", ["a", "b", "c"]))


def test_texts_by_row_may_be_empty(tmp_path) -> None:
    (tmp_path / "texts.txt").write_text("zero\n\ntwo\nthree\n")
    texts = read_texts(tmp_path / "texts.txt", _table(tmp_path / "x.npy", rows=[1, 3]))
    assert texts.tolist() == ["", "three"]
    with pytest.raises(InputError, match="4 lines"):
        read_texts(tmp_path / "texts.txt", _table(tmp_path / "x.npy"))
