"""Sizes, bitrates and qualities that clips are coded to."""

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.video.container import VideoReader
from covey.types import InputError, UsageError
from covey.video_target import VideoTarget
from covey.videos import encode_clip, header_of


@pytest.mark.slow
def test_sizes_are_met(shipped_video_codec, moving_frames, spaced_clip, coded_video) -> None:
    frames = moving_frames(16, 64, 64)
    low, high = (
        len(coded_video(shipped_video_codec, frames, VideoTarget(quality=q), group=4)[0])
        for q in (5, 95)
    )
    wanted = int(low + 0.4 * (high - low))
    data, _ = coded_video(shipped_video_codec, frames, VideoTarget(size=wanted), group=4)
    assert 0.85 * wanted < len(data) <= wanted
    for said in (12, 200):
        clip, file = spaced_clip(frames), io.BytesIO()
        clip.expected_frames = said
        encode_clip(
            shipped_video_codec,
            clip,
            file,
            header_of(shipped_video_codec, clip, b""),
            VideoTarget(size=wanted),
            group=4,
        )
        assert len(file.getvalue()) <= wanted
    one, _ = coded_video(shipped_video_codec, frames, VideoTarget(size=wanted), group=64)
    assert 0.9 * wanted < len(one) <= wanted


def test_bitrate_and_bits_a_pixel_are_sizes(
    shipped_video_codec, moving_frames, coded_video
) -> None:
    frames = moving_frames(8, 40, 64)
    middle = len(coded_video(shipped_video_codec, frames)[0])
    by_rate, _ = coded_video(
        shipped_video_codec, frames, VideoTarget(bitrate=middle * 8 / (8 / 25))
    )
    by_pixel, _ = coded_video(
        shipped_video_codec, frames, VideoTarget(bpp=middle * 8 / (8 * 40 * 64))
    )
    for data in (by_rate, by_pixel):
        assert 0.9 * middle < len(data) <= middle


def test_quality_that_is_wanted(shipped_video_codec, moving_frames, coded_video) -> None:
    frames = moving_frames(8, 64, 96)
    least, most = (
        coded_video(shipped_video_codec, frames, VideoTarget(quality=q), group=4)[1].psnr
        for q in (5, 95)
    )
    wanted = 0.5 * (least + most)
    _, done = coded_video(shipped_video_codec, frames, VideoTarget(psnr=wanted), group=4)
    assert wanted <= done.psnr < wanted + 0.3
    with pytest.raises(InputError, match="cannot be reached"):
        coded_video(shipped_video_codec, frames, VideoTarget(psnr=99))


@pytest.mark.parametrize(
    "wrong", [{"quality": 101}, {"bpp": 0}, {"size": 5, "psnr": 30}, {"bitrate": float("nan")}]
)
def test_targets_that_cannot_be(wrong) -> None:
    with pytest.raises(UsageError):
        VideoTarget(**wrong)


@pytest.mark.parametrize("threads", [1, 2])
def test_only_the_first_group_says_that_a_quality_cannot_be(
    small_video_codec, moving_frames, spaced_clip, coded_video, threads
) -> None:
    """Whichever of two threads is done before; and an interrupted run goes on with what it can."""
    plain = [np.full((40, 72, 3), 128, np.uint8)] * 4
    frames = moving_frames(4)
    easy, hard = (
        coded_video(small_video_codec, some, VideoTarget(quality=100))[1].psnr
        for some in (plain, frames)
    )
    assert easy > hard + 1
    target = VideoTarget(psnr=(easy + hard) / 2)
    with pytest.raises(InputError, match="cannot be reached"):
        coded_video(small_video_codec, frames + plain, target, group=4, threads=threads)
    data, _ = coded_video(small_video_codec, plain + frames, target, group=4, threads=threads)
    file = io.BytesIO(data[: VideoReader(io.BytesIO(data)).places[1].offset])
    clip = spaced_clip(plain + frames)
    done = encode_clip(
        small_video_codec,
        clip,
        file,
        header_of(small_video_codec, clip, b"it"),
        target,
        resume=True,
        group=4,
    )
    assert (done.frames, len(done.errors)) == (8, 4)
