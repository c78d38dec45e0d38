"""Predicted frames and their sheet: the codec's own prediction, and what is wrong with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")

import torch

from covey.codec.video.body import VideoBody
from covey.codec.video.config import MotionConfig
from covey.codec.video.frames import Kind
from covey.codec.video.model import VideoCodec
from covey.codec_bench.clip_measuring import measured_clip
from covey.codec_bench.prediction import PredictedFrame, predicted_frames
from covey.codec_bench.prediction_sheet import draw_sheet, error_scale
from covey.codec_bench.video_coders import covey_video_coder
from covey.metrics.rate import psnr


def _found(codec, clip, quality: int = 40, most: int = 4) -> list[PredictedFrame]:
    _, pieces = measured_clip(clip, covey_video_coder(codec, 1), quality)
    return predicted_frames(codec, pieces, clip, most)


def test_parts_make_up_what_the_codec_foresees(small_video_codec, waves) -> None:
    clip = waves(6, 47, 63)
    found = _found(small_video_codec, clip, most=9)
    assert [each.number for each in found] == [1, 2, 3, 4, 5]
    for each in found:
        assert list(each.views) == ["before", "flow", "filter", "fused", "refined"]
        assert each.kind in {kind.name.lower() for kind in Kind}
        np.testing.assert_array_equal(each.frame, clip.pixels[each.number])
        assert each.mask is not None
        assert each.mask.shape == (47, 63)
        share = each.mask[:, :, None]
        mixed = share * each.views["flow"] + (1 - share) * each.views["filter"]
        inside = (mixed > 1) & (mixed < 254)  # parts are cut to what pixels can be
        assert np.abs(mixed - each.views["fused"])[inside].max() <= 1.01
        for name, view in each.views.items():
            assert each.psnr[name] == pytest.approx(psnr(each.frame, view))
            off = np.abs(each.frame.astype(int) - view.astype(int)).mean(2)
            np.testing.assert_allclose(each.error(name), off, atol=1e-5)


def test_frames_by_motion_have_the_motion_that_is_shown(small_video_codec, waves) -> None:
    import io

    from covey.codec.video.container import VideoReader
    from covey.video_reading import decode_clip
    from covey.video_target import VideoTarget
    from covey.videos import encode_clip, header_of

    clip, file = waves(5, 64, 64), io.BytesIO()
    codec = small_video_codec
    kinds = (Kind.MOTION,)
    encode_clip(codec, clip, file, header_of(codec, clip, b""), VideoTarget(quality=0), kinds=kinds)
    decoded = [each.pixels for each in decode_clip(codec, VideoReader(file))]
    found = predicted_frames(codec, [file.getvalue()], clip, 9)
    assert [each.kind for each in found] == ["motion"] * 4
    for each in found:
        np.testing.assert_array_equal(each.views["before"], decoded[each.number - 1])
        group = VideoReader(file).group(0)
        payload = group.frames[each.number].payload
        assert payload[0] * 4 == each.motion_bytes  # words of motion, the first of a payload
        assert len(payload) == each.bytes


def test_frames_are_spread_and_have_one_before_them(small_video_codec, waves) -> None:
    assert [each.number for each in _found(small_video_codec, waves(9), most=2)] == [3, 7]
    assert _found(small_video_codec, waves(1)) == []


@pytest.mark.parametrize(
    ("branch", "refined", "views"),
    [
        ("copy", True, []),
        ("flow", False, ["flow"]),
        ("scale", True, ["flow", "refined"]),
        ("filter", True, ["filter", "refined"]),
        ("mean", False, ["flow", "filter", "fused"]),
    ],
)
def test_other_models_have_other_parts(small_codec, waves, branch, refined, views) -> None:
    torch.manual_seed(3)
    config = MotionConfig(branch, refined, 8, 8, 1, 2, 8, 4, fusion=4)
    codec = VideoCodec.of(VideoBody(config, small_codec.config), small_codec)
    found = _found(codec, waves(3))
    for each in found:
        assert list(each.views) == ["before", *views]
        assert each.mask is None
        assert (each.motion_bytes == 0) == (branch == "copy")
    assert draw_sheet(found, "a", "b").image.size[0] > 380 * (1 + len(found[0].views))


def _made(errors: dict[str, int], size: tuple[int, int] = (30, 40)) -> PredictedFrame:
    frame = np.random.default_rng(0).integers(60, 120, (*size, 3)).astype(np.uint8)
    views = {name: frame + np.uint8(error) for name, error in errors.items()}
    mask = np.linspace(0, 1, size[1], dtype=np.float32)[None].repeat(size[0], 0)
    return PredictedFrame(3, "motion", 50, 20, frame, views, dict.fromkeys(views, 30.0), mask)


def test_the_scale_is_of_predictions() -> None:
    assert error_scale([_made({"before": 90, "flow": 5})]) == 8
    assert error_scale([_made({"before": 90, "flow": 5}), _made({"flow": 20})]) == 32
    assert error_scale([_made({"before": 90})]) == 128
    assert error_scale([_made({"before": 0})]) == 4


def test_a_sheet_shows_every_pixel() -> None:
    frame = _made({"before": 0, "flow": 16})
    sheet = draw_sheet([frame], "A title", "about")
    pixels = np.asarray(sheet.image)
    assert sheet.scale == 16
    times = 420 // 40
    for view in (frame.frame, frame.views["flow"]):
        grown = view.repeat(times, 0).repeat(times, 1)
        assert _holds(pixels, grown), "a view is not there"
    assert _holds(pixels, np.zeros((30 * times, 40 * times, 3), np.uint8))  # no error
    assert _holds(pixels, np.full((30 * times, 40 * times, 3), (255, 255, 220), np.uint8))
    mask = np.round(255 * frame.mask).astype(np.uint8)[:, :, None].repeat(3, 2)
    assert _holds(pixels, mask.repeat(times, 0).repeat(times, 1))


def _holds(pixels: np.ndarray, part: np.ndarray) -> bool:
    """Whether a part stands anywhere in a picture."""
    height, width = part.shape[:2]
    starts = np.argwhere((pixels[: len(pixels) - height + 1] == part[0, 0]).all(2))
    return any(
        np.array_equal(pixels[y : y + height, x : x + width], part)
        for y, x in starts
        if x + width <= pixels.shape[1] and np.array_equal(pixels[y, x : x + width], part[0])
    )


@pytest.mark.parametrize("size", [(900, 1600), (1, 700), (500, 20), (1, 1)])
def test_any_size_fits(size: tuple[int, int]) -> None:
    first = _made({"before": 9, "flow": 3}, size)
    image = draw_sheet([first, replace(first, mask=None)], "A title", "x" * 3000).image
    assert image.width == 2 * 28 + 3 * 420 + 2 * 16 if size[1] > 420 else image.width < 1400
    assert image.height < 2400
