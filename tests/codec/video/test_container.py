"""Bytes of a file of video."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.codec.video.container import (
    FrameRecord,
    Group,
    VideoHeader,
    VideoReader,
    VideoWriter,
    whole_frames,
)
from covey.codec.video.records import GROUP, MOST_FRAMES, SIGN
from covey.types import InputError


@pytest.fixture(scope="session")
def check(video_header, video_reader):
    """`check(data, clip, audio)`: that a file reads as what was written."""

    def call(data: bytes, clip: list[tuple[FrameRecord, ...]], audio: bytes = b"") -> None:
        reader = video_reader(data)
        assert reader.header == video_header
        assert reader.frames == sum(map(len, clip))
        first = 0
        for number, frames in enumerate(clip):
            assert reader.group(number) == Group(first, frames)
            assert reader.group_of(first) == reader.group_of(first + len(frames) - 1) == number
            first += len(frames)
        assert b"".join(reader.audio()) == audio
        assert reader.damage == ()

    return call


@pytest.mark.parametrize("counts", [(), (1,), (1, 1, 1), (9, 32, 4), (1394,), (32,) * 43 + (18,)])
@pytest.mark.parametrize("audio", [b"", b"a", bytes(range(256)) * 700])
def test_reads_what_was_written(counts, audio, random_groups, video_file, check) -> None:
    clip = random_groups(*counts)
    check(video_file(clip, audio), clip, audio)


_numbers = st.integers(-(2**63), 2**63 - 1)


@settings(deadline=None, max_examples=30)
@given(
    st.sets(_numbers, min_size=1, max_size=30),
    st.lists(st.integers(1, 6), min_size=30, max_size=30),
    st.data(),
)
def test_reads_any_time_stamps_rates_and_payloads(
    check, video_reader, video_file, stamps, sizes, data
) -> None:
    frames = [
        FrameRecord(
            data.draw(st.integers(0, 255)),
            data.draw(st.integers(0, 8999)),
            pts,
            data.draw(st.integers(0, 65_535)),
            data.draw(st.binary(max_size=20) | st.just(SIGN) | st.just(GROUP)),
        )
        for pts in sorted(stamps)
    ]
    clip, at = [], 0
    for size in sizes:
        clip += [tuple(frames[at : at + size])] if frames[at:] else []
        at += size
    written = video_file(clip)
    check(written, clip)
    reader = video_reader(written[:-1])  # without an index, signs in payloads and all
    assert [reader.group(number).frames for number in range(len(clip))] == clip


@settings(deadline=None, max_examples=30)
@given(
    st.integers(1, 2**10),
    st.integers(1, 2**10),
    st.binary(min_size=4, max_size=4),
    st.fractions(min_value=Fraction(1, 2**30), max_value=2**30, max_denominator=2**30),
    st.fractions(min_value=Fraction(1, 1001), max_value=1000, max_denominator=1001),
    st.binary(max_size=300),
)
def test_reads_any_header(
    video_reader, video_file, width, height, mark, base, rate, made_with
) -> None:
    header = VideoHeader(width, height, mark, mark[::-1], base, rate, made_with)
    assert video_reader(video_file([], header=header)).header == header


def test_time_stamps_may_be_negative(random_groups, video_file, check) -> None:
    clip = random_groups(3, 5, start=-9000)
    check(video_file(clip), clip)


def _small_file(version: int) -> tuple[bytes, tuple[FrameRecord, ...]]:
    """Bytes of a file of two frames, the second of them empty, put together by hand."""
    frames = (FrameRecord(0, 10, -1, 0x1234, b"abc"), FrameRecord(3, 8, 1, 0x5678, b""))
    header = b"CVV" + bytes([version]) + b"\x00" + b"\x01\xff\x00zwxyz" + b"\xe0\x02\xa0\x02"
    header += b"\x01\x90\xbf\x05" + b"\xb0\xea\x01\xe9\x07" + b"\x04made"
    audio = b"\xf1CVa\x02"
    group = b"\x00\x01" + b"\x00\x14\x03\x34\x12" + struct.pack("<I", zlib.crc32(b"abc"))
    group += b"\x03\x03\x02\x00\x78\x56" + bytes(4 if version == 1 else 0)
    group = b"\xf1CVg" + bytes([len(group)]) + group
    index = b"\xf1CVx\x01" + bytes([len(header) + 15]) + b"\x01\x02"
    pieces = [header, struct.pack("<I", zlib.crc32(header))]
    pieces += [audio, struct.pack("<I", zlib.crc32(audio + b"hi")), b"hi"]
    pieces += [group, struct.pack("<I", zlib.crc32(group)), b"abc"]
    at = sum(map(len, pieces))
    pieces += [index, struct.pack("<I", zlib.crc32(index)), struct.pack("<Q", at), b"\xf1CVe"]
    return b"".join(pieces), frames


def test_bytes_of_a_small_file(video_file) -> None:
    data, frames = _small_file(2)
    assert video_file([frames], b"hi") == data


@pytest.mark.parametrize("version", [1, 2])
def test_reads_files_of_either_version(version, video_reader, check) -> None:
    data, frames = _small_file(version)
    check(data, [frames], b"hi")
    reader = video_reader(data[:-1])
    assert reader.group(0) == Group(0, frames)
    assert "no sound index" in reader.damage[0]


def test_a_file_of_version_1_is_not_gone_on_with(video_header) -> None:
    data, _ = _small_file(1)
    with pytest.raises(InputError, match="was begun for another video"):
        VideoWriter.resumed(io.BytesIO(data), video_header)


def test_takes_few_bytes(video_file) -> None:
    frames = tuple(FrameRecord(1, 4000, 1001 * at, at, bytes(90)) for at in range(32))
    data = video_file([frames] * 1)
    assert len(data) - 32 * 90 < 32 * 11 + 110
    frames = tuple(FrameRecord(3, 4000, at, at, b"") for at in range(32))
    assert len(video_file([frames])) < 32 * 6 + 110


def test_what_is_no_frame_is_not_written(video_header) -> None:
    good = FrameRecord(0, 0, 0, 0, b"")
    writer = VideoWriter(io.BytesIO(), video_header)
    for bad in (
        [],
        [good, good],
        [good] * (MOST_FRAMES + 1),
        [FrameRecord(256, 0, 0, 0, b"")],
        [FrameRecord(0, 9000, 0, 0, b"")],
        [FrameRecord(0, 0, 2**63, 0, b"")],
        [FrameRecord(0, 0, 0, -1, b"")],
    ):
        with pytest.raises(ValueError, match=r"frames|range|rise"):
            writer.group(bad)
    writer.group([good])
    with pytest.raises(ValueError, match="must rise, and 0 follows 0"):
        writer.group([good])
    with pytest.raises(ValueError, match="before the first group"):
        writer.audio(b"a")
    with pytest.raises(ValueError, match="no header"):
        VideoHeader(0, 1, b"abcd", b"abcd", Fraction(1), Fraction(1))


def test_resumed_after_a_cut_anywhere_it_becomes_the_same_file(
    video_header, random_groups, video_file
) -> None:
    clip, audio = random_groups(2, 3, 1, start=-50), b"audio" * 8
    whole = video_file(clip, audio)
    for length in range(len(whole) + 1):
        file = io.BytesIO(whole[:length])
        kept = whole_frames(file)
        writer = VideoWriter.resumed(file, video_header)
        assert kept == writer.frames
        if not writer.frames:
            writer.audio(audio)
        for group in clip[len(writer.places) :]:
            writer.group(group)
        writer.finish()
        assert file.getvalue() == whole


def test_resumed_it_keeps_up_to_the_first_damage(
    video_header, random_groups, video_file, video_reader
) -> None:
    clip = random_groups(2, 3, 1)
    data = bytearray(video_file(clip))
    places = video_reader(bytes(data)).places
    data[places[2].offset - 1] ^= 1
    file = io.BytesIO(bytes(data))
    writer = VideoWriter.resumed(file, video_header)
    assert writer.frames == 2
    assert writer.places == places[:1]
    assert len(file.getvalue()) == places[1].offset
    with pytest.raises(ValueError, match="must rise"):
        writer.group(clip[0])


def test_what_was_begun_otherwise_is_not_resumed(random_groups, video_file) -> None:
    other = VideoHeader(352, 288, *[b"abcd"] * 2, Fraction(1, 25), Fraction(25), b"other")
    data = video_file(random_groups(1))
    file = io.BytesIO(data)
    with pytest.raises(InputError, match=r"^x\.cvv: was begun for another video"):
        VideoWriter.resumed(file, other, "x.cvv")
    assert file.getvalue() == data


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", r"no \.cvv file"),
        (b"RIFF" * 9, r"no \.cvv file"),
        (b"CVV", "damaged: it ends too early"),
        (b"CVV\x00" + bytes(40), "is of version 0, and this Covey reads 1 to 2"),
        (b"CVV\x03" + bytes(40), "is of version 3, and this Covey reads 1 to 2"),
        (b"CVV\x01\x00" + b"\xff" * 40, "a number that does not end"),
        (b"CVV\x01\x00abcdabcd" + b"\x01\x01\x00\x01\x01\x01\x00" + bytes(9), "ratios"),
        (b"CVV\x01\x00abcdabcd" + b"\x01" * 6 + b"\xff\xff\x7f" + bytes(9), "is damaged"),
    ],
)
def test_what_is_no_file_is_refused(data, words, video_reader) -> None:
    with pytest.raises(InputError, match=words) as caught:
        video_reader(data)
    assert str(caught.value).startswith("x.cvv: ")


def test_too_many_pixels_are_refused(video_file, video_reader) -> None:
    ratio = Fraction(1)
    for size in ((2**40, 2**40), (2**25, 1), (8192, 4097)):
        data = video_file([], header=VideoHeader(*size, b"abcd", b"abcd", ratio, ratio))
        with pytest.raises(InputError, match="squares of 32 more than 33,554,432; allow more"):
            video_reader(data)
    data = video_file([], header=VideoHeader(100, 100, b"abcd", b"abcd", ratio, ratio))
    assert VideoReader(io.BytesIO(data), "x.cvv", 1).header.width == 100, "always allowed"


def test_memory_does_not_grow_with_the_clip(video_header) -> None:
    frames = [FrameRecord(0, 0, at, 0, bytes(100_000)) for at in range(4)]
    file = io.BytesIO(bytes(150 * 4 * 100_200))  # its own memory is taken before
    tracemalloc.start()
    try:
        writer = VideoWriter(file, video_header)
        for number in range(150):
            late = 4 * number
            writer.group([FrameRecord(0, 0, late + at, 0, frames[at].payload) for at in range(4)])
        writer.finish()
        file.truncate()
        for end in (0, 3):  # by its index, and without it
            reader = VideoReader(file, "x.cvv")
            assert reader.frames == 600
            assert sum(len(reader.group(number).frames) for number in range(150)) == 600
            file.seek(-end, 2)
            file.truncate()
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()
