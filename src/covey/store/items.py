"""Items of a project, batch by batch, as they were added."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from covey.io.atomic import atomic_folder
from covey.io.files import shown
from covey.io.report.contact_sheet import picture_from_array, white_level
from covey.io.summary import write_summary
from covey.store.project import Project, read_facts
from covey.types import Float32, InputError, Int64

_TABLE, _ROWS, _FACTS = "items.parquet", "embeddings.npy", "batch.json"
_PICTURES = "pictures"
_BLOCK_BYTES = 64 << 20
_SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("picture", pa.string()),
        ("text", pa.string()),
        ("exclusive", pa.string()),
    ]
)


@dataclass(frozen=True, slots=True)
class Batch:
    """Items that are to be added.

    Attributes:
        ids: (n,) object array of unique str.
        x: (n, d) numbers.
        pictures: Paths of their pictures, "" for none; or (n, h, w[, c]) pixels, which are written
            as files.
        texts: None for none.
        exclusive: (n,) object array: items of one word cannot be together; None or "" for free.
        source: Where they come from, in words.
    """

    ids: NDArray[np.object_]
    x: NDArray[np.floating]
    pictures: Sequence[str] | NDArray[Any] | None = None
    texts: Sequence[str] | None = None
    exclusive: NDArray[np.object_] | None = None
    source: str = ""


class Items:
    """All items of a project so far.

    Attributes:
        n: How many.
        ids: Their names, unique.
        exclusive: (n,) int64, items of one number of 0 or more cannot be together.
    """

    def __init__(self, tables: Sequence[pa.Table], rows: Sequence[Float32]) -> None:
        self._table = pa.concat_tables(tables) if tables else _SCHEMA.empty_table()
        self._table = self._table.combine_chunks()
        self._rows = list(rows)
        self.n = self._table.num_rows
        self.ids = self._table["id"]
        self.exclusive = _codes(self._table["exclusive"])

    @property
    def dimensions(self) -> int:
        """Values in a row; 0 where there are no items."""
        return self._rows[0].shape[1] if self._rows else 0

    @property
    def has_pictures(self) -> bool:
        """Whether an item has one."""
        return bool(pc.any(pc.not_equal(self._table["picture"], "")).as_py())

    @property
    def has_texts(self) -> bool:
        """Whether an item has one."""
        return bool(pc.any(pc.not_equal(self._table["text"], "")).as_py())

    def matrix(self) -> Float32:
        """(n, d) float32; of one batch it is a memory map, of several a copy."""
        if len(self._rows) == 1:
            return self._rows[0]
        return np.concatenate(self._rows) if self._rows else np.empty((0, 0), np.float32)

    def blocks(self) -> Iterator[Float32]:
        """Rows in order, at most 64 MiB of float32 at a time."""
        for rows in self._rows:
            step = max(1, _BLOCK_BYTES // (4 * rows.shape[1]))
            for start in range(0, len(rows), step):
                yield rows[start : start + step]

    def rows(self, items: Sequence[int] | Int64) -> Float32:
        """(m, d) float32 of some items."""
        some = np.asarray(items, np.int64)
        starts = np.cumsum([0, *(len(each) for each in self._rows)])
        found = np.empty((len(some), self.dimensions), np.float32)
        for start, rows in zip(starts, self._rows, strict=False):
            inside = (some >= start) & (some < start + len(rows))
            found[inside] = rows[some[inside] - start]
        return found

    def id_of(self, item: int) -> str:
        """Its name."""
        return str(self.ids[item].as_py())

    def ids_of(self, items: Sequence[int] | Int64) -> list[str]:
        """Names of some items."""
        found: list[str] = self.ids.take(pa.array(np.asarray(items, np.int64))).to_pylist()
        return found

    def picture_of(self, item: int) -> str | None:
        """Path of its picture, if it has one."""
        return self._table["picture"][item].as_py() or None

    @property
    def pictures(self) -> list[str | None]:
        """Path of the picture of each item, None where it has none."""
        return [each or None for each in self._table["picture"].to_pylist()]

    def text_of(self, item: int) -> str | None:
        """Its text, if it has one."""
        return self._table["text"][item].as_py() or None

    def holding(self, part: str) -> list[int]:
        """Numbers of items whose id or text holds this, in upper or lower case."""
        found = pc.match_substring(self.ids, part, ignore_case=True)
        if self.has_texts:
            texts = pc.match_substring(self._table["text"], part, ignore_case=True)
            found = pc.or_(found, pc.fill_null(texts, False))
        numbers: list[int] = np.flatnonzero(found.to_numpy()).tolist()
        return numbers

    def find(self, ids: Sequence[str]) -> list[int | None]:
        """Numbers of items by their names, None where there is no item of a name."""
        found = pc.index_in(pa.array(ids, pa.string()), value_set=self.ids.combine_chunks())
        numbers: list[int | None] = found.to_pylist()
        return numbers

    def same(self, items: Int64, batch: Batch) -> bool:
        """Whether some items are those of a batch, their ids apart; pixels are not compared.

        Args:
            items: (m,) numbers, one for each row of the batch.
            batch: Of m rows.
        """
        m, d = batch.x.shape
        if d != self.dimensions or not np.array_equal(
            self.rows(items), np.asarray(batch.x, np.float32)
        ):
            return False
        table = self._table.take(pa.array(items))
        asked: dict[str, Any] = {"text": batch.texts, "exclusive": batch.exclusive}
        if isinstance(batch.pictures, np.ndarray):
            if not all(table["picture"].to_pylist()):
                return False
        else:
            paths = batch.pictures or [""] * m
            asked["picture"] = [os.path.abspath(each) if each else "" for each in paths]
        return all(
            [each or None for each in table[name].to_pylist()]
            == [each or None for each in ([None] * m if values is None else values)]
            for name, values in asked.items()
        )

    def batches_of(self, count: int) -> list[int]:
        """First items of the batches that have so many."""
        sizes = [len(each) for each in self._rows]
        starts = np.cumsum([0, *sizes]).tolist()
        return [start for start, size in zip(starts, sizes, strict=False) if size == count]

    def numbers_of(self, ids: Sequence[str]) -> list[int]:
        """Numbers of items by their names.

        Raises:
            InputError: If there is no item of a name.
        """
        found: list[int] = []
        for name, number in zip(ids, self.find(ids), strict=True):
            if number is None:
                raise InputError(f"there is no item {shown(name)}; check the spelling")
            found.append(number)
        return found


def write_batch(project: Project, batch: Batch, before: Items) -> int:
    """Writes a batch of items; it counts only once an event names it.

    Args:
        project: Where.
        batch: At least one item.
        before: All that there are.

    Returns:
        The number of the batch.

    Raises:
        InputError: If rows have another length than those before, or an id is there already.
    """
    n, d = batch.x.shape
    if before.n and d != before.dimensions:
        raise InputError(
            f"{batch.source}: has {d} values in a row, items of {project.folder} have "
            f"{before.dimensions}; use the same embedder"
        )
    names = pa.array(batch.ids, pa.string())
    if before.n:
        there = pc.index_in(names, value_set=before.ids.combine_chunks())
        again = np.flatnonzero(there.is_valid())
        if len(again):
            name = shown(batch.ids[again[0]])
            raise InputError(
                f"{batch.source}: row {again[0]} has the id {name}, which is in {project.folder} "
                f"already ({len(again)} such rows); leave them out or give them other ids"
            )
    number = project.next_batch()
    pictures = batch.pictures
    if isinstance(pictures, np.ndarray):
        pictures = [f"{_PICTURES}/{row:07d}.png" for row in range(n)]
    elif pictures is not None:
        pictures = [os.path.abspath(each) if each else "" for each in pictures]
    columns = [
        names,
        *(
            pa.nulls(n, pa.string()) if each is None else pa.array(list(each), pa.string())
            for each in (pictures, batch.texts, batch.exclusive)
        ),
    ]
    with atomic_folder(project.batch(number)) as folder:
        if isinstance(batch.pictures, np.ndarray):
            _write_pictures(folder / _PICTURES, batch.pictures)
        pq.write_table(pa.table(columns, schema=_SCHEMA), folder / _TABLE)
        np.save(folder / _ROWS, np.asarray(batch.x, np.float32))
        write_summary(folder / _FACTS, {"n": n, "dimensions": d, "source": batch.source})
    return number


def read_items(project: Project, batches: Sequence[int]) -> Items:
    """The items of batches, in their order.

    Raises:
        InputError: If a batch is missing or damaged.
    """
    tables, rows = [], []
    for number in batches:
        folder = project.batch(number)
        facts = read_facts(folder / _FACTS)
        tables.append(_absolute(_read_table(folder / _TABLE), folder))
        try:
            rows.append(np.load(folder / _ROWS, mmap_mode="r", allow_pickle=False))
        except (OSError, EOFError, ValueError) as error:
            raise InputError(
                f"{folder / _ROWS}: cannot be read ({error}); restore a copy"
            ) from error
        shape = facts.get("n"), facts.get("dimensions")
        whole = tables[-1].num_rows == shape[0] and not tables[-1]["id"].null_count
        if not whole or rows[-1].shape != shape or rows[-1].dtype != np.float32:
            raise InputError(f"{folder}: its files do not belong together; restore a copy")
        if shape[1] != rows[0].shape[1]:
            raise InputError(
                f"{folder}: has {shape[1]} values in a row, batches before it have "
                f"{rows[0].shape[1]}; restore a copy"
            )
    return Items(tables, rows)


def _read_table(path: Path) -> pa.Table:
    try:
        return pq.read_table(path, schema=_SCHEMA)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read ({error}); restore a copy") from error


def _absolute(table: pa.Table, folder: Path) -> pa.Table:
    """Paths of pictures that the batch holds itself begin with its folder."""
    paths = table["picture"]
    inside = pc.starts_with(paths, f"{_PICTURES}/")
    whole = pc.binary_join_element_wise(str(folder.absolute()), paths, "/")
    column = table.schema.get_field_index("picture")
    return table.set_column(column, "picture", pc.if_else(inside, whole, paths))


def _write_pictures(folder: Path, pixels: NDArray[Any]) -> None:
    folder.mkdir()
    white = white_level(pixels)
    for row, picture in enumerate(pixels):
        picture_from_array(picture, white).save(folder / f"{row:07d}.png")


def _codes(column: pa.ChunkedArray) -> Int64:
    """Equal words as equal numbers, -1 for none."""
    words = column.combine_chunks()
    words = pc.if_else(pc.equal(words, ""), None, words)
    codes = words.dictionary_encode().indices
    return codes.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
