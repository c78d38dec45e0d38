"""Clips to files and back, by a small codec of random weights."""

from __future__ import annotations

import io
import struct
import time
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("constriction")

from covey.codec.video.container import Group, GroupPlace, VideoReader, VideoWriter
from covey.codec.video.frames import Kind
from covey.codec.video.groups import decode_group
from covey.codec.video.records import pack_header, pack_index
from covey.types import InputError, UsageError
from covey.video_reading import decode_clip
from covey.video_target import VideoTarget
from covey.videos import encode_clip, header_of

_WITH_BYTES = (Kind.PICTURE, Kind.MOTION, Kind.STILL, Kind.CHANGE)


class Clip:
    """A source of frames that are there."""

    name = "clip"
    notes: list[str] = []  # noqa: RUF012

    def __init__(self, frames, rate=25) -> None:
        self.pixels = frames
        self.height, self.width = frames[0].shape[:2]
        self.frame_rate, self.time_base = Fraction(rate), Fraction(1, rate)
        self.expected_frames = len(frames)

    def frames(self, start=0):
        for number in range(start, len(self.pixels)):
            yield 3 * number, self.pixels[number]

    def __enter__(self):
        return self

    def __exit__(self, *args) -> None: ...


@pytest.fixture(scope="module")
def shipped():
    """By which bytes and quality rise with the rate."""
    from covey.video_weights import default_video_codec

    return default_video_codec()


@pytest.fixture(scope="module")
def moving():
    """(frames, height, width) to frames of a scene that moves, and of another one."""

    def make(count: int, height: int = 40, width: int = 72, cut: int | None = None) -> list:
        rng = np.random.default_rng(0)
        y, x = np.mgrid[: height + 90, : width + 90] / 9.0
        waves = rng.normal(size=(2, 3, 3)) * 2
        scenes = [
            np.clip(
                128 + 90 * np.stack([np.sin(a * x + b * y + c) for a, b, c in each], -1), 0, 255
            ).astype(np.uint8)
            for each in waves
        ]
        found = []
        for n in range(count):
            scene = scenes[cut is not None and n >= cut]
            found.append(np.ascontiguousarray(scene[n % 60 :, 2 * (n % 40) :][:height, :width]))
        return found

    return make


def _coded(codec, frames, target=None, **options) -> tuple[bytes, object]:
    clip, file = Clip(frames), io.BytesIO()
    done = encode_clip(
        codec, clip, file, header_of(codec, clip, b"it"), target or VideoTarget(), **options
    )
    assert done.bytes == len(file.getvalue())
    return file.getvalue(), done


def _decoded(codec, data, **options) -> list:
    return list(decode_clip(codec, VideoReader(io.BytesIO(data)), **options))


@pytest.mark.parametrize("size", [(40, 72), (33, 31), (1, 1), (64, 64)])
def test_round_trip(small_video_codec, moving, size) -> None:
    """What is decoded is what the encoder had, to the bit, on one thread or two."""
    frames = moving(5, *size)
    data, done = _coded(small_video_codec, frames)
    found = _decoded(small_video_codec, data)
    assert [frame.number for frame in found] == list(range(5))
    assert [frame.pts for frame in found] == [0, 3, 6, 9, 12]
    assert not any(frame.damage for frame in found)
    errors = [
        np.square(frame.pixels.astype(float) - x).mean()
        for frame, x in zip(found, frames, strict=True)
    ]
    np.testing.assert_allclose(errors, done.errors)
    again = _decoded(small_video_codec, data, threads=2)
    for a, b in zip(found, again, strict=True):
        np.testing.assert_array_equal(a.pixels, b.pixels)


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind(small_video_codec, moving, kind) -> None:
    data, done = _coded(small_video_codec, moving(4), kinds=(kind,))
    assert done.kinds[kind.name.lower()] >= 3
    assert sum(done.kinds.values()) == 4
    assert not any(frame.damage for frame in _decoded(small_video_codec, data))


