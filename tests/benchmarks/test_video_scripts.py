"""What the scripts of video read and compute."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")
pytest.importorskip("av")

from covey.codec_bench.held_clip import HeldClip
from raw_clips import raw_frames
from video import OTHERS, _psnr, by_other, compared
from video_prediction import _near_edges, _psnrs


def test_yuv_is_read_by_bt601(tmp_path) -> None:
    """White, black and red of limited range."""
    width, height = 8, 4
    frames = []
    for y, u, v in ((235, 128, 128), (16, 128, 128), (81, 90, 240)):
        frames.append(np.full(width * height, y, np.uint8))
        frames += [np.full(width * height // 4, each, np.uint8) for each in (u, v)]
    np.concatenate(frames).tofile(tmp_path / "clip_8x4_25fps.yuv")
    white, black, red = raw_frames(tmp_path / "clip_8x4_25fps.yuv", "clip_8x4_25fps")
    assert white.shape == (height, width, 3)
    assert (white == 255).all()
    assert (black == 0).all()
    assert np.abs(red.astype(int) - [255, 0, 0]).max() <= 2


@pytest.mark.parametrize("name", OTHERS)
def test_other_coders_get_better_with_more_bytes(name) -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:64, :96] / 7.0
    still = np.stack([np.sin(x + a * y) for a in (1, 2, 3)], -1) * 90 + 128
    frames = [np.clip(still + rng.normal(0, 4, still.shape), 0, 255).astype(np.uint8)] * 3
    clip = HeldClip("x", frames)
    low, high = (by_other(name, clip, quantiser) for quantiser in (40, 20))
    assert low["bytes"] < high["bytes"]
    assert low["psnr"] < high["psnr"]


def test_psnr_is_a_mean_over_frames() -> None:
    a = [np.zeros((2, 2, 3), np.uint8)] * 2
    b = [np.full((2, 2, 3), 1, np.uint8), np.full((2, 2, 3), 2, np.uint8)]
    expected = np.mean([20 * np.log10(255), 20 * np.log10(127.5)])
    assert _psnr(a, b) == pytest.approx(expected)


def test_curves_are_compared_by_clip() -> None:
    points = [{"bpp": x, "psnr": 30 + 5 * np.log2(x)} for x in (0.5, 1.0, 2.0)]
    twice = [{**point, "bpp": 2 * point["bpp"]} for point in points]
    curves = {"Covey": {"points": points}, "other": {"points": twice}}
    found = compared({"a": {"curves": curves}, "b": {"curves": {"other": {"points": twice}}}})
    assert found["a"]["other"]["percent"] == pytest.approx(-50.0, abs=0.1)
    assert "b" not in found


def test_regions_are_weighed_by_their_pixels() -> None:
    rows = [
        {"whole": (1.0, 100.0), "hidden": (0.5, 10.0), "bits": (20.0, 100.0)},
        {"whole": (3.0, 100.0), "hidden": (0.0, 0.0), "bits": (0.0, 100.0)},
    ]
    found = _psnrs(rows)
    assert found["whole"] == pytest.approx(-10 * np.log10(0.02), abs=1e-3)
    assert found["hidden"] == pytest.approx(-10 * np.log10(0.05), abs=1e-3)
    assert found["bits"] == pytest.approx(0.1)
    assert found["hidden share"] == pytest.approx(0.05)


def test_edges_of_motion() -> None:
    flow = np.zeros((1, 2, 40, 40), np.float32)
    flow[:, 0, :, 20:] = 5
    near = _near_edges(flow)[0]
    assert near[:, 14:26].all()
    assert not near[:, :12].any()
    assert not near[:, 28:].any()
