"""Which kind of frame a clip is coded with."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.video.container import VideoReader
from covey.codec.video.frames import Kind
from covey.video_target import VideoTarget


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind(small_video_codec, moving_frames, kind, coded_video, decoded_video) -> None:
    data, done = coded_video(small_video_codec, moving_frames(4), kinds=(kind,))
    assert done.kinds[kind.name.lower()] >= 3
    assert sum(done.kinds.values()) == 4
    assert not any(frame.damage for frame in decoded_video(small_video_codec, data))


def _records(data: bytes) -> list:
    reader = VideoReader(io.BytesIO(data))
    return [frame for at in range(len(reader.places)) for frame in reader.group(at).frames]


def _held(frames: list, *times: int) -> list:
    """Each frame so many times, as copies."""
    return [frame.copy() for frame, n in zip(frames, times, strict=True) for _ in range(n)]


def test_what_came_in_twice_is_repeated_and_nothing_else_is_tried(
    small_video_codec, moving_frames, monkeypatch, coded_video, decoded_video
) -> None:
    from covey.codec.video import groups

    tried = []
    for name in ("encode_still_frame", "encode_change_frame", "encode_motion_frames"):
        true = getattr(groups, name)
        monkeypatch.setattr(
            groups, name, lambda *given, true=true, name=name: tried.append(name) or true(*given)
        )
    frames = _held(moving_frames(3), 3, 1, 4)
    data, done = coded_video(small_video_codec, frames)
    assert len(tried) == 2 * 3, "two frames were others than those before them"
    records = _records(data)
    for at in (1, 2, 5, 6, 7):
        assert (records[at].kind, records[at].payload) == (Kind.REPEAT, b"")
    found = decoded_video(small_video_codec, data)
    for at in (1, 2, 5, 6, 7):
        np.testing.assert_array_equal(found[at].pixels, found[at - 1].pixels)
    assert not any(frame.damage for frame in found)
    assert done.kinds["repeat"] >= 5


@pytest.mark.parametrize("quality", [0, 50, 100])
def test_the_kind_that_costs_least_is_chosen(
    small_video_codec, moving_frames, quality, coded_video
) -> None:
    """As found from the frames that each kind makes, one frame after another."""
    from covey.codec.image.model import lambdas_of
    from covey.codec.image.windows import padded
    from covey.codec.video import frames as coding
    from covey.pictures import rate_of

    rng = np.random.default_rng(1)
    still = moving_frames(1)[0]
    frames = [still, still]
    for sigma in (1, 3, 20, 60):  # ever less alike
        noise = rng.normal(size=still.shape) * sigma
        frames.append(np.clip(still + noise, 0, 255).astype(np.uint8))
    rate = rate_of(quality)
    data, _ = coded_video(small_video_codec, frames, VideoTarget(quality=quality))
    records = _records(data)
    assert len(VideoReader(io.BytesIO(data)).places) == 1
    height, width = still.shape[:2]
    worth = float(lambdas_of(rate)[0, 0]) / 255**2 * height * width
    codec = small_video_codec

    def cost(coded: coding.CodedFrame, pixels: np.ndarray) -> float:
        off = coded.after.pixels[:height, :width].astype(float) - pixels
        return 8 * len(coded.payload) + worth * float((off * off).mean())

    def coming(pixels: np.ndarray) -> coding.Incoming:
        return coding.Incoming.of(codec, padded(pixels), rate)

    before = coding.encode_picture_frame(codec, coming(frames[0])).after
    for pixels, record in zip(frames[1:], records[1:], strict=True):
        new = coming(pixels)
        ways = [
            coding.encode_picture_frame(codec, new),
            coding.encode_repeat_frame(before),
            coding.encode_still_frame(codec, new, before),
            coding.encode_change_frame(codec, new, before),
            *coding.encode_motion_frames(codec, new, before),
        ]
        seen = (record.kind, record.payload)
        chosen = next(way for way in ways if (way.kind, way.payload) == seen)
        if pixels is not frames[1] and record.kind != Kind.PICTURE:
            assert cost(chosen, pixels) <= min(cost(way, pixels) for way in ways[1:]) + 1e-6
        before = chosen.after


def test_a_repeat_stands_on_what_the_frame_before_it_left(
    small_video_codec, moving_frames, coded_video, decoded_video
) -> None:
    """Frames behind it are decoded as they were coded, from wherever one begins."""
    frames = _held(moving_frames(4), 2, 1, 3, 2)
    for kind in (Kind.MOTION, Kind.STILL, Kind.CHANGE):
        data, done = coded_video(small_video_codec, frames, kinds=(kind, Kind.REPEAT), group=6)
        assert done.kinds["repeat"] >= 4
        whole = decoded_video(small_video_codec, data)
        assert not any(frame.damage for frame in whole)
        errors = [
            np.square(a.pixels - b.astype(float)).mean() for a, b in zip(whole, frames, strict=True)
        ]
        np.testing.assert_allclose(errors, done.errors)
        for start in range(8):
            some = decoded_video(small_video_codec, data, start=start)
            for a, b in zip(some, whole[start:], strict=True):
                np.testing.assert_array_equal(a.pixels, b.pixels)
                assert not a.damage


def test_a_codec_without_motion_codes_none(
    small_video_body, small_codec, moving_frames, coded_video, decoded_video
) -> None:
    from covey.codec.video.body import VideoBody
    from covey.codec.video.model import VideoCodec

    body = VideoBody(replace(small_video_body.motion.config, branch="copy"), small_codec.config)
    codec = VideoCodec.of(body, small_codec)
    data, _ = coded_video(codec, moving_frames(3), kinds=(Kind.MOTION,))
    frames = VideoReader(io.BytesIO(data)).group(0).frames
    assert [frame.payload[0] for frame in frames[1:]] == [0, 0]
    assert not any(frame.damage for frame in decoded_video(codec, data))
