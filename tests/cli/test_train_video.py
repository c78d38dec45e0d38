"""`covey train video`, and the folder that it makes."""

from __future__ import annotations

import json
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")
pytest.importorskip("av")

from covey.io.video_codec_folder import write_video_codec
from covey.io.videos_out import write_video
from covey.types import InputError
from covey.video_weights import load_video_codec


@pytest.fixture
def learned(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "photographs").mkdir()
    for number in range(3):
        y, x = np.mgrid[:240, :260] / 20.0
        waves = np.stack([np.sin(a * x + b * y) for a, b in rng.normal(size=(3, 2))], -1)
        pixels = np.clip(128 + 90 * waves + rng.normal(size=waves.shape) * 8, 0, 255)
        Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "photographs" / f"{number}.png")
    (tmp_path / "clips").mkdir()
    frames = [(n, np.roll(pixels.astype(np.uint8), n, 1)[:160, :192]) for n in range(50)]
    rate = Fraction(25)
    write_video(
        tmp_path / "clips" / "a.mp4",
        iter(frames),
        time_base=1 / rate,
        frame_rate=rate,
        size=(192, 160),
    )
    return tmp_path


def _training(codec_model: str, out: str) -> tuple[object, ...]:
    sizes = ("--steps", 10, "--scenes", 20, "--batch", 2)
    data = ("--data", "photographs", "--clips", "clips", "--image", codec_model)
    return ("train", "video", *data, "-o", out, *sizes, "--json")


@pytest.mark.slow
def test_training_makes_a_codec(run, learned, codec_model, film) -> None:
    facts = json.loads(run(*_training(codec_model, "m")).out)
    assert "20, made of 3 photographs" in facts["about"]["scenes"]
    codec = load_video_codec(learned / "m")
    assert codec.mark.hex() == facts["mark"]
    assert not (learned / "m.work").exists()
    film(learned / "a.mp4", 3)
    run("compress", "a.mp4", "-o", "a.cvv", "--model", "m")
    run("decompress", "a.cvv", "-o", "b.y4m", "--model", "m")


@pytest.mark.slow
def test_training_goes_on_from_a_codec(run, learned, codec_model) -> None:
    first = json.loads(run(*_training(codec_model, "m")).out)
    on = json.loads(run(*_training(codec_model, "n"), "--from", "m").out)
    assert on["about"]["begun from"] == first["mark"]
    still = json.loads(run(*_training(codec_model, "o"), "--branch", "copy").out)
    assert load_video_codec(learned / "o").config.branch == "copy"
    assert still["mark"] != first["mark"]


def test_the_folder_of_a_codec(small_video_codec, video_model, tmp_path) -> None:
    codec = load_video_codec(video_model)
    assert codec.mark == small_video_codec.mark
    assert codec.image.mark == small_video_codec.image.mark
    with pytest.raises(InputError, match="there is no such folder"):
        load_video_codec(tmp_path / "none")
    write_video_codec(tmp_path / "m", codec, "x")
    config = json.loads((tmp_path / "m" / "config.json").read_text())
    config["image"] = "00000000"
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="adds to the image codec 00000000"):
        load_video_codec(tmp_path / "m")
    config["motion"]["branch"] = "both"
    (tmp_path / "m" / "config.json").write_text(json.dumps(config))
    with pytest.raises(InputError, match="branch must be one of"):
        load_video_codec(tmp_path / "m")
