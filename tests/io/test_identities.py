"""Identities and cameras of tables, with codes in common."""

from pathlib import Path

import numpy as np

from covey.io.embeddings import read_embeddings
from covey.io.identities import IdentityFiles, read_identities


def test_equal_names_have_equal_codes(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(4))
    np.save(tmp_path / "q.npy", np.eye(4)[:3])
    np.save(tmp_path / "y.npy", np.array([30, 7, 30, -1]))
    (tmp_path / "qy.txt").write_text("7\nannie\n30\n")
    np.save(tmp_path / "c.npy", np.array([1, 1, 2, 2]))
    np.save(tmp_path / "qc.npy", np.array([2, 1, 3]))
    gallery = read_embeddings(tmp_path / "x.npy")
    queries = read_embeddings(tmp_path / "q.npy")
    one, other = read_identities(
        [
            IdentityFiles(gallery, tmp_path / "y.npy", tmp_path / "c.npy"),
            IdentityFiles(queries, tmp_path / "qy.txt", tmp_path / "qc.npy"),
        ]
    )
    assert one.items.labels[0] == one.items.labels[2] == other.items.labels[2]
    assert one.items.labels[1] == other.items.labels[0]
    assert one.items.labels[3] == -1
    assert other.items.labels[1] not in one.items.labels
    assert one.items.cameras is not None
    assert other.items.cameras is not None
    assert one.items.cameras[0] == other.items.cameras[1]
    assert one.items.cameras[2] == other.items.cameras[0]
    assert other.told(1) == "id annie · camera 1"
    assert one.told(3) == "id ? · camera 2"


def test_without_cameras_and_with_ids(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(3))
    (tmp_path / "ids.txt").write_text("a\nb\nc\n")
    (tmp_path / "y.csv").write_text("item_id,identity\nc,tim\na,eva\n")
    table = read_embeddings(tmp_path / "x.npy", ids=tmp_path / "ids.txt")
    (found,) = read_identities([IdentityFiles(table, tmp_path / "y.csv")])
    assert found.items.cameras is None
    assert [found.told(i) for i in range(3)] == ["id eva", "id ?", "id tim"]
