"""Clips to files and back, by a small codec of random weights."""

from __future__ import annotations

import io

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey import videos
from covey.codec.video.container import GroupPlace, VideoReader
from covey.codec.video.records import TRAILER, pack_index
from covey.types import InputError
from covey.video_target import VideoTarget
from covey.videos import encode_clip, header_of


@pytest.mark.parametrize("size", [(40, 72), (33, 31), (1, 1), (64, 64)])
def test_round_trip(small_video_codec, moving_frames, size, coded_video, decoded_video) -> None:
    """What is decoded is what the encoder had, to the bit, on one thread or two."""
    frames = moving_frames(5, *size)
    data, done = coded_video(small_video_codec, frames)
    found = decoded_video(small_video_codec, data)
    assert [frame.number for frame in found] == list(range(5))
    assert [frame.pts for frame in found] == [0, 3, 6, 9, 12]
    assert not any(frame.damage for frame in found)
    errors = [
        np.square(frame.pixels.astype(float) - x).mean()
        for frame, x in zip(found, frames, strict=True)
    ]
    np.testing.assert_allclose(errors, done.errors)
    again = decoded_video(small_video_codec, data, threads=2)
    for a, b in zip(found, again, strict=True):
        np.testing.assert_array_equal(a.pixels, b.pixels)


def test_one_frame(small_video_codec, moving_frames, coded_video, decoded_video) -> None:
    data, done = coded_video(small_video_codec, moving_frames(1))
    assert done.kinds == {"picture": 1}
    assert len(decoded_video(small_video_codec, data)) == 1


def test_no_frames(small_video_codec, moving_frames, spaced_clip) -> None:
    clip = spaced_clip(moving_frames(1))
    clip.pixels = []
    with pytest.raises(InputError, match="no frame"):
        encode_clip(
            small_video_codec,
            clip,
            io.BytesIO(),
            header_of(small_video_codec, clip, b""),
            VideoTarget(),
        )


def test_groups_end_at_scenes_and_at_their_length(
    small_video_codec, moving_frames, coded_video
) -> None:
    data, _ = coded_video(small_video_codec, moving_frames(11, cut=4), group=5)
    places = VideoReader(io.BytesIO(data)).places
    assert [place.first for place in places] == [0, 4, 9]


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_byte(small_video_codec, moving_frames, threads, coded_video) -> None:
    frames = moving_frames(9, cut=4)
    assert (
        coded_video(small_video_codec, frames, group=3)[0]
        == coded_video(small_video_codec, frames, group=3, threads=threads)[0]
    )


@pytest.mark.parametrize("start", [0, 1, 4, 8])
@pytest.mark.parametrize("count", [1, 3, None])
def test_seeking_is_exact(
    small_video_codec, moving_frames, start, count, coded_video, decoded_video
) -> None:
    data, _ = coded_video(small_video_codec, moving_frames(9, cut=4), group=3)
    whole = decoded_video(small_video_codec, data)
    some = decoded_video(small_video_codec, data, start=start, count=count)
    expected = whole[start : None if count is None else start + count]
    assert [frame.number for frame in some] == [frame.number for frame in expected]
    for a, b in zip(some, expected, strict=True):
        np.testing.assert_array_equal(a.pixels, b.pixels)


def test_seeking_beyond_the_end(
    small_video_codec, moving_frames, coded_video, decoded_video
) -> None:
    data, _ = coded_video(small_video_codec, moving_frames(2))
    with pytest.raises(InputError, match="no frame 7"):
        decoded_video(small_video_codec, data, start=7)


def test_resumed_after_any_group(
    small_video_codec, moving_frames, spaced_clip, coded_video
) -> None:
    frames = moving_frames(8)
    whole, _ = coded_video(small_video_codec, frames, group=2, audio=io.BytesIO(b"sound"))
    places = VideoReader(io.BytesIO(whole)).places
    clip = spaced_clip(frames)
    for place in places[1:]:
        for extra in (0, 7):
            file = io.BytesIO(whole[: place.offset + extra])
            header = header_of(small_video_codec, clip, b"it")
            encode_clip(
                small_video_codec,
                clip,
                file,
                header,
                VideoTarget(),
                audio=io.BytesIO(b"sound"),
                resume=True,
                group=2,
            )
            assert file.getvalue() == whole


def test_groups_that_take_too_much_are_refused(
    small_video_codec, moving_frames, monkeypatch, coded_video, decoded_video
) -> None:
    data, _ = coded_video(small_video_codec, moving_frames(6), group=3)
    monkeypatch.setattr("covey.codec.video.groups._GROUP_BYTES", 2 * 3 * 40 * 72)
    with pytest.raises(InputError, match="groups of more than 2 frames"):
        decoded_video(small_video_codec, data)
    again, _ = coded_video(small_video_codec, moving_frames(6))
    assert [place.count for place in VideoReader(io.BytesIO(again)).places] == [2, 2, 2]


def test_work_ends_when_it_is_asked_to(
    small_video_codec, moving_frames, coded_video, decoded_video
) -> None:
    data, _ = coded_video(small_video_codec, moving_frames(6), group=3)
    seen = []

    def check() -> None:
        seen.append(1)
        if len(seen) > 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        decoded_video(small_video_codec, data, check=check)
    assert len(seen) == 5


def test_another_codec_is_refused(
    small_video_codec, moving_frames, coded_video, decoded_video
) -> None:
    data, _ = coded_video(small_video_codec, moving_frames(1))
    weights = {k: v + np.ones((), v.dtype) for k, v in small_video_codec.weights.items()}
    other = type(small_video_codec)(small_video_codec.config, small_video_codec.image, weights)
    with pytest.raises(InputError, match="was coded by the video model"):
        decoded_video(other, data)


def test_an_index_takes_no_more_than_was_left_for_it() -> None:
    """Of a long film in steps of an .mp4 file, or of microseconds, and large groups."""
    for pts, size in ((16_384, 40_000), (1_280_000, 2**27)):
        places = [GroupPlace(2**32 + size * n, 32 * n, pts * n, 32) for n in range(1000)]
        assert len(pack_index(places)) + TRAILER <= videos._CLOSING + videos._PER_PLACE * 1000
