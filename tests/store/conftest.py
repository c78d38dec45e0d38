"""Small projects."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from covey.store.items import Batch
from covey.store.project import create_project
from covey.store.review import Review


def batch(n: int, start: int = 0, d: int = 4, **columns: object) -> Batch:
    rng = np.random.default_rng(start)
    ids = np.array([f"item {start + i}" for i in range(n)], object)
    return Batch(ids, rng.normal(size=(n, d)).astype(np.float32), source="made", **columns)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of 12 items without any run."""
    where = tmp_path / "project"
    create_project(where)
    with Review(where) as review:
        review.add(batch(12))
    return where
