"""Files of a project that are lost or damaged are told by name, with the way out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from covey.store.project import create_project
from covey.store.review import Review
from covey.store.running import RunOptions, run_project
from covey.types import InputError

from .conftest import batch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of two batches and a run of both."""
    where = tmp_path / "project"
    create_project(where)
    with Review(where) as review:
        review.add(batch(12))
        review.add(batch(12, 12))
        run_project(review, RunOptions(method="cosine", threads=1))
    return where


def grown(folder: Path) -> None:
    """Adds two items and lets the run grow."""
    with Review(folder) as review:
        review.add(batch(2, 24))
        run_project(review, RunOptions(method="cosine", threads=1), full=False)


@pytest.mark.parametrize("lost", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_lost_journal_is_not_begun_anew(folder: Path, lost: Callable[[Path], object]) -> None:
    lost(folder / "review.sqlite")
    for _ in range(2):
        with pytest.raises(InputError, match=r"review\.sqlite: is missing or empty.* restore"):
            Review(folder)


def test_a_journal_without_its_log_is_not_begun_anew(folder: Path, tmp_path: Path) -> None:
    """As a copy has it that left review.sqlite-wal behind."""
    with closing(sqlite3.connect(tmp_path / "empty.sqlite")) as db:
        db.execute("PRAGMA journal_mode = WAL")
    (tmp_path / "empty.sqlite").replace(folder / "review.sqlite")
    with pytest.raises(InputError, match=r"is missing or empty.*review\.sqlite-wal"):
        Review(folder)


@pytest.mark.parametrize(
    "damage",
    [
        "about = '3' WHERE number = 3",
        "about = '{}' WHERE number = 1",
        "about = '{}' WHERE number = 3",
        "number = 9 WHERE number = 3",
        """changes = '[["move", "abc", 1, 2]]' WHERE number = 3""",
        """changes = '[["move", [1, 2], 77, 2]]' WHERE number = 3""",
        """changes = '[["set", 1, "foo", 1, 2]]' WHERE number = 3""",
        """changes = '[["link", "foo", 1, 2, true]]' WHERE number = 3""",
        """changes = '[["apart", 3, true]]' WHERE number = 3""",
    ],
)
def test_events_that_cannot_be_followed(folder: Path, damage: str) -> None:
    with closing(sqlite3.connect(folder / "review.sqlite")) as db:
        db.executescript(f"DROP TRIGGER events_stay; UPDATE events SET {damage};")
    with pytest.raises(InputError, match=r"review\.sqlite: event \d does not fit .*restore"):
        Review(folder)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (np.float32(3), r"000002: its files do not belong together"),
        (np.zeros((12, 4)), r"000002: its files do not belong together"),
        (np.zeros((12, 3), np.float32), r"000002: its files do not belong together"),
        (None, r"000002/embeddings\.npy: cannot be read"),
    ],
)
def test_rows_of_another_batch(folder: Path, rows: np.ndarray | None, told: str) -> None:
    path = folder / "items/000002/embeddings.npy"
    path.write_bytes(b"") if rows is None else np.save(path, rows)
    with pytest.raises(InputError, match=f"{told}.*; restore a copy"):
        Review(folder)


def test_a_batch_of_other_dimensions(folder: Path) -> None:
    path = folder / "items/000002"
    np.save(path / "embeddings.npy", np.zeros((12, 3), np.float32))
    facts = json.loads((path / "batch.json").read_text())
    (path / "batch.json").write_text(json.dumps({**facts, "dimensions": 3}))
    with pytest.raises(InputError, match="000002: has 3 values in a row, batches before it have 4"):
        Review(folder)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda near: near[:-1], "must be two matrices of the same shape"),
        (lambda near: near.astype(np.float32), "no lists of 24 items"),
        (lambda near: near + 1000, "they name others than 24 items"),
        (lambda near: near[:, :0], "must be two matrices"),
    ],
)
def test_neighbours_of_a_run(
    folder: Path, change: Callable[[np.ndarray], np.ndarray], told: str
) -> None:
    """They went to compiled code unchecked, which crashed."""
    path = folder / "runs/000001/neighbours.npy"
    np.save(path, change(np.load(path)))
    with Review(folder) as review:
        last = review.last_run()
        assert last is not None
        with pytest.raises(InputError, match=rf"000001: its neighbours .*{told}.*--full"):
            last.knn()
        review.add(batch(2, 24))
        run_project(review, RunOptions(method="cosine", threads=1), full=True)


def test_edges_of_a_run(folder: Path) -> None:
    (folder / "runs/000001/edges.parquet").unlink()
    with Review(folder) as review:
        review.add(batch(2, 24))
        with pytest.raises(InputError, match=r"000001: its edges .*no such file.*--full"):
            run_project(review, RunOptions(method="cosine", threads=1), full=False)
        run_project(review, RunOptions(method="cosine", threads=1), full=True)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"n": "24"}, "lacks a proper 'n'; restore"),
        ({"asked": 3}, "lacks a proper 'asked'; restore"),
        ({"rule": {}}, r"run\.json: the rule of a run cannot be read: .*--full"),
    ],
)
def test_facts_of_a_run(folder: Path, facts: dict[str, object], told: str) -> None:
    path = folder / "runs/000001/run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **facts}))
    with pytest.raises(InputError, match=told):
        grown(folder)
    if "rule" in facts:
        with Review(folder) as review:
            run_project(review, RunOptions(method="cosine", threads=1), full=True)


def test_groups_of_a_run_that_lack_numbers(folder: Path) -> None:
    path = folder / "runs/000001/groups.parquet"
    table = pq.read_table(path)
    at = table.schema.get_field_index("group")
    pq.write_table(table.set_column(at, "group", pa.nulls(24, pa.int64())), path)
    with pytest.raises(InputError, match=r"groups\.parquet: has 0 rows, not 24; restore a copy"):
        Review(folder)
