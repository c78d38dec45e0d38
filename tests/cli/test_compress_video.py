"""`covey compress` of a clip, `covey info` of its file, and what is refused."""

from __future__ import annotations

import json

import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")
pytest.importorskip("av")

from covey.io.videos import open_video


def test_there_and_back(run, tmp_path, video_model, film) -> None:
    film(tmp_path / "a.mp4")
    done = run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", 5, "--json")
    facts = json.loads(done.out)
    assert facts["bytes"] == (tmp_path / "a.cvv").stat().st_size
    assert (facts["width"], facts["height"], facts["frames"]) == (64, 48, 12)
    assert sum(facts["kinds"].values()) == 12
    assert facts["kinds"]["picture"] >= 3
    assert len(facts["rates"]) == 3
    for name in ("b.mp4", "b.mkv", "b.y4m"):
        run("decompress", "a.cvv", "-o", name, "--model", video_model)
        first = (tmp_path / name).read_bytes()
        (tmp_path / name).unlink()
        done = run("decompress", "a.cvv", "-o", name, "--model", video_model)
        assert f"Wrote 12 frames to {name}" in done.out
        assert (tmp_path / name).read_bytes() == first
        with open_video(tmp_path / name) as source:
            assert (source.width, source.height, len(list(source.frames()))) == (64, 48, 12)
    run("decompress", "a.cvv", "-o", "b", "--model", video_model)
    assert len(list((tmp_path / "b").glob("*.png"))) == 12
    assert not list(tmp_path.glob("*.part"))
    assert (
        "a.cvv: exists already"
        in run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, code=2).err
    )


def test_a_folder_of_frames(run, tmp_path, video_model, wave_frames) -> None:
    (tmp_path / "in").mkdir()
    for n, pixels in wave_frames(12):
        if n != 3:
            Image.fromarray(pixels).save(tmp_path / "in" / f"f{n}.png")
    done = run(
        "compress", "in", "-o", "a.cvv", "--model", video_model, "--frame-rate", "30000/1001"
    )
    assert "Note: in lacks 1 of its numbers, between f2 and f4; the frames that are" in done.out
    assert "Wrote 11 frames" in run("decompress", "a.cvv", "-o", "b", "--model", video_model).out
    assert "11 frames, 29.97 a second" in run("info", "a.cvv").out
    facts = json.loads(run("compress", "in", "-o", "c.cvv", "--model", video_model, "--json").out)
    assert facts["frame_rate"] == 25


@pytest.mark.parametrize(
    ("target", "told"),
    [
        (("--bitrate", 90), "90 bits a second are too few; of the smallest file frames take"),
        (("--bpp", 0.001), "0.001 bits a pixel are too few; the smallest file has 0."),
        (("--size", 230), "230 bytes are too few; the smallest file has"),
        (("--size", 90), "12 frames 6 each or more"),
        (("--psnr", 99), "a PSNR of 99 dB cannot be reached; the highest is"),
    ],
)
def test_targets_that_cannot_be_met(run, tmp_path, video_model, target, told, film) -> None:
    film(tmp_path / "a.mp4")
    done = run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, *target, code=3)
    assert told in done.err
    assert list(tmp_path.iterdir()) == [tmp_path / "a.mp4"]


def test_info(run, tmp_path, video_model, film) -> None:
    film(tmp_path / "a.mp4")
    run("compress", "a.mp4", "-o", "a.cvv", "--model", video_model, "--group", 5)
    told = run("info", "a.cvv").out
    assert "64 x 48 pixels, 12 frames, 25 a second" in told
    assert "in 3 groups" in told
    assert "sound: all of it is there" in told
    facts = json.loads(run("info", "a.cvv", "--json").out)
    assert facts["model"] is None, "by another codec than the one that ships"
    clip = facts["clip"]
    assert clip["bytes"] == (tmp_path / "a.cvv").stat().st_size
    assert sum(clip["kinds"].values()) == clip["frames"] == 12
    data = bytearray((tmp_path / "a.cvv").read_bytes())
    data[len(data) // 2] ^= 255
    (tmp_path / "b.cvv").write_bytes(data)
    assert "damaged: " in run("info", "b.cvv").out
    told = run("info", video_model).out
    assert "a video codec by covey train video" in told
    assert "adds to: the image codec" in told
    assert "--k is for embeddings" in run("info", "a.cvv", "--k", 3, code=2).err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("compress", "none.mp4", "-o", "a.cvv"), "there is no such file"),
        (("compress", "text.mp4", "-o", "a.cvv"), "text.mp4: cannot be read as a video"),
        (("compress", "a.mp4", "-o", "a.cvv", "--effort", 2), "--effort 2 is for pictures"),
        (("compress", "a.mp4", "-o", "a.cvv", "--region", "m.png"), "--region is for pictures"),
        (("compress", "a.mp4", "-o", "a.cvv", "--region-gain", 3), "--region-gain is for pictures"),
        (("compress", "a.mp4", "-o", "a.cvv", "--target-total", 9), "--target-total is for"),
        (("compress", "a.mp4", "-o", "a.cvv", "--frame-rate", 9), "a.mp4 says its own"),
        (("compress", "a.mp4", "-o", "a.cvv", "--frame-rate", "0/0"), "'0/0' is no frame rate"),
        (("compress", "a.png", "-o", "a.cvi", "--frame-rate", 9), "is for a folder of frames"),
        (("decompress", "text.cvv", "-o", "b.mp4", "--suffix", ".png"), "--suffix is for folders"),
        (("compress", "a.mp4", "-o", "a.cvv", "--bpp", 1, "--psnr", 30), "cannot both be met"),
        (("compress", "a.png", "-o", "a.cvi", "--bitrate", "1M"), "--bitrate is for clips"),
        (("compress", "a.png", "-o", "a.cvi", "--no-audio"), "--audio is for clips"),
        (("decompress", "a.cvi", "-o", "a.png", "--start", 2), "--start is for one clip"),
        (("decompress", "text.cvv", "-o", "b.mp4"), "text.cvv: is no .cvv file"),
        (("decompress", "none.cvv", "-o", "b.mp4"), "none.cvv: cannot be read"),
    ],
)
def test_refusals(covey, tmp_path, video_model, arguments, told) -> None:
    for name in ("text.mp4", "text.cvv", "a.png", "a.mp4", "a.cvi"):
        (tmp_path / name).write_text("It is a text.\n" * 20)
    done = covey(*arguments, "--model", video_model)
    assert done.code in (2, 3), done
    assert told in done.err
    assert not (tmp_path / "a.cvv").exists()


def test_a_pattern_is_no_clip(run, tmp_path, video_model) -> None:
    done = run("compress", "f%03d.png", "-o", "a.cvv", "--model", video_model, code=3)
    assert "there is no such file or folder" in done.err


def test_threads_are_those_that_memory_holds(run, tmp_path, video_model, film, monkeypatch) -> None:
    """Both ways."""
    film(tmp_path / "a.mp4", 2)
    asked = []

    def fit(height: int, width: int, group: int, wanted: int) -> int:
        asked.append((height, width, group, wanted))
        return 1

    monkeypatch.setattr("covey.video_threads.threads_that_fit", fit)
    common = ["--model", video_model, "--threads", 3]
    run("compress", "a.mp4", "-o", "a.cvv", "--group", 5, *common)
    run("decompress", "a.cvv", "-o", "b.mkv", *common)
    assert asked == [(48, 64, 5, 3), (48, 64, 2, 3)]
