"""`covey decompress` of folders of clips."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")
av = pytest.importorskip("av")


def _below(folder) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file()}


@pytest.fixture
def coded_folder(run, tmp_path, video_model, film, tone):
    """`out` with two .cvv files of films, one of them with audio, one deeper."""
    (tmp_path / "in" / "deep").mkdir(parents=True)
    film(tmp_path / "in" / "a.mkv", 6, audio=tone(tmp_path / "tone.mkv"))
    film(tmp_path / "in" / "deep" / "b.MKV.mp4", 5)
    run("compress", "in", "-o", "out", "--model", video_model, "--group", 3)


def test_a_folder_of_clips_and_back(run, tmp_path, video_model, coded_folder) -> None:
    """Laid out alike, as each comes out alone; what is there is left, what is older done anew."""
    back = ("decompress", "out", "-o", "back", "--model", video_model)
    facts = json.loads(run(*back, "--json").out)
    assert _below(tmp_path / "back") == {"a.mkv", "deep/b.MKV.mkv"}
    assert facts["outputs"] == ["back/a.mkv", "back/deep/b.MKV.mkv"]
    assert [(each["frames"], each["audio"]) for each in facts["clips"]] == [(6, True), (5, False)]
    assert (facts["failed"], facts["damaged"], facts["left"]) == ({}, {}, 0)
    run("decompress", "out/a.cvv", "-o", "alone.mkv", "--model", video_model)
    assert (tmp_path / "alone.mkv").read_bytes() == (tmp_path / "back" / "a.mkv").read_bytes()
    os.utime(tmp_path / "out" / "a.cvv", (2**32, 2**32))
    for left in (1, 2):
        facts = json.loads(run(*back, "--json").out)
        assert (facts["left"], facts["replaced"]) == (left, 2 - left)
    done = run(*back, "--clip-suffix", "y4m", "--overwrite")
    assert "Note: out/a.cvv has audio, which .y4m does not hold." in done.out
    assert "Wrote 2 files to back\n" in done.out
    assert "a.y4m" in _below(tmp_path / "back")
    for wrong, told in (
        (("--clip-suffix", "avi"), "--clip-suffix avi: clips are written as .mkv, .mp4"),
        (("--clip-suffix", "y4m", "--crf", 3), "--crf is for films by H.264, and .y4m is none"),
        (("--suffix", "webp"), "--suffix is for pictures, and out holds clips"),
        (("--start", 3), "--start is for one clip"),
    ):
        assert told in run(*back, *wrong, code=2).err
    one = ("decompress", "out/a.cvv", "-o", "b.mkv", "--clip-suffix", "mkv")
    assert "--clip-suffix is for folders" in run(*one, code=2).err


def test_damage_in_a_folder_of_clips(run, tmp_path, video_model, coded_folder) -> None:
    """What can be read is written, the rest told, and both are done anew by the next run."""
    data = (tmp_path / "out" / "a.cvv").read_bytes()
    changed = bytearray(data)
    changed[len(data) // 2] ^= 255
    (tmp_path / "out" / "a.cvv").write_bytes(changed)
    (tmp_path / "out" / "c.cvv").write_text("no clip")
    back = ("decompress", "out", "-o", "back", "--model", video_model)
    done = run(*back, "--json", code=3)
    facts = json.loads(done.out)
    assert "2 of 3 files are damaged or could not be read" in done.err
    assert (list(facts["damaged"]), list(facts["failed"])) == (["out/a.cvv"], ["out/c.cvv"])
    assert _below(tmp_path / "back") == {"a.mkv", "deep/b.MKV.mkv"}
    (tmp_path / "out" / "c.cvv").unlink()
    assert json.loads(run(*back, "--json", "--force").out)["left"] == 1
    (tmp_path / "out" / "a.cvv").write_bytes(data)
    assert json.loads(run(*back, "--json").out)["left"] == 1
    assert json.loads(run(*back, "--json").out)["left"] == 2


def test_an_interrupted_folder_of_clips_goes_on_back(
    run, tmp_path, video_model, film, started
) -> None:
    (tmp_path / "in").mkdir()
    film(tmp_path / "in" / "a.mp4", 3)
    film(tmp_path / "in" / "b.mp4", 50)
    run("compress", "in", "-o", "out", "--model", video_model, "--group", 16)
    command = ["decompress", "out", "-o", "back", "--model", video_model]
    process = started(command)
    first = tmp_path / "back" / "a.mkv"
    while process.poll() is None and not (first.exists() and len(list(first.parent.iterdir())) > 1):
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "1 of 2 clips are done" in told
    assert _below(tmp_path / "back") == {"a.mkv"}
    facts = json.loads(run(*command, "--json").out)
    assert (facts["left"], facts["clips"][0]["frames"]) == (1, 50)
