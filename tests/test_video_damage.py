"""What is shown and told of clips that are damaged, or drift."""

from __future__ import annotations

import io
import struct
import time
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.video.container import Group, GroupPlace, VideoReader, VideoWriter
from covey.codec.video.frames import Kind
from covey.codec.video.groups import decode_group
from covey.codec.video.records import pack_header, pack_index
from covey.video_reading import decode_clip
from covey.video_target import VideoTarget
from covey.videos import header_of

_WITH_BYTES = (Kind.PICTURE, Kind.MOTION, Kind.STILL, Kind.CHANGE)


def test_damage_costs_a_group_at_most_and_is_told(
    small_video_codec, moving_frames, coded_video, decoded_video
) -> None:
    frames = moving_frames(9)
    data, _ = coded_video(small_video_codec, frames, group=3, kinds=_WITH_BYTES)
    clean = decoded_video(small_video_codec, data)
    reader = VideoReader(io.BytesIO(data))
    second = reader.places[1]
    payloads = [len(each.payload) for each in reader.group(1).frames]
    end = reader.places[2].offset
    for which in range(3):
        hit = end - sum(payloads[which:]) + payloads[which] // 2
        broken = bytearray(data)
        broken[hit] ^= 255
        found = decoded_video(small_video_codec, bytes(broken))
        assert found[second.first + which].damage == "is damaged"
        assert len(found) == 9
        for a, b in zip(found, clean, strict=True):
            if not second.first + which <= a.number < 6:
                np.testing.assert_array_equal(a.pixels, b.pixels)
                assert not a.damage
        if which == 0:  # the last frame before it stays
            np.testing.assert_array_equal(found[3].pixels, clean[2].pixels)


def test_damage_before_a_repeat(
    shipped_video_codec, moving_frames, coded_video, decoded_video
) -> None:
    """It is shown as what is shown before it, and told to be another; the next group is whole."""
    a, b = moving_frames(4)[0], moving_frames(4)[3]
    frames = [a, b, b, a, b]
    kinds = (Kind.MOTION, Kind.STILL, Kind.CHANGE, Kind.REPEAT)
    data, _ = coded_video(
        shipped_video_codec, frames, VideoTarget(quality=90), group=3, kinds=kinds
    )
    reader, clean = VideoReader(io.BytesIO(data)), decoded_video(shipped_video_codec, data)
    first, second, third = reader.group(0).frames
    assert third.kind == Kind.REPEAT
    assert second.payload
    end = reader.places[1].offset
    for at, told in ((0, "cannot be read"), (1, "differs from what was coded")):
        broken = bytearray(data)
        broken[end - len(second.payload) - (len(first.payload) if at == 0 else 0)] ^= 255
        found = decoded_video(shipped_video_codec, bytes(broken))
        assert found[at].damage == "is damaged"
        assert told in found[2].damage
        np.testing.assert_array_equal(found[2].pixels, found[1].pixels)
        assert (found[2].pixels == (128 if at == 0 else clean[0].pixels)).all()
        for one, whole in zip(found[3:], clean[3:], strict=True):
            np.testing.assert_array_equal(one.pixels, whole.pixels)
            assert not one.damage


@pytest.mark.parametrize(
    ("kinds", "lost", "told"),
    [
        ("PMMM", 1, {1, 2, 3}),
        ("PMSM", 1, {1}),  # still frames stand on the picture
        ("PSMS", 1, {1, 2, 3}),
        ("PSPM", 1, {1}),
        ("PSMSP", 2, {2}),
        ("PMMPM", 1, {1, 2}),
        ("PMSM", 0, {0, 1, 2, 3}),
        ("PMRCS", 1, {1, 2, 3}),
        ("PRSM", 1, {1}),
        ("PCWS", 1, {1, 2}),
    ],
)
def test_what_stands_on_a_lost_frame_is_told(small_video_codec, kinds, lost, told) -> None:
    """However little it differs: each frame shows the same, so that no digest can tell."""
    small_clips = pytest.importorskip("small_clips", reason="not in a source distribution")
    frames = [np.full((40, 72, 3), 90, np.uint8)] * len(kinds)
    times = list(range(len(kinds)))
    records = small_clips.coded_group(small_video_codec, frames, times, 5, kinds, 4000)
    group = Group(5, tuple(replace(each, sound=each.pts != lost) for each in records))
    found = list(decode_group(small_video_codec, group, (40, 72)))
    assert {frame.pts for frame in found if frame.damage} == told
    for frame in found:
        if frame.pts > lost and frame.pts in told and frame.damage.startswith("may differ"):
            assert f"as frame {5 + lost} cannot be read" in frame.damage


