"""`covey compress` of folders of clips."""

from __future__ import annotations

import json
import os

import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")
pytest.importorskip("av")


@pytest.fixture
def collection(tmp_path, film, wave_frames):
    """`collection(pictures=True)`: a folder of clips and, if so wanted, pictures."""

    def make(*, pictures: bool = True) -> None:
        (tmp_path / "in" / "deep").mkdir(parents=True)
        film(tmp_path / "in" / "a.mp4", 6)
        film(tmp_path / "in" / "deep" / "b.MKV.mkv", 5)
        if pictures:
            Image.fromarray(wave_frames(1)[0][1]).save(tmp_path / "in" / "a.png")

    return make


def _below(folder) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


def test_a_folder_of_clips(run, tmp_path, video_model, collection) -> None:
    collection(pictures=False)
    (tmp_path / "in" / "bad.mp4").write_text("no film")
    done = run("compress", "in", "-o", "out", "--model", video_model, "--json", code=3)
    assert "1 of 3 files could not be compressed" in done.err
    assert _below(tmp_path / "out") == {"a.cvv", "deep/b.MKV.cvv"}
    facts = json.loads(done.out)
    assert [each["frames"] for each in facts["clips"]] == [6, 5]
    assert "cannot be read as a video" in facts["failed"]["in/bad.mp4"]
    assert facts["files"] == []
    sizes = sum(each.stat().st_size for each in (tmp_path / "out").rglob("*.cvv"))
    assert facts["bytes"] == sizes
    (tmp_path / "in" / "bad.mp4").unlink()
    facts = json.loads(run("compress", "in", "-o", "out", "--model", video_model, "--json").out)
    assert (facts["left"], facts["clips"], facts["replaced"]) == (2, [], 0)
    os.utime(tmp_path / "in" / "a.mp4", (2**32, 2**32))
    for left in (1, 2):
        facts = json.loads(run("compress", "in", "-o", "out", "--model", video_model, "--json").out)
        assert (facts["left"], facts["replaced"]) == (left, 2 - left)
    run("compress", "in/a.mp4", "-o", "alone.cvv", "--model", video_model)
    assert (tmp_path / "alone.cvv").read_bytes() == (tmp_path / "out" / "a.cvv").read_bytes()
    done = run("compress", "in", "-o", "b.cvv", "--model", video_model, code=3)
    assert "for a folder of clips name a folder to write" in done.err


def test_a_folder_of_clips_and_pictures(run, tmp_path, video_model, collection) -> None:
    """By the codecs that ship: a folder of a codec is of one kind."""
    collection()
    for wrong, told in (
        (("--model", video_model), "holds pictures and clips; do them apart"),
        (("--bitrate", "1M"), "holds pictures and clips; do them apart"),
        (("--target-total", "1M"), "--target-total is for pictures, and in holds clips"),
        (("--effort", 2), "--effort 2 is for pictures, and in holds clips"),
        (("--frame-rate", 2), "--frame-rate is for a folder of frames"),
    ):
        assert told in run("compress", "in", "-o", "out", *wrong, code=2).err
    done = run("compress", "in", "-o", "out", "--quality", 5, "--group", 4)
    assert _below(tmp_path / "out") == {"a.cvi", "a.cvv", "deep/b.MKV.cvv"}
    assert "Wrote 3 files to out" in done.out
    assert "6 frames (" in done.out
    (tmp_path / "in" / "a.png").write_text("no picture")
    os.utime(tmp_path / "in" / "a.png", (2**32, 2**32))
    done = run("compress", "in", "-o", "out", "--quality", 5, "--json", code=3)
    facts = json.loads(done.out)
    assert (list(facts["failed"]), facts["left"]) == (["in/a.png"], 2)
    told = run("decompress", "out", "-o", "back", "--model", video_model, code=2).err
    assert "out holds pictures and clips; do them apart" in told
    done = run("decompress", "out", "-o", "back")
    assert "Wrote 3 files to back" in done.out
    assert _below(tmp_path / "back") == {"a.png", "a.mkv", "deep/b.MKV.mkv"}
