"""`covey codec bench`."""

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

from covey.codec_bench.curves import curve_of


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in" / "sub").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number, name in enumerate(("a.png", "b.webp", "sub/c.png")):
        y, x = np.mgrid[: 60 + 60 * number, : 80 + 60 * number] / (5 + number)
        waves = 128 + 100 * np.sin(x[:, :, None] + y[:, :, None] * [1, 2, 3])
        pixels = np.clip(waves + rng.normal(size=waves.shape) * 3, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / name)
    return tmp_path


@pytest.fixture
def run(covey, codec_model):
    """Runs the command with the model; it must end with a code, 0 if not told otherwise."""

    def call(*arguments, code=0):
        done = covey("codec", "bench", *arguments, "--model", codec_model)
        assert done.code == code, done
        return done

    return call


def test_a_folder(run, folder) -> None:
    (folder / "in" / "bad<b>.jpg").write_bytes(b"junk")
    arguments = ("in", "-o", "out", "--points", "3", "--formats", "jpeg,webp", "--threads", "2")
    done = run(*arguments)
    assert "3 pictures of 0.06 megapixels" in done.out
    assert "Left out: in/bad<b>.jpg: cannot be read as a picture" in done.out
    assert re.search(r"^JPEG +(no overlap|[+-][\d.]+%)", done.out, re.MULTILINE)
    assert sorted(path.name for path in (folder / "out").iterdir()) == ["bench.html", "bench.json"]

    facts = json.loads((folder / "out" / "bench.json").read_text())
    assert list(facts["curves"]) == ["Covey, effort 1", "JPEG", "WebP, method 6"]
    assert facts["pictures"] == ["a.png", "b.webp", "sub/c.png"]
    assert list(facts["skipped"]) == ["bad<b>.jpg"]
    assert facts["at_once"] == 2
    for curve in facts["curves"].values():
        assert len(curve["points"]) == 3
        for point in curve["points"]:
            assert [each["image"] for each in point["images"]] == facts["pictures"]
            assert [each["ms_ssim"] is None for each in point["images"]] == [True, True, False]
        assert curve_of(curve).psnrs[0] == [point["bpp"] for point in curve["points"]]

    page = (folder / "out" / "bench.html").read_text()
    assert page.count("<svg viewBox") == 3 + 4  # of the key, and two charts in two widths each
    assert facts["coders"][1]["version"] in page
    assert "in/bad&lt;b&gt;.jpg" in page
    assert "<b>" not in page
    assert "<script" not in page
    assert "http" not in re.sub(r"http-equiv", "", page)

    run(*arguments[:-2], "--threads", "1")  # again, over the old ones
    assert json.loads((folder / "out" / "bench.json").read_text())["at_once"] == 1


def test_one_picture_as_json_writes_nothing(run, folder) -> None:
    before = sorted(folder.rglob("*"))
    done = run("in/a.png", "--points", "2", "--formats", "jpeg", "--effort", "0", "--json")
    assert sorted(folder.rglob("*")) == before
    facts = done.json
    assert facts["pictures"] == ["a.png"]
    assert facts["outputs"] == []
    assert [each["name"] for each in facts["coders"]] == ["Covey, effort 0", "JPEG"]
    assert facts["coders"][0]["against"] is None
    assert set(facts["coders"][1]["against"]) == {"psnr", "ms_ssim"}
    assert "images" not in facts["curves"]["JPEG"]["points"][0]


def test_formats_that_are_not_there_are_named(run, folder) -> None:
    from covey.codec_bench.formats import FORMATS

    missing = {each.name for each in FORMATS.values() if each.why_missing()}
    facts = run("in/a.png", "--points", "2", "--json").json
    assert set(facts["missing"]) == missing
    there = {each.name for each in FORMATS.values()} - missing
    assert set(facts["curves"]) == there | {"Covey, effort 1"}


def test_no_more_pictures_than_wanted(run, folder) -> None:
    facts = run("in", "--points", "2", "--formats", "jpeg", "--max-images", "2", "--json").json
    assert facts["pictures"] == ["a.png", "b.webp"]


@pytest.mark.parametrize(
    ("args", "code", "words"),
    [
        (("in", "--formats", "jpeg,gif"), 2, "'gif' is none of jpeg, webp"),
        (("in", "-o", "in/a.png"), 2, "in/a.png: is a file; name a folder"),
        (("in", "-o", "no/where"), 2, "there is no folder no"),
        (("in", "--points", "1"), 2, "--points"),
        (("nothing",), 3, "nothing: there is no such file or folder"),
        (("in/bad.txt",), 3, "in/bad.txt: cannot be read as a picture"),
        (("in/bad.txt",), 3, "; if it is a clip, --video says so"),
        (("empty",), 3, "empty: holds no photographs"),
        (("in", "--max-pixels", "100"), 3, "none of the pictures can be coded"),
    ],
)
def test_refusals(run, folder, args, code, words) -> None:
    (folder / "empty").mkdir()
    (folder / "in" / "bad.txt").write_bytes(b"junk")
    run(*args, code=code).refused(code, words)
    assert not (folder / "out").exists()


@pytest.mark.parametrize("wait", [1.5, 6.0])  # while libraries load, and while pictures are coded
def test_ctrl_c_leaves_nothing(folder, codec_model, wait) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (900, 900, 3)).astype(np.uint8)
    for name in "abc":
        Image.fromarray(pixels).save(folder / "in" / f"large-{name}.png")
    arguments = ["in", "-o", "out", "--model", codec_model, "--points", "100", "--threads", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "covey", "codec", "bench", *arguments],
        cwd=folder,
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
    assert {path.name for path in folder.iterdir()} == {"in"}


def test_without_a_command_the_help_is_shown(covey) -> None:
    done = covey("codec")
    assert done.code == 2
    assert "codec bench" in covey("codec", "bench", "--help").out
