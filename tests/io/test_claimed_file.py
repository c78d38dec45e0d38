"""One process at a time writes a file."""

from __future__ import annotations

import os

import pytest

from covey.io import claimed_file as module
from covey.io.claimed_file import claimed_file
from covey.types import UsageError

pytest.importorskip("fcntl")


def test_others_are_kept_out_until_it_ends(tmp_path) -> None:
    path = tmp_path / "a"
    with claimed_file(path):
        path.write_bytes(b"mine")
        with pytest.raises(UsageError, match="a: is being written by another process; wait"):
            claimed_file(path).__enter__()
    assert path.read_bytes() == b"mine"
    with pytest.raises(KeyboardInterrupt), claimed_file(path):
        raise KeyboardInterrupt
    with claimed_file(path):
        assert path.read_bytes() == b"mine"


def test_a_file_that_took_its_last_name_is_left_alone(tmp_path, monkeypatch) -> None:
    """It was opened under a name that its holder took away before the lock was had."""
    path, done = tmp_path / "a.part", tmp_path / "a"
    path.write_bytes(b"whole")
    lock = module.fcntl.flock

    def late(handle: int, how: int) -> None:
        if not done.exists():
            os.replace(path, done)
        lock(handle, how)

    monkeypatch.setattr(module.fcntl, "flock", late)
    with claimed_file(path):
        assert (done.read_bytes(), path.read_bytes()) == (b"whole", b"")


def test_where_nothing_can_be_locked_nobody_is_kept_out(tmp_path, monkeypatch) -> None:
    def refuse(handle: int, how: int) -> None:
        raise OSError("no locks here")

    monkeypatch.setattr(module.fcntl, "flock", refuse)
    with claimed_file(tmp_path / "a"), claimed_file(tmp_path / "a"):
        assert (tmp_path / "a").exists()
