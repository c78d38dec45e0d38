"""`covey codec bench` of a clip."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")
pytest.importorskip("av")

from covey.codec_bench.av_settings import AV_SETTINGS
from covey.codec_bench.curves import curve_of

_FILES = ["bench.html", "bench.json", "prediction.png"]


@pytest.fixture
def run(covey, video_model, tmp_path, film):
    """Runs the command with the model; it must end with a code, 0 if not told otherwise."""
    film(tmp_path / "a.y4m", 8)

    def call(*arguments, code=0):
        done = covey("codec", "bench", *arguments, "--model", video_model)
        assert done.code == code, done
        return done

    return call


def test_a_film(run, tmp_path) -> None:
    arguments = ("a.y4m", "-o", "out", "--points", 3, "--max-frames", 6)
    done = run(*arguments)
    assert "6 frames of 64 x 48 pixels, 25 a second" in done.out
    assert "only the first 6 frames of about 8 are compared" in done.out
    assert "seconds a frame on one thread" in done.out
    assert re.search(r"^x264 medium, 4:4:4 +(no overlap|[+-][\d.]+%)", done.out, re.MULTILINE)
    assert re.search(r"^  refined: what the model does: [\d.]+ dB$", done.out, re.MULTILINE)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == _FILES

    facts = json.loads((tmp_path / "out" / "bench.json").read_text())
    there = [each.name for some in AV_SETTINGS.values() for each in some]
    there = [each for each in there if each not in facts["missing"]]
    assert list(facts["curves"]) == ["Covey, effort 1", *there]
    assert (facts["clip"], facts["frames"], facts["at_once"]) == ("a.y4m", 6, 1)
    for curve in facts["curves"].values():
        points = curve_of(curve).points
        assert len(points) == 3
        for point in points:
            (whole,) = point.images
            assert point.bpp == pytest.approx(8 * whole.bytes / (6 * 64 * 48))
            assert point.encode_seconds is not None
    shown = facts["prediction"]["frames"]
    assert facts["prediction"]["quality"] == 50
    assert [each["number"] for each in shown] == [1, 2, 4, 5]
    for each in shown:
        assert list(each["psnr"]) == ["before", "flow", "filter", "fused", "refined"]

    with Image.open(tmp_path / "out" / "prediction.png") as sheet:
        assert sheet.width > 6 * 380
    page = (tmp_path / "out" / "bench.html").read_text()
    assert page.count("<svg viewBox") == 1 + len(there) + 2  # of the key; PSNR in two widths
    assert "MS-SSIM" not in page
    assert '<a href="prediction.png"><img src="data:image/webp;base64,' in page
    assert f"the brightest is {facts['prediction']['scale']} levels" in page
    assert "<script" not in page
    assert "http" not in re.sub(r"http-equiv|base64,[\w+/=]+", "", page)

    run(*arguments[:-2], "--max-frames", 1)  # again, over the old ones
    assert json.loads((tmp_path / "out" / "bench.json").read_text())["frames"] == 1
    assert "prediction.png" not in (tmp_path / "out" / "bench.html").read_text()


def test_a_folder_of_frames_is_a_clip_where_that_is_said(run, tmp_path) -> None:
    (tmp_path / "f").mkdir()
    for n in range(3):
        pixels = np.full((33, 47, 3), 60 * n, np.uint8)
        pixels[5:20, 5 + n : 20 + n] = 200
        Image.fromarray(pixels).save(tmp_path / "f" / f"{n}.png")
    before = sorted(tmp_path.rglob("*"))
    facts = run("f", "--video", "--points", 2, "--formats", "X264, av1", "--json").json
    assert sorted(tmp_path.rglob("*")) == before
    assert (facts["width"], facts["height"], facts["frames"]) == (47, 33, 3)
    names = ["Covey, effort 1", "x264 medium, 4:2:0", "x264 medium, 4:4:4"]
    assert list(facts["curves"]) == [*names, "SVT-AV1 preset 8, 4:2:0"]
    assert facts["outputs"] == []
    assert facts["coders"][0]["against"] is None
    assert "images" not in facts["curves"]["x264 medium, 4:2:0"]["points"][0]


def test_several_settings_at_a_time_are_not_timed(run) -> None:
    arguments = ("a.y4m", "--points", 2, "--formats", "x264", "--json")
    alone, beside = run(*arguments).json, run(*arguments, "--threads", 2).json
    assert (alone["at_once"], beside["at_once"]) == (1, 2)
    for a, b in zip(alone["coders"], beside["coders"], strict=True):
        assert a["encode"] is not None
        assert b["encode"] is None
    for name, curve in alone["curves"].items():
        for a, b in zip(curve["points"], beside["curves"][name]["points"], strict=True):
            assert (a["bpp"], a["psnr"]) == (b["bpp"], b["psnr"])


def test_coders_that_refuse_small_frames_are_named(run, tmp_path, film) -> None:
    film(tmp_path / "small.y4m", 2, 9, 7)
    done = run("small.y4m", "--points", 2)
    told = "Left out: x265 medium, 4:2:0 refuses frames of 10 x 8 pixels: Invalid argument."
    assert told in done.out
    assert re.search("^x264 medium, 4:2:0", done.out, re.MULTILINE)


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("a.y4m", "--formats", "x264,vp9"), 2, "'vp9' is none of x264, x265, av1"),
        (("a.y4m", "--formats", "jpeg"), 2, "'jpeg' is none of x264, x265, av1"),
        (("a.y4m", "--max-images", "2"), 2, "--max-images is for pictures"),
        (("a.y4m", "--effort", "2"), 2, "--effort 2 is for pictures"),
        (("a.y4m", "--max-frames", "0"), 2, "--max-frames"),
        (("a.y4m", "--max-pixels", "99"), 3, "a.y4m: has 64 x 48 pixels, more than 99"),
        (("a.y4m", "-o", "a.y4m"), 2, "a.y4m: is a file; name a folder"),
        (("a.png", "--max-frames", "2"), 2, "--max-frames is for clips"),
        (("text.mp4",), 3, "text.mp4: cannot be read as a video"),
        (("text.mkw", "--video"), 3, "text.mkw: cannot be read as a video"),
        (("none.mkv",), 3, "none.mkv: there is no such file or folder"),
        (("empty", "--video"), 3, "empty: has no PNG or JPEG files to take as frames"),
    ],
)
def test_refusals(run, tmp_path, args, code, words) -> None:
    (tmp_path / "empty").mkdir()
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    for name in ("text.mp4", "text.mkw"):
        (tmp_path / name).write_text("It is a text.\n" * 20)
    run(*args, code=code).refused(code, words)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("wait", [2.0, 6.0])  # while libraries load, and while frames are coded
def test_ctrl_c_leaves_nothing(tmp_path, video_model, wait, film) -> None:
    film(tmp_path / "a.mp4", 60, 320, 192)
    arguments = ["a.mp4", "-o", "out", "--model", video_model, "--points", "50"]
    process = subprocess.Popen(
        [sys.executable, "-m", "covey", "codec", "bench", *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    time.sleep(wait)
    assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    told, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told == ""
    assert error.endswith("covey: interrupted: nothing was left half-written\n")
    assert {path.name for path in tmp_path.iterdir()} == {"a.mp4"}


@pytest.mark.data
def test_the_codec_that_ships_on_a_clip_that_was_never_compressed(covey, tmp_path) -> None:
    import os
    from pathlib import Path

    root = os.environ.get("COVEY_DATA")
    frames = Path(root or "") / "codec" / "video" / "BasketballPass"
    if not root or not frames.is_dir():
        pytest.skip("COVEY_DATA names no folder with codec/video/BasketballPass")
    arguments = ("--video", "--max-frames", 5, "--points", 2, "--json", "-o", "out")
    done = covey("codec", "bench", frames, *arguments)
    assert done.code == 0, done
    for each in done.json["prediction"]["frames"]:
        assert each["psnr"]["flow"] > each["psnr"]["before"]
        assert each["psnr"]["refined"] > each["psnr"]["before"]
    assert set(done.json["missing"]) | set(done.json["skipped"]) == set()
    for row in done.json["coders"][1:]:
        assert row["against"]["psnr"] is not None
        assert row["encode"] < done.json["coders"][0]["encode"]
