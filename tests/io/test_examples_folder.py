"""A folder of examples belongs to one plan and one folder of sets."""

from pathlib import Path

import numpy as np
import pytest

from covey.io.examples_folder import claim_examples
from covey.types import InputError, UsageError

PLAN = {"edge_views": 3, "seed": 0}


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    folder = tmp_path / "sets"
    folder.mkdir()
    np.savez(folder / "a.npz", embeddings=np.ones((2, 3)), labels=np.zeros(2, int))
    return folder


def _claim(work: Path, out: Path, sets: Path, plan: dict[str, int]) -> None:
    with claim_examples(work, out, sets, plan):
        assert (work / "plan.json").is_file()


def _keep_one(work: Path) -> None:
    (work / "edges").mkdir()
    (work / "edges" / "000000.npz").touch()


def test_goes_on_with_the_same_and_refuses_others(tmp_path: Path, sets: Path) -> None:
    work, out = tmp_path / "m.work", tmp_path / "m"
    _claim(work, out, sets, PLAN)
    _keep_one(work)
    _claim(work, out, sets, PLAN)
    with pytest.raises(UsageError, match="another plan"):
        _claim(work, out, sets, PLAN | {"seed": 1})
    np.savez(sets / "b.npz", embeddings=np.ones((2, 3)), labels=np.zeros(2, int))
    with pytest.raises(UsageError, match="other sets"):
        _claim(work, out, sets, PLAN)
    assert (work / "edges" / "000000.npz").exists()


@pytest.mark.parametrize("changed", ["embeddings", "labels"])
def test_other_sets_of_the_same_names_and_sizes_are_refused(
    tmp_path: Path, sets: Path, changed: str
) -> None:
    work, out = tmp_path / "m.work", tmp_path / "m"
    _claim(work, out, sets, PLAN)
    _keep_one(work)
    arrays = {"embeddings": np.ones((2, 3)), "labels": np.zeros(2, int)}
    arrays[changed][1] += 1
    before = (sets / "a.npz").read_bytes()
    np.savez(sets / "a.npz", **arrays)
    assert (sets / "a.npz").stat().st_size == len(before)
    with pytest.raises(UsageError, match="other sets"):
        _claim(work, out, sets, PLAN)
    (sets / "a.npz").write_bytes(before)  # newer, but the same
    _claim(work, out, sets, PLAN)


def test_a_folder_without_examples_is_free(tmp_path: Path, sets: Path) -> None:
    work, out = tmp_path / "m.work", tmp_path / "m"
    (sets / "b.npz").write_bytes(b"half")
    _claim(work, out, sets, PLAN)
    (work / "edges").mkdir()
    (work / ".plan.0123.tmp.json").write_text("of a killed process")
    (sets / "b.npz").unlink()
    _claim(work, out, sets, PLAN | {"seed": 1})
    (work / "edges" / "000000.npz").touch()
    with pytest.raises(UsageError, match="other sets"):
        _claim(work, out, sets, PLAN)


@pytest.mark.parametrize("plan", [None, b"\xff"])
def test_examples_of_an_unknown_plan_are_refused(
    tmp_path: Path, sets: Path, plan: bytes | None
) -> None:
    work, out = tmp_path / "m.work", tmp_path / "m"
    _claim(work, out, sets, PLAN)
    _keep_one(work)
    (work / "plan.json").unlink()
    if plan is not None:
        (work / "plan.json").write_bytes(plan)
    with pytest.raises(UsageError, match="another plan"):
        _claim(work, out, sets, PLAN)


def test_a_set_that_cannot_be_read_is_named(tmp_path: Path, sets: Path) -> None:
    (sets / "b.npz").mkdir()
    with pytest.raises(InputError, match=r"b\.npz: cannot be read: .*directory; mend it"):
        _claim(tmp_path / "w", tmp_path / "m", sets, PLAN)
    assert not (tmp_path / "w").exists()


def test_takes_no_folder_of_anything_else(tmp_path: Path, sets: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.png").touch()
    (tmp_path / "file").touch()
    for name, told in (
        ("photos", r"a\.png"),
        ("file", "--work"),
        ("no/w", "--work"),
        ("m", "--work"),
    ):
        with pytest.raises(UsageError, match=told):
            _claim(tmp_path / name, tmp_path / "m", sets, PLAN)
    with pytest.raises(InputError, match="no folder"):
        _claim(tmp_path / "w", tmp_path / "m", tmp_path / "file", PLAN)
    assert {path.name for path in tmp_path.iterdir()} == {"sets", "photos", "file"}


def test_two_at_once_are_kept_apart(tmp_path: Path, sets: Path) -> None:
    work, out = tmp_path / "m.work", tmp_path / "m"
    with claim_examples(work, out, sets, PLAN):
        for plan in (PLAN, PLAN | {"seed": 1}):
            with pytest.raises(UsageError, match=r"m.work: is in use by process \d+ on .*--work"):
                _claim(work, out, sets, plan)
        assert b'"seed": 0' in (work / "plan.json").read_bytes()
    _claim(work, out, sets, PLAN | {"seed": 1})
