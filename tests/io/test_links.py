"""Groups as folders of links."""

import os

import numpy as np
import pytest

from covey.io import links
from covey.io.links import link_groups
from covey.types import Clustering, InputError, UsageError


@pytest.fixture
def photos(tmp_path):
    base = tmp_path / "photos"
    ids = ["a/x.jpg", "b/x.jpg", "b/X.JPG", "x-2.jpg", "a/y.jpg", "z", "b/y.jpg"]
    for name in ids:
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(name)
    return base, ids


def clustering(labels):
    return Clustering(np.array(labels), np.ones(len(labels), np.float32))


GROUPS = clustering([0, 0, 0, 0, 1, -1, 2])


def contents(folder):
    return {
        f"{path.parent.name}/{path.name}": path.read_text()
        for path in folder.rglob("*")
        if path.is_file() and path.parent != folder
    }


def test_links_point_to_their_files_without_collisions(tmp_path, photos):
    base, ids = photos
    report = link_groups(tmp_path / "out", GROUPS, ids, base=base)
    assert (report.kind, report.n_files, report.n_folders) == ("symlink", 7, 3)
    found = contents(tmp_path / "out")
    assert sorted(found.values()) == sorted(ids)
    assert {path.split("/")[0] for path in found} == {"cluster_00000", "singletons", "noise"}
    assert found["noise/z"] == "z"
    assert found["singletons/y.jpg"] == "a/y.jpg"
    assert found["singletons/y-2.jpg"] == "b/y.jpg"
    grouped = [path.casefold() for path in found if path.startswith("cluster")]
    assert len(set(grouped)) == len(grouped) == 4


def test_absolute_ids_and_links_survive_a_move(tmp_path, photos):
    base, ids = photos
    link_groups(tmp_path / "out", GROUPS, [str(base / name) for name in ids])
    os.rename(tmp_path / "out", tmp_path / "moved")
    assert sorted(contents(tmp_path / "moved").values()) == sorted(ids)


@pytest.mark.parametrize("kind", ["hardlink", "copy"])
def test_fall_back_where_links_are_refused(tmp_path, photos, monkeypatch, kind):
    base, ids = photos

    def refuse(*args):
        raise OSError("not here")

    monkeypatch.setattr(links.os, "symlink", refuse)
    if kind == "copy":
        monkeypatch.setattr(links.os, "link", refuse)
    report = link_groups(tmp_path / "out", GROUPS, ids, base=base)
    assert report.kind == kind
    assert sorted(contents(tmp_path / "out").values()) == sorted(ids)
    inode = (tmp_path / "out/noise/z").stat().st_ino
    assert (inode == (base / "z").stat().st_ino) == (kind == "hardlink")


def test_missing_files_are_listed_and_nothing_is_made(tmp_path, photos):
    base, ids = photos
    (base / ids[1]).unlink()
    (base / ids[5]).unlink()
    with pytest.raises(InputError, match=r"2 of 7 files are not in .*: b/x.jpg, z;"):
        link_groups(tmp_path / "out", GROUPS, ids, base=base)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["photos"]


def test_only_folders_of_links_are_replaced(tmp_path, photos):
    base, ids = photos
    out = tmp_path / "out"
    link_groups(out, GROUPS, ids, base=base)
    with pytest.raises(UsageError, match="exists already"):
        link_groups(out, GROUPS, ids, base=base)
    link_groups(out, clustering([0] * 7), ids, base=base, overwrite=True)
    assert {path.split("/")[0] for path in contents(out)} == {"cluster_00000"}
    with pytest.raises(UsageError, match="not made by Covey"):
        link_groups(base, GROUPS, ids, base=base, overwrite=True)
    assert all((base / name).is_file() for name in ids)


def test_few_items(tmp_path):
    empty = clustering(np.empty(0, np.int64))
    assert link_groups(tmp_path / "out", empty, []).n_files == 0
    assert (tmp_path / "out").is_dir()
    with pytest.raises(UsageError, match="1 paths were given for 0"):
        link_groups(tmp_path / "out2", empty, ["a"])
