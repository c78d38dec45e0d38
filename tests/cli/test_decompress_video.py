"""`covey decompress` of clips."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")
pytest.importorskip("av")


def test_a_folder_with_other_files_is_left_alone(run, tmp_path, video_model, film) -> None:
    film(tmp_path / "a.mp4", 2)
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model)
    (tmp_path / "mine").mkdir()
    run("decompress", "a.cvv", "-o", "mine", "--model", video_model)
    run("decompress", "a.cvv", "-o", "mine", "--model", video_model, "--overwrite")
    (tmp_path / "mine" / "letter.txt").write_text("Dear")
    done = run("decompress", "a.cvv", "-o", "mine", "--overwrite", "--model", video_model, code=2)
    assert "letter.txt" in done.err
    assert (tmp_path / "mine" / "letter.txt").read_text() == "Dear"


def test_some_frames_of_a_clip(run, tmp_path, video_model, film) -> None:
    film(tmp_path / "a.mp4")
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", 5)
    run("decompress", "a.cvv", "-o", "all", "--model", video_model)
    some = ("--start", 6, "--frames", 3)
    run("decompress", "a.cvv", "-o", "some", "--model", video_model, *some)
    whole = sorted((tmp_path / "all").glob("*.png"))[6:9]
    for a, b in zip(whole, sorted((tmp_path / "some").glob("*.png")), strict=True):
        np.testing.assert_array_equal(np.asarray(Image.open(a)), np.asarray(Image.open(b)))
    done = run("decompress", "a.cvv", "-o", "no", "--start", 99, "--model", video_model, code=3)
    assert "has no frame 99" in done.err


def test_damage_is_told(run, tmp_path, video_model, film) -> None:
    film(tmp_path / "a.mp4")
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", 4)
    data = bytearray((tmp_path / "a.cvv").read_bytes())
    data[len(data) // 2] ^= 255
    (tmp_path / "b.cvv").write_bytes(data)
    done = run("decompress", "b.cvv", "-o", "b", "--model", video_model, code=3)
    assert "is damaged" in done.out
    assert len(list((tmp_path / "b").glob("*.png"))) == 12
    run("decompress", "b.cvv", "-o", "c", "--model", video_model, "--force")
    (tmp_path / "d.cvv").write_bytes(data[: len(data) // 2])
    done = run("decompress", "d.cvv", "-o", "d", "--model", video_model, code=3)
    assert 4 <= len(list((tmp_path / "d").glob("*.png"))) < 12
