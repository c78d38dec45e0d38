"""What the scripts of video read and compute."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")
pytest.importorskip("av")

import video_clock
from covey.codec_bench.held_clip import HeldClip
from raw_clips import raw_frames
from small_clips import coded_clips
from trip_sources import save
from video import OTHERS, _psnr, by_other, compared, curves_of
from video_fuzz import Outcome, to_film
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


def test_what_coders_write_of_themselves_does_not_count() -> None:
    """x265 writes 2,400 bytes of text, more than all of this clip."""
    point = by_other("x265 medium, 4:2:0", HeldClip("x", [np.zeros((64, 96, 3), np.uint8)]), 30)
    assert point["bytes"] < 500


def test_what_was_measured_of_other_frames_is_not_kept() -> None:
    clip = HeldClip("x", [np.zeros((2, 4, 3), np.uint8)] * 3)
    clips = {}
    curves_of(clips, clip, 2)["a"] = {"points": [{}, {}]}
    assert list(curves_of(clips, clip, 2)) == ["a"]
    assert clips["x"]["frames"] == 3
    assert not curves_of(clips, clip, 3)
    curves_of(clips, clip, 2)["a"] = {"points": [{}, {}]}
    assert not curves_of(clips, HeldClip("x", clip.pixels[:2]), 2)
    assert clips["x"] == {"size": [4, 2], "frames": 2, "curves": {}}


def test_clocks_run(video_model, moving_frames, tmp_path, capsys, monkeypatch) -> None:
    save(tmp_path, moving_frames(3))
    coded = tmp_path / "a.cvv"
    monkeypatch.setattr("torch.set_num_threads", lambda count: None)
    found = []
    for words in (["encode", tmp_path, coded], ["decode", coded]):
        monkeypatch.setattr(
            "sys.argv", [str(word) for word in ["x", *words, "--model", video_model]]
        )
        video_clock.main()
        found.append(json.loads(capsys.readouterr().out))
    assert [each["frames"] for each in found] == [3, 3]
    assert found[0]["parts"].keys() >= {"motion", "search of motion", "analysis"}
    assert not found[1]["told"]
    assert "synthesis of pictures" in found[1]["parts"]


def test_damaged_files_go_through_the_command(small_video_codec, video_model, tmp_path) -> None:
    model = Path(video_model)
    clip = coded_clips(small_video_codec)[0]
    assert to_film(tmp_path, clip, clip.data, model) == Outcome("sound")
    assert to_film(tmp_path, clip, clip.data[:-1], model) == Outcome("told")
    assert to_film(tmp_path, clip, b"CVV", model).end == "refused"


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