def _held(frames: list, *times: int) -> list:
    """Each frame so many times, as copies."""
    return [frame.copy() for frame, n in zip(frames, times, strict=True) for _ in range(n)]


def _records(data: bytes) -> list:
    reader = VideoReader(io.BytesIO(data))
    return [frame for at in range(len(reader.places)) for frame in reader.group(at).frames]


def test_what_came_in_twice_is_repeated_and_nothing_else_is_tried(
    small_video_codec, moving, monkeypatch
) -> None:
    from covey.codec.video import groups

    tried = []
    for name in ("encode_still_frame", "encode_change_frame", "encode_motion_frames"):
        true = getattr(groups, name)
        monkeypatch.setattr(
            groups, name, lambda *given, true=true, name=name: tried.append(name) or true(*given)
        )
    frames = _held(moving(3), 3, 1, 4)
    data, done = _coded(small_video_codec, frames)
    assert len(tried) == 2 * 3, "two frames were others than those before them"
    records = _records(data)
    for at in (1, 2, 5, 6, 7):
        assert (records[at].kind, records[at].payload) == (Kind.REPEAT, b"")
    found = _decoded(small_video_codec, data)
    for at in (1, 2, 5, 6, 7):
        np.testing.assert_array_equal(found[at].pixels, found[at - 1].pixels)
    assert not any(frame.damage for frame in found)
    assert done.kinds["repeat"] >= 5


@pytest.mark.parametrize("quality", [0, 50, 100])
def test_the_kind_that_costs_least_is_chosen(small_video_codec, moving, quality) -> None:
    """As found from the frames that each kind makes, one frame after another."""
    from covey.codec.image.model import lambdas_of
    from covey.codec.image.windows import padded
    from covey.codec.video import frames as coding
    from covey.pictures import rate_of

    rng = np.random.default_rng(1)
    still = moving(1)[0]
    frames = [still, still]
    for sigma in (1, 3, 20, 60):  # ever less alike
        noise = rng.normal(size=still.shape) * sigma
        frames.append(np.clip(still + noise, 0, 255).astype(np.uint8))
    rate = rate_of(quality)
    data, _ = _coded(small_video_codec, frames, VideoTarget(quality=quality))
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


def test_a_repeat_stands_on_what_the_frame_before_it_left(small_video_codec, moving) -> None:
    """Frames behind it are decoded as they were coded, from wherever one begins."""
    frames = _held(moving(4), 2, 1, 3, 2)
    for kind in (Kind.MOTION, Kind.STILL, Kind.CHANGE):
        data, done = _coded(small_video_codec, frames, kinds=(kind, Kind.REPEAT), group=6)
        assert done.kinds["repeat"] >= 4
        whole = _decoded(small_video_codec, data)
        assert not any(frame.damage for frame in whole)
        errors = [
            np.square(a.pixels - b.astype(float)).mean() for a, b in zip(whole, frames, strict=True)
        ]
        np.testing.assert_allclose(errors, done.errors)
        for start in range(8):
            some = _decoded(small_video_codec, data, start=start)
            for a, b in zip(some, whole[start:], strict=True):
                np.testing.assert_array_equal(a.pixels, b.pixels)
                assert not a.damage


def test_damage_before_a_repeat(shipped, moving) -> None:
    """It is shown as what is shown before it, and told to be another; the next group is whole."""
    a, b = moving(4)[0], moving(4)[3]
    frames = [a, b, b, a, b]
    kinds = (Kind.MOTION, Kind.STILL, Kind.CHANGE, Kind.REPEAT)
    data, _ = _coded(shipped, frames, VideoTarget(quality=90), group=3, kinds=kinds)
    reader, clean = VideoReader(io.BytesIO(data)), _decoded(shipped, data)
    first, second, third = reader.group(0).frames
    assert third.kind == Kind.REPEAT
    assert second.payload
    end = reader.places[1].offset
    for at, told in ((0, "cannot be read"), (1, "differs from what was coded")):
        broken = bytearray(data)
        broken[end - len(second.payload) - (len(first.payload) if at == 0 else 0)] ^= 255
        found = _decoded(shipped, bytes(broken))
        assert found[at].damage == "is damaged"
        assert told in found[2].damage
        np.testing.assert_array_equal(found[2].pixels, found[1].pixels)
        assert (found[2].pixels == (128 if at == 0 else clean[0].pixels)).all()
        for one, whole in zip(found[3:], clean[3:], strict=True):
            np.testing.assert_array_equal(one.pixels, whole.pixels)
            assert not one.damage


