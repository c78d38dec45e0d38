"""`covey train codec`."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.image.config import SIZES
from covey.codec_weights import load_codec
from covey.training import codec

TRAIN = ("train", "codec", "--data", "photos", "-o", "m", "--steps", "2", "--batch", "1")
QUICK = ("--crop", "64", "--threads", "1")


@pytest.fixture
def photographs(tmp_path):
    (tmp_path / "photos").mkdir()
    rng = np.random.default_rng(0)
    for number in range(3):
        y, x = np.mgrid[:80, :90] / 9
        waves = 128 + 60 * np.sin(x + number * y)[:, :, None] + 9 * rng.normal(size=(80, 90, 3))
        pixels = np.clip(waves, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{number}.png")
    return tmp_path


def test_a_run_that_was_over_knows_how_good_it_is(
    covey, photographs, small_body, monkeypatch
) -> None:
    monkeypatch.setitem(SIZES, "S", small_body.config)
    monkeypatch.setattr(codec, "CodecPlan", partial(codec.CodecPlan, watched=4))

    def interrupted(*arguments, **options) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("covey.io.codec_folder.write_codec", interrupted)
        first = covey(*TRAIN, *QUICK)
    assert first.code == 130
    (told,) = (line for line in first.err.splitlines() if "step 2 of 2" in line)
    assert (photographs / "m.work").is_dir()
    second = covey(*TRAIN, *QUICK)
    assert second.code == 0, second.err
    assert "goes on from step 2 of 2" in second.err
    assert told.partition("a second: ")[2] in second.out
    config = json.loads((photographs / "m" / "config.json").read_text())
    points = config["about"]["validation"]
    assert [point["t"] for point in points] == list(range(10))
    card = (photographs / "m" / "README.md").read_text()
    assert f"| {points[9]['bits']:.3f} | {points[9]['psnr']:.2f} |" in card
    assert load_codec(photographs / "m").about == config["about"]
    assert not (photographs / "m.work").exists()
