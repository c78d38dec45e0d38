"""Pictures and texts of the items, for the report."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from covey.io.embeddings import EmbeddingTable
from covey.io.files import file_size, listed, shown
from covey.io.ids import read_lines
from covey.types import InputError

_SUFFIXES = ("", ".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff")
_TRIED_ITEMS = 200


class FilesByName(Sequence[str]):
    """The image file of each item, looked for when it is asked for.

    Attributes:
        folder: Where the files are.
        names: (n,) names, with or without the suffix; "" for none.
    """

    def __init__(self, folder: Path, names: NDArray[np.object_]) -> None:
        self.folder, self.names = folder, names

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, item: int) -> str: ...
    @overload
    def __getitem__(self, item: slice) -> list[str]: ...
    def __getitem__(self, item: int | slice) -> str | list[str]:
        if isinstance(item, slice):
            return [self._file(name) for name in self.names[item]]
        return self._file(self.names[item])

    def _file(self, name: str) -> str:
        if not name:
            return ""
        path = os.path.join(self.folder, name)
        return next((path + end for end in _SUFFIXES if os.path.isfile(path + end)), path)


def read_images(source: str | Path, table: EmbeddingTable) -> Sequence[Any] | NDArray[Any]:
    """The picture of each item of `table`.

    Args:
        source: A folder with a file per item id (with or without suffix); or a .npy file of shape
            (rows, h, w[, 1 | 3 | 4]); or the name of a column of the Parquet file that the
            embeddings came from, which holds paths, relative to that file.
        table: n items.

    Returns:
        n paths or arrays; files are not opened.

    Raises:
        InputError: If there is nothing of this kind, or none of the first items has a file.
    """
    path = Path(source)
    if path.is_dir():
        if table.ids is None:
            raise InputError(
                f"{path}: images are found by item id, but {table.path} has no ids; give --ids "
                "with the names of the files"
            )
        return _checked(FilesByName(path, table.ids), path)
    if path.suffix.lower() == ".npy":
        return _stack(path, table)
    if table.path.suffix.lower() in (".parquet", ".pq"):
        schema = pq.read_schema(table.path)
        if str(source) in schema.names:
            column = pq.read_table(table.path, columns=[str(source)])[str(source)]
            names = column.cast(pa.string()).fill_null("").to_numpy(zero_copy_only=False)
            names = names if table.rows is None else names[table.rows]
            return _checked(FilesByName(table.path.parent, names), table.path)
        raise InputError(
            f"{source}: is no folder and no column of {table.path}, which has "
            f"{listed(schema.names)}"
        )
    raise InputError(f"{source}: is no folder and no .npy file of images; check the spelling")


def read_texts(path: str | Path, table: EmbeddingTable) -> NDArray[np.object_]:
    """The text of each item of `table`: one line per row of the embeddings' file.

    Raises:
        InputError: If the file cannot be read or has another number of lines.
    """
    path = Path(path)
    lines = read_lines(path)
    rows = np.arange(table.n) if table.rows is None else table.rows
    if len(lines) <= rows[-1] or (table.rows is None and len(lines) != table.n):
        raise InputError(
            f"{path}: has {len(lines)} lines for the rows of {table.path}, whose last used row is "
            f"{rows[-1]}; give one line per row"
        )
    return np.array(lines, object)[rows]


def _checked(files: FilesByName, where: Path) -> FilesByName:
    tried = files[:_TRIED_ITEMS]
    if not any(os.path.isfile(file) for file in tried):
        raise InputError(
            f"{where}: none of the first {len(tried)} items has an image there; the first should "
            f"be {shown(tried[0], 100)}"
        )
    return files


def _stack(path: Path, table: EmbeddingTable) -> NDArray[Any]:
    file_size(path)
    try:
        images = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise InputError(f"{path}: is damaged or no .npy file; write it again") from error
    if images.ndim not in (3, 4) or images.dtype.kind not in "uif":
        raise InputError(
            f"{path}: has shape {images.shape} of {images.dtype}; images need (rows, h, w) or "
            "(rows, h, w, channels)"
        )
    rows = np.arange(table.n) if table.rows is None else table.rows
    if len(images) <= rows[-1] or (table.rows is None and len(images) != table.n):
        raise InputError(
            f"{path}: has {len(images)} images for the rows of {table.path}, whose last used row "
            f"is {rows[-1]}; give one image per row"
        )
    return images if table.rows is None else images[rows]