def test_one_frame(small_video_codec, moving) -> None:
    data, done = _coded(small_video_codec, moving(1))
    assert done.kinds == {"picture": 1}
    assert len(_decoded(small_video_codec, data)) == 1


def test_no_frames(small_video_codec, moving) -> None:
    clip = Clip(moving(1))
    clip.pixels = []
    with pytest.raises(InputError, match="no frame"):
        encode_clip(
            small_video_codec,
            clip,
            io.BytesIO(),
            header_of(small_video_codec, clip, b""),
            VideoTarget(),
        )


def test_groups_end_at_scenes_and_at_their_length(small_video_codec, moving) -> None:
    data, _ = _coded(small_video_codec, moving(11, cut=4), group=5)
    places = VideoReader(io.BytesIO(data)).places
    assert [place.first for place in places] == [0, 4, 9]


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_byte(small_video_codec, moving, threads) -> None:
    frames = moving(9, cut=4)
    assert (
        _coded(small_video_codec, frames, group=3)[0]
        == _coded(small_video_codec, frames, group=3, threads=threads)[0]
    )


@pytest.mark.parametrize("start", [0, 1, 4, 8])
@pytest.mark.parametrize("count", [1, 3, None])
def test_seeking_is_exact(small_video_codec, moving, start, count) -> None:
    data, _ = _coded(small_video_codec, moving(9, cut=4), group=3)
    whole = _decoded(small_video_codec, data)
    some = _decoded(small_video_codec, data, start=start, count=count)
    expected = whole[start : None if count is None else start + count]
    assert [frame.number for frame in some] == [frame.number for frame in expected]
    for a, b in zip(some, expected, strict=True):
        np.testing.assert_array_equal(a.pixels, b.pixels)


def test_seeking_beyond_the_end(small_video_codec, moving) -> None:
    data, _ = _coded(small_video_codec, moving(2))
    with pytest.raises(InputError, match="no frame 7"):
        _decoded(small_video_codec, data, start=7)


def test_resumed_after_any_group(small_video_codec, moving) -> None:
    frames = moving(8)
    whole, _ = _coded(small_video_codec, frames, group=2, audio=io.BytesIO(b"sound"))
    places = VideoReader(io.BytesIO(whole)).places
    clip = Clip(frames)
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


def test_damage_costs_a_group_at_most_and_is_told(small_video_codec, moving) -> None:
    frames = moving(9)
    data, _ = _coded(small_video_codec, frames, group=3, kinds=_WITH_BYTES)
    clean = _decoded(small_video_codec, data)
    reader = VideoReader(io.BytesIO(data))
    second = reader.places[1]
    payloads = [len(each.payload) for each in reader.group(1).frames]
    end = reader.places[2].offset
    for which in range(3):
        hit = end - sum(payloads[which:]) + payloads[which] // 2
        broken = bytearray(data)
        broken[hit] ^= 255
        found = _decoded(small_video_codec, bytes(broken))
        assert found[second.first + which].damage == "is damaged"
        assert len(found) == 9
        for a, b in zip(found, clean, strict=True):
            if not second.first + which <= a.number < 6:
                np.testing.assert_array_equal(a.pixels, b.pixels)
                assert not a.damage
        if which == 0:  # the last frame before it stays
            np.testing.assert_array_equal(found[3].pixels, clean[2].pixels)


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


