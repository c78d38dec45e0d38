"""A folder of results appears whole, and only what is written again is replaced."""

from pathlib import Path

import pytest

from covey.io.result_folder import MARK, check_result_folder, result_folder
from covey.types import UsageError


def _names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _write_half(path: Path, error: BaseException) -> None:
    with result_folder(path) as folder:
        (folder / "a").write_text("half")
        raise error


def test_new_folder_appears_whole_or_not_at_all(tmp_path) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        _write_half(out, KeyboardInterrupt())
    assert _names(tmp_path) == set()
    with result_folder(out) as folder:
        (folder / "a").write_text("whole")
        assert not out.exists()
    assert _names(tmp_path) == {"out"}
    assert (out / "a").read_text() == "whole"


def test_existing_folder_keeps_the_rest(tmp_path) -> None:
    out = tmp_path / "out"
    (out / "links" / "old").mkdir(parents=True)
    (out / "a").write_text("old")
    (out / "mine").write_text("mine")
    with result_folder(out) as folder:
        (folder / "a").write_text("new")
        (folder / "links" / "new").mkdir(parents=True)
        assert (out / "a").read_text() == "old"
    assert _names(out) == {"a", "links", "mine"}
    assert (out / "a").read_text() == "new"
    assert _names(out / "links") == {"new"}


def test_failure_leaves_an_existing_folder_as_it_was(tmp_path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(OSError, match="disk"):
        _write_half(tmp_path, OSError("disk"))
    assert _names(tmp_path) == {"a"}
    assert (tmp_path / "a").read_text() == "old"


def test_a_file_cannot_take_the_place_of_a_folder_unseen(tmp_path) -> None:
    (tmp_path / "links").mkdir()
    (tmp_path / "links" / "mine").write_text("mine")
    with pytest.raises(UsageError, match="links"):
        check_result_folder(tmp_path, ["links"])


def test_only_strange_entries_are_protected(tmp_path) -> None:
    (tmp_path / "other").write_text("mine")
    check_result_folder(tmp_path, ["a"])
    (tmp_path / "a").write_text("mine")
    with pytest.raises(UsageError, match="--force"):
        check_result_folder(tmp_path, ["a"])
    check_result_folder(tmp_path, ["a"], force=True)
    (tmp_path / MARK).write_text("{}")
    check_result_folder(tmp_path, ["a"])
    with pytest.raises(UsageError, match="is a file"):
        check_result_folder(tmp_path / "a", ["a"])
    with pytest.raises(UsageError, match="no folder"):
        check_result_folder(tmp_path / "no" / "such", ["a"])
