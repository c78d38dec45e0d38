"""One frame after another, by a small codec of random weights."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.video.frames import Kind
from covey.types import InputError


def test_motion_alone_and_change_alone(small_video_codec, moving_frames) -> None:
    """Where nothing is left, a frame is its prediction; where nothing moves, what changed."""
    from covey.codec.image.windows import padded
    from covey.codec.video import frames as coding

    codec, (a, b) = small_video_codec, [padded(each) for each in moving_frames(2, 64, 64)]
    before = coding.encode_picture_frame(codec, coding.Incoming.of(codec, a, 3000)).after
    coming = coding.Incoming.of(codec, b, 3000)
    full, alone = coding.encode_motion_frames(codec, coming, before)
    assert full.payload.startswith(alone.payload)
    change = coding.encode_change_frame(codec, coming, before)
    for coded in (full, alone, change):
        found = coding.decode_frame(codec, coded.kind, coded.payload, (64, 64), 3000, before)
        np.testing.assert_array_equal(found.pixels, coded.after.pixels)
        assert (found.left is None) == (coded is alone)
    empty = coding.decode_frame(codec, Kind.CHANGE, b"", (64, 64), 3000, before)
    np.testing.assert_array_equal(empty.pixels, before.pixels)


@pytest.mark.parametrize("wrong", range(12))
def test_hostile_payloads(small_video_codec, wrong) -> None:
    """Whatever a record says, a frame comes of it or Covey's own error."""
    from covey.codec.video.frames import (
        Incoming,
        decode_frame,
        encode_motion_frames,
        encode_picture_frame,
    )

    frame = np.zeros((64, 64, 3), np.uint8)
    first, second = (Incoming.of(small_video_codec, frame + light, 3000) for light in (0, 40))
    first = encode_picture_frame(small_video_codec, first)
    moved = encode_motion_frames(small_video_codec, second, first.after)[0]
    rng = np.random.default_rng(wrong)
    kind, payload, rate, before = [
        (7, b"", 3000, first.after),
        (Kind.REPEAT, b"", 3000, None),
        (Kind.REPEAT, b"\0\0\0\0", 3000, first.after),
        (Kind.STILL, first.payload, 3000, None),
        (Kind.CHANGE, first.payload, 3000, None),
        (Kind.CHANGE, first.payload + b"x", 3000, first.after),
        (Kind.MOTION, moved.payload, 3000, None),
        (Kind.STILL, first.payload, 3001, first.after),
        (Kind.PICTURE, first.payload + b"x", 3000, None),
        (Kind.MOTION, b"\xff\xff\xff\x7f" + moved.payload, 3000, first.after),
        (Kind.MOTION, b"\x80" * 20, 3000, first.after),
        (Kind.MOTION, b"", 3000, first.after),
    ][wrong]
    with pytest.raises(InputError):
        decode_frame(small_video_codec, kind, payload, (64, 64), rate, before)
    for kind in Kind:
        noise = bytes([2]) + rng.bytes(4 * int(rng.integers(40)))
        try:
            found = decode_frame(small_video_codec, kind, noise, (64, 64), 3000, first.after)
        except InputError:
            continue
        assert found.pixels.shape == (64, 64, 3)