def test_times_that_do_not_rise_are_told(small_video_codec, moving) -> None:
    """Of groups whose headers are sound and cannot both be true."""
    data, _ = _coded(small_video_codec, moving(6), group=3)
    reader = VideoReader(io.BytesIO(data))
    groups = [reader.group(number).frames for number in range(2)]
    late = tuple(replace(each, pts=each.pts * 100) for each in groups[0])
    file = io.BytesIO()
    writer = VideoWriter(file, reader.header)
    writer.group(late)
    writer._latest = None
    writer.group(groups[1])
    writer.finish()
    found = _decoded(small_video_codec, file.getvalue())
    assert [frame.pts for frame in found] == [0, 300, 600, 601, 602, 603]
    assert ["time" in frame.damage for frame in found] == [False] * 3 + [True] * 3


def test_many_lost_groups_are_passed_soon(small_video_codec) -> None:
    """An index of 20,000 groups that are nowhere."""
    header = header_of(small_video_codec, Clip([np.zeros((32, 32, 3), np.uint8)]), b"")
    head = pack_header(header)
    size = 9 * 20_000
    places = [GroupPlace(len(head) + 9 * n, n, n, 1) for n in range(20_000)]
    at = struct.pack("<Q", len(head) + size)
    data = head + bytes(size) + pack_index(places) + at + b"\xf1CVe"
    begun = time.process_time()
    found = _decoded(small_video_codec, data, start=19_990)
    assert [frame.number for frame in found] == list(range(19_990, 20_000))
    assert sum(1 for _ in decode_clip(small_video_codec, VideoReader(io.BytesIO(data)))) == 20_000
    assert time.process_time() - begun < 10


def test_lost_groups_are_shown_as_the_frame_before(small_video_codec, moving) -> None:
    frames = moving(9)
    data, _ = _coded(small_video_codec, frames, group=3)
    clean = _decoded(small_video_codec, data)
    for number in range(3):
        place = VideoReader(io.BytesIO(data)).places[number]
        broken = bytearray(data)
        broken[place.offset + 6] ^= 255
        found = _decoded(small_video_codec, bytes(broken))
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
        some = _decoded(small_video_codec, bytes(broken), start=place.first + 1, count=2)
        assert [frame.number for frame in some] == [place.first + 1, place.first + 2]


def test_groups_that_take_too_much_are_refused(small_video_codec, moving, monkeypatch) -> None:
    data, _ = _coded(small_video_codec, moving(6), group=3)
    monkeypatch.setattr("covey.codec.video.groups._GROUP_BYTES", 2 * 3 * 40 * 72)
    with pytest.raises(InputError, match="groups of more than 2 frames"):
        _decoded(small_video_codec, data)
    again, _ = _coded(small_video_codec, moving(6))
    assert [place.count for place in VideoReader(io.BytesIO(again)).places] == [2, 2, 2]


@pytest.mark.parametrize("wrong", range(12))
def test_hostile_payloads(small_video_codec, moving, wrong) -> None:
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


def test_motion_alone_and_change_alone(small_video_codec, moving) -> None:
    """Where nothing is left, a frame is its prediction; where nothing moves, what changed."""
    from covey.codec.image.windows import padded
    from covey.codec.video import frames as coding

    codec, (a, b) = small_video_codec, [padded(each) for each in moving(2, 64, 64)]
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


def test_a_codec_without_motion_codes_none(small_video_body, small_codec, moving) -> None:
    from dataclasses import replace

    from covey.codec.video.body import VideoBody
    from covey.codec.video.model import VideoCodec

    body = VideoBody(replace(small_video_body.motion.config, branch="copy"), small_codec.config)
    codec = VideoCodec.of(body, small_codec)
    data, _ = _coded(codec, moving(3), kinds=(Kind.MOTION,))
    frames = VideoReader(io.BytesIO(data)).group(0).frames
    assert [frame.payload[0] for frame in frames[1:]] == [0, 0]
    assert not any(frame.damage for frame in _decoded(codec, data))


