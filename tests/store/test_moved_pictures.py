"""Pictures that were moved, found again at the same places below another folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from covey.store.moved_pictures import UNMOVED, find_moved
from covey.types import UsageError

_NAMES = ("one/a.png", "one/b.png", "two/a.png", "two/deep/c.png")


def written(folder: Path) -> list[str]:
    paths = [folder / name for name in _NAMES]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return [str(path) for path in paths]


def test_a_folder_of_another_name(tmp_path: Path) -> None:
    pictures = written(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "new")
    found = find_moved([*pictures, None, ""], tmp_path / "new")
    assert (found.old, found.new) == (tmp_path / "old", tmp_path / "new")
    assert (found.missing, found.found) == (4, 4)
    for name, picture in zip(_NAMES, pictures, strict=True):
        assert found.now_at(Path(picture)) == tmp_path / "new" / name


def test_the_folder_above(tmp_path: Path) -> None:
    pictures = written(tmp_path / "disk" / "old")
    (tmp_path / "disk").rename(tmp_path / "other")
    for below in ("other", "other/old"):
        found = find_moved(pictures, tmp_path / below)
        assert found.found == 4
        assert found.now_at(Path(pictures[3])) == tmp_path / "other" / "old" / _NAMES[3]


def test_what_stayed_is_left_alone(tmp_path: Path) -> None:
    pictures = written(tmp_path / "old")
    (tmp_path / "old" / "two").rename(tmp_path / "new")
    (tmp_path / "new" / "deep" / "c.png").unlink()
    found = find_moved(pictures, tmp_path / "new")
    assert (found.missing, found.found) == (2, 1)
    assert found.now_at(Path(pictures[0])) == Path(pictures[0])
    assert found.now_at(Path(pictures[2])) == tmp_path / "new" / "a.png"


def test_pictures_of_the_same_name_elsewhere_are_others(tmp_path: Path) -> None:
    pictures = written(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "gone")
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "a.png").write_bytes(b"")
    with pytest.raises(UsageError, match=r"has none of the 4 pictures .* stands for"):
        find_moved(pictures, tmp_path / "flat")


def test_nothing_to_find(tmp_path: Path) -> None:
    pictures = written(tmp_path / "old")
    assert find_moved([*pictures, None], tmp_path) == UNMOVED
    assert UNMOVED.now_at(Path(pictures[0])) == Path(pictures[0])
    with pytest.raises(UsageError, match="is no folder"):
        find_moved(pictures, tmp_path / "nothing")