def test_times_that_do_not_rise_are_told(
    small_video_codec, moving_frames, coded_video, decoded_video
) -> None:
    """Of groups whose headers are sound and cannot both be true."""
    data, _ = coded_video(small_video_codec, moving_frames(6), group=3)
    reader = VideoReader(io.BytesIO(data))
    groups = [reader.group(number).frames for number in range(2)]
    late = tuple(replace(each, pts=each.pts * 100) for each in groups[0])
    file = io.BytesIO()
    writer = VideoWriter(file, reader.header)
    writer.group(late)
    writer.latest = None
    writer.group(groups[1])
    writer.finish()
    found = decoded_video(small_video_codec, file.getvalue())
    assert [frame.pts for frame in found] == [0, 300, 600, 601, 602, 603]
    assert ["time" in frame.damage for frame in found] == [False] * 3 + [True] * 3


def test_many_lost_groups_are_passed_soon(small_video_codec, spaced_clip, decoded_video) -> None:
    """An index of 20,000 groups that are nowhere."""
    header = header_of(small_video_codec, spaced_clip([np.zeros((32, 32, 3), np.uint8)]), b"")
    head = pack_header(header)
    size = 9 * 20_000
    places = [GroupPlace(len(head) + 9 * n, n, n, 1) for n in range(20_000)]
    at = struct.pack("<Q", len(head) + size)
    data = head + bytes(size) + pack_index(places) + at + b"\xf1CVe"
    begun = time.process_time()
    found = decoded_video(small_video_codec, data, start=19_990)
    assert [frame.number for frame in found] == list(range(19_990, 20_000))
    assert sum(1 for _ in decode_clip(small_video_codec, VideoReader(io.BytesIO(data)))) == 20_000
    assert time.process_time() - begun < 10


def test_lost_groups_are_shown_as_the_frame_before(
    small_video_codec, moving_frames, coded_video, decoded_video
) -> None:
    frames = moving_frames(9)
    data, _ = coded_video(small_video_codec, frames, group=3)
    clean = decoded_video(small_video_codec, data)
    for number in range(3):
        place = VideoReader(io.BytesIO(data)).places[number]
        broken = bytearray(data)
        broken[place.offset + 6] ^= 255
        found = decoded_video(small_video_codec, bytes(broken))
        assert [frame.number for frame in found] == list(range(9))
        pts = [frame.pts for frame in found]
        assert pts == sorted(set(pts))
        for frame, whole in zip(found, clean, strict=True):
            if place.first <= frame.number < place.first + 3:
                assert frame.damage == "is lost"
                if number:
                    np.testing.assert_array_equal(frame.pixels, clean[place.first - 1].pixels)
            else:
                assert (frame.damage, frame.pts) == ("", whole.pts)
                np.testing.assert_array_equal(frame.pixels, whole.pixels)
        some = decoded_video(small_video_codec, bytes(broken), start=place.first + 1, count=2)
        assert [frame.number for frame in some] == [place.first + 1, place.first + 2]


def test_drift_is_told(small_video_codec, moving_frames, coded_video, decoded_video) -> None:
    """A decoder whose pictures come out otherwise says so of every frame."""
    from covey.codec.video.model import VideoCodec

    frames = moving_frames(6)
    data, _ = coded_video(small_video_codec, frames, kinds=(Kind.MOTION,))
    weights = dict(small_video_codec.weights)
    name = "motion.synthesis.fusion.last.bias"
    weights[name] = weights[name] + np.float16(0.15)
    other = VideoCodec(small_video_codec.config, small_video_codec.image, weights)
    object.__setattr__(other, "mark", small_video_codec.mark)
    found = decoded_video(other, data)
    assert not found[0].damage
    assert sum("differs from what was coded" in frame.damage for frame in found[1:]) >= 4