def test_work_ends_when_it_is_asked_to(small_video_codec, moving) -> None:
    data, _ = _coded(small_video_codec, moving(6), group=3)
    seen = []

    def check() -> None:
        seen.append(1)
        if len(seen) > 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _decoded(small_video_codec, data, check=check)
    assert len(seen) == 5


def test_drift_is_told(small_video_codec, moving) -> None:
    """A decoder whose pictures come out otherwise says so of every frame."""
    from covey.codec.video.model import VideoCodec

    frames = moving(6)
    data, _ = _coded(small_video_codec, frames, kinds=(Kind.MOTION,))
    weights = dict(small_video_codec.weights)
    name = "motion.synthesis.fusion.last.bias"
    weights[name] = weights[name] + np.float16(0.15)
    other = VideoCodec(small_video_codec.config, small_video_codec.image, weights)
    object.__setattr__(other, "mark", small_video_codec.mark)
    found = _decoded(other, data)
    assert not found[0].damage
    assert sum("differs from what was coded" in frame.damage for frame in found[1:]) >= 4


def test_another_codec_is_refused(small_video_codec, moving) -> None:
    data, _ = _coded(small_video_codec, moving(1))
    weights = {k: v + np.ones((), v.dtype) for k, v in small_video_codec.weights.items()}
    other = type(small_video_codec)(small_video_codec.config, small_video_codec.image, weights)
    with pytest.raises(InputError, match="was coded by the video model"):
        _decoded(other, data)


def test_sizes_are_met(shipped, moving) -> None:
    frames = moving(16, 64, 64)
    low, high = (len(_coded(shipped, frames, VideoTarget(quality=q), group=4)[0]) for q in (5, 95))
    wanted = int(low + 0.4 * (high - low))
    data, _ = _coded(shipped, frames, VideoTarget(size=wanted), group=4)
    assert 0.85 * wanted < len(data) <= wanted
    for said in (12, 200):
        clip, file = Clip(frames), io.BytesIO()
        clip.expected_frames = said
        encode_clip(
            shipped,
            clip,
            file,
            header_of(shipped, clip, b""),
            VideoTarget(size=wanted),
            group=4,
        )
        assert len(file.getvalue()) <= wanted
    one, _ = _coded(shipped, frames, VideoTarget(size=wanted), group=64)
    assert 0.9 * wanted < len(one) <= wanted


def test_bitrate_and_bits_a_pixel_are_sizes(shipped, moving) -> None:
    frames = moving(12, 64, 96)
    middle = len(_coded(shipped, frames)[0])
    by_rate, _ = _coded(shipped, frames, VideoTarget(bitrate=middle * 8 / (12 / 25)))
    by_pixel, _ = _coded(shipped, frames, VideoTarget(bpp=middle * 8 / (12 * 64 * 96)))
    for data in (by_rate, by_pixel):
        assert 0.9 * middle < len(data) <= middle


def test_quality_that_is_wanted(shipped, moving) -> None:
    frames = moving(8, 64, 96)
    least, most = (
        _coded(shipped, frames, VideoTarget(quality=q), group=4)[1].psnr for q in (5, 95)
    )
    wanted = 0.5 * (least + most)
    _, done = _coded(shipped, frames, VideoTarget(psnr=wanted), group=4)
    assert wanted <= done.psnr < wanted + 0.3
    with pytest.raises(InputError, match="cannot be reached"):
        _coded(shipped, frames, VideoTarget(psnr=99))


@pytest.mark.parametrize(
    "wrong", [{"quality": 101}, {"bpp": 0}, {"size": 5, "psnr": 30}, {"bitrate": float("nan")}]
)
def test_targets_that_cannot_be(wrong) -> None:
    with pytest.raises(UsageError):
        VideoTarget(**wrong)
