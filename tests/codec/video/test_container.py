"""Bytes of a file of video."""

from __future__ import annotations

import io
import struct
import time
import tracemalloc
import zlib
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.codec.video.container import (
    FrameRecord,
    Group,
    GroupPlace,
    VideoHeader,
    VideoReader,
    VideoWriter,
    whole_frames,
)
from covey.codec.video.records import GROUP, MOST_FRAMES, SIGN, pack_header, pack_index
from covey.codec.video.varints import varint
from covey.types import InputError

_HEADER = VideoHeader(
    352, 288, b"\x01\xff\x00z", b"wxyz", Fraction(1, 90_000), Fraction(30_000, 1001), b"made"
)
Clip = list[tuple[FrameRecord, ...]]


def _clip(*counts: int, start: int = 0, seed: int = 0, most: int = 40) -> Clip:
    """Groups with time stamps at random steps."""
    rng = np.random.default_rng(seed)
    pts, groups = start, []
    for count in counts:
        frames = []
        for at in range(count):
            payload = rng.bytes(int(rng.integers(0, most)))
            rate, digest = int(rng.integers(9000)), int(rng.integers(2**16))
            frames.append(FrameRecord(int(at > 0), rate, pts, digest, payload))
            pts += int(rng.integers(1, 5000))
        groups.append(tuple(frames))
    return groups


def _write(clip: Clip, audio: bytes = b"", header: VideoHeader = _HEADER) -> bytes:
    file = io.BytesIO()
    writer = VideoWriter(file, header)
    writer.audio(audio)
    for frames in clip:
        writer.group(frames)
    writer.finish()
    return file.getvalue()


def _read(data: bytes) -> VideoReader:
    return VideoReader(io.BytesIO(data), "x.cvv")


def _check(data: bytes, clip: Clip, audio: bytes = b"") -> None:
    reader = _read(data)
    assert reader.header == _HEADER
    assert reader.frames == sum(map(len, clip))
    first = 0
    for number, frames in enumerate(clip):
        assert reader.group(number) == Group(first, frames)
        assert reader.group_of(first) == reader.group_of(first + len(frames) - 1) == number
        first += len(frames)
    assert b"".join(reader.audio()) == audio
    assert reader.damage == ()


@pytest.mark.parametrize("counts", [(), (1,), (1, 1, 1), (9, 32, 4), (1394,), (32,) * 43 + (18,)])
@pytest.mark.parametrize("audio", [b"", b"a", bytes(range(256)) * 700])
def test_reads_what_was_written(counts, audio) -> None:
    clip = _clip(*counts)
    _check(_write(clip, audio), clip, audio)


_numbers = st.integers(-(2**63), 2**63 - 1)


@settings(deadline=None, max_examples=30)
@given(
    st.sets(_numbers, min_size=1, max_size=30),
    st.lists(st.integers(1, 6), min_size=30, max_size=30),
    st.data(),
)
def test_reads_any_time_stamps_rates_and_payloads(stamps, sizes, data) -> None:
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
    written = _write(clip)
    _check(written, clip)
    reader = _read(written[:-1])  # without an index, signs in payloads and all
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
def test_reads_any_header(width, height, mark, base, rate, made_with) -> None:
    header = VideoHeader(width, height, mark, mark[::-1], base, rate, made_with)
    assert _read(_write([], header=header)).header == header


def test_time_stamps_may_be_negative() -> None:
    clip = _clip(3, 5, start=-9000)
    _check(_write(clip), clip)


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


def test_bytes_of_a_small_file() -> None:
    data, frames = _small_file(2)
    assert _write([frames], b"hi") == data


@pytest.mark.parametrize("version", [1, 2])
def test_reads_files_of_either_version(version) -> None:
    data, frames = _small_file(version)
    _check(data, [frames], b"hi")
    reader = _read(data[:-1])
    assert reader.group(0) == Group(0, frames)
    assert "no sound index" in reader.damage[0]


def test_a_file_of_version_1_is_not_gone_on_with() -> None:
    data, _ = _small_file(1)
    with pytest.raises(InputError, match="was begun for another video"):
        VideoWriter.resumed(io.BytesIO(data), _HEADER)


def test_takes_few_bytes() -> None:
    frames = tuple(FrameRecord(1, 4000, 1001 * at, at, bytes(90)) for at in range(32))
    data = _write([frames] * 1)
    assert len(data) - 32 * 90 < 32 * 11 + 110
    frames = tuple(FrameRecord(3, 4000, at, at, b"") for at in range(32))
    assert len(_write([frames])) < 32 * 6 + 110


def test_what_is_no_frame_is_not_written() -> None:
    good = FrameRecord(0, 0, 0, 0, b"")
    writer = VideoWriter(io.BytesIO(), _HEADER)
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


def _sound_ones_are_true(reader: VideoReader, clip: Clip) -> int:
    """How many frames are told sound; each equals the one of its number."""
    frames = [frame for group in clip for frame in group]
    count = 0
    for number in range(len(reader.places)):
        group = reader.group(number)
        for at, frame in enumerate(group.frames, group.first):
            if frame.sound:
                assert frame == frames[at]
                count += 1
    return count


def test_cut_off_it_holds_what_came_first() -> None:
    clip, audio = _clip(3, 1, 4), b"audio" * 9
    data = _write(clip, audio)
    head, best = len(pack_header(_HEADER)), 0
    for length in range(len(data)):
        if length < head:
            with pytest.raises(InputError, match=r"^x\.cvv: .*(damaged|no \.cvv)"):
                _read(data[:length])
            continue
        reader = _read(data[:length])
        assert "no sound index" in reader.damage[0]
        count = _sound_ones_are_true(reader, clip)
        assert count >= best
        best = count
        assert audio.startswith(b"".join(reader.audio()))
    assert best == 8


def test_every_flipped_bit_is_noticed() -> None:
    clip, audio = _clip(2, 1, 2, most=6), b"hear"
    data = _write(clip, audio)
    refused = 0
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            try:
                reader = _read(bytes(changed))
            except InputError:
                refused += 1
                continue
            heard = b"".join(reader.audio())
            count = _sound_ones_are_true(reader, clip)
            assert reader.damage
            assert count >= 3, "a bit touches one group at most"
            assert heard == audio or "audio" in " ".join(reader.damage)
    assert refused == 8 * len(pack_header(_HEADER))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_nothing_but_input_errors_whatever_the_bytes(data) -> None:
    clip = _clip(2, 3)
    changed = bytearray(_write(clip, b"audio"))
    for _ in range(data.draw(st.integers(1, 6))):
        begin = data.draw(st.integers(0, len(changed)))
        end = data.draw(st.integers(begin, min(begin + 30, len(changed))))
        changed[begin:end] = data.draw(
            st.binary(max_size=30) | st.sampled_from([GROUP, b"\xf1CVa", b"\xf1CVx"])
        )
    try:
        reader = _read(bytes(changed))
    except InputError:
        return
    list(reader.audio())
    _sound_ones_are_true(reader, clip)


def test_a_lost_group_leaves_the_others() -> None:
    clip = _clip(3, 4, 5)
    data = bytearray(_write(clip))
    places = _read(bytes(data)).places
    data[places[1].offset + 12] ^= 255
    reader = _read(bytes(data))
    assert reader.places == places
    assert reader.group(1) == Group(3, ())
    assert reader.damage == ("x.cvv: frames 3 to 6 are lost: damaged",)
    assert reader.group(2) == Group(7, clip[2])
    reader = _read(bytes(data[:-20]))  # nor is there an index
    assert reader.places == [places[0], places[2]]
    assert reader.group(1) == Group(7, clip[2])
    assert reader.frames == 12
    assert "frames 3 to 6 are lost" in reader.damage[1]
    with pytest.raises(InputError, match="has no frame 4"):
        reader.group_of(4)


def _pieces(clip: Clip, audio: bytes = b"") -> list[bytes]:
    """Header, audio, each group, index."""
    data = _write(clip, audio)
    cuts = [place.offset for place in _read(data).places]
    cuts = [len(pack_header(_HEADER)), *cuts, struct.unpack("<Q", data[-12:-4])[0], len(data)]
    pieces = [data[:begin] if n == 0 else data[cuts[n - 1] : begin] for n, begin in enumerate(cuts)]
    return pieces if audio else [pieces[0], *pieces[2:]]


@pytest.mark.parametrize("audio", [b"", b"audio" * 20])
@pytest.mark.parametrize("order", [(1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_exchanged_groups_are_found(order, audio) -> None:
    """The index is sound and at its place, but tells of groups at others."""
    clip = _clip(3, 4, 5)
    *head, a, b, c, index = _pieces(clip, audio)
    groups = [a, b, c]
    reader = _read(b"".join([*head, *(groups[n] for n in order), index]))
    assert [reader.group(n) for n in range(3)] == [
        Group(first, frames) for first, frames in zip((0, 3, 7), clip, strict=True)
    ]
    assert "elsewhere than its index says" in reader.damage[0]
    reader = _read(b"".join([*head, *(groups[n] for n in order), index[:-1]]))
    assert [reader.group(n).frames for n in range(3)] == clip
    assert reader.damage == (
        "x.cvv: has no sound index, as it is cut off or damaged; its groups were searched for",
    )


def test_of_copies_the_whole_one_counts() -> None:
    """One of a group within its own first half, and one behind all."""
    clip = _clip(3, 4, 5, most=300)
    head, a, b, c, index = _pieces(clip)
    for half in (len(b) // 2, len(b) - 3):
        for data in (
            [head, a, b[:half], b, b[half:], c, index],
            [head, a, b[:half], a + b + c, b[half:], c, index],
            [head, a, b[:half], c, b, index],
        ):
            reader = _read(b"".join(data))
            assert [reader.group(n).frames for n in range(3)] == clip


def test_many_copies_are_searched_soon() -> None:
    """Each tells of payloads up to the end of the file."""
    frames = (FrameRecord(0, 0, 0, 0, bytes(500_000)),)
    head, group, _ = _pieces([frames])
    data = head + group[:-500_000] * 12_000 + bytes(300_000)
    begun = time.process_time()
    reader = _read(data)
    assert len(reader.places) == 1
    assert time.process_time() - begun < 5


def test_audio_that_is_elsewhere_is_told() -> None:
    clip = _clip(3, 4)
    head, audio, a, b, index = _pieces(clip, b"audio" * 20)
    for data in ([head, a, audio, b, index], [head, a, b, audio, index]):
        reader = _read(b"".join(data))
        assert b"".join(reader.audio()) == b""
        assert "audio is damaged" in " ".join(reader.damage)


def test_missing_bytes_do_not_hide_the_next_group() -> None:
    clip = _clip(3, 4, 5, most=400)
    data = _write(clip)
    places = _read(data).places
    at = places[2].offset - 100
    reader = _read(data[:at] + data[at + 60 :])
    assert [place.first for place in reader.places] == [0, 3, 7]
    assert reader.group(2).frames == clip[2]


def test_a_damaged_payload_is_told() -> None:
    clip = [(FrameRecord(0, 5, 0, 0, b"abcd"), FrameRecord(0, 5, 1, 0, b"efgh"))]
    data = bytearray(_write(clip))
    data[data.index(b"efgh")] ^= 1
    reader = _read(bytes(data))
    first, second = reader.group(0).frames
    assert first == clip[0][0]
    assert (second.sound, second.payload, second.pts) == (False, b"dfgh", 1)
    assert reader.damage == ("x.cvv: 1 damaged in frames from 0 on: 1",)
    reader.group(0)
    assert len(reader.damage) == 1


def test_damaged_audio_is_told() -> None:
    audio = b"a" * 70_000
    data = bytearray(_write(_clip(1), audio))
    begin = data.index(b"aaaa")
    data[begin] ^= 1
    reader = _read(bytes(data))
    assert len(b"".join(reader.audio())) == 70_000, "its length is known"
    assert reader.damage == ("x.cvv: the audio is damaged",)
    reader = _read(bytes(data[: begin + 100]))
    assert b"".join(reader.audio()) == b""


def test_resumed_after_a_cut_anywhere_it_becomes_the_same_file() -> None:
    clip, audio = _clip(2, 3, 1, start=-50), b"audio" * 8
    whole = _write(clip, audio)
    for length in range(len(whole) + 1):
        file = io.BytesIO(whole[:length])
        kept = whole_frames(file)
        writer = VideoWriter.resumed(file, _HEADER)
        assert kept == writer.frames
        if not writer.frames:
            writer.audio(audio)
        for group in clip[len(writer.places) :]:
            writer.group(group)
        writer.finish()
        assert file.getvalue() == whole


def test_resumed_it_keeps_up_to_the_first_damage() -> None:
    clip = _clip(2, 3, 1)
    data = bytearray(_write(clip))
    places = _read(bytes(data)).places
    data[places[2].offset - 1] ^= 1
    file = io.BytesIO(bytes(data))
    writer = VideoWriter.resumed(file, _HEADER)
    assert writer.frames == 2
    assert writer.places == places[:1]
    assert len(file.getvalue()) == places[1].offset
    with pytest.raises(ValueError, match="must rise"):
        writer.group(clip[0])


def test_what_was_begun_otherwise_is_not_resumed() -> None:
    other = VideoHeader(352, 288, *[b"abcd"] * 2, Fraction(1, 25), Fraction(25), b"other")
    data = _write(_clip(1))
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
def test_what_is_no_file_is_refused(data, words) -> None:
    with pytest.raises(InputError, match=words) as caught:
        _read(data)
    assert str(caught.value).startswith("x.cvv: ")


def test_too_many_pixels_are_refused() -> None:
    ratio = Fraction(1)
    for size in ((2**40, 2**40), (2**25, 1), (8192, 4097)):
        data = _write([], header=VideoHeader(*size, b"abcd", b"abcd", ratio, ratio))
        with pytest.raises(InputError, match="squares of 32 more than 33,554,432; allow more"):
            _read(data)
    data = _write([], header=VideoHeader(100, 100, b"abcd", b"abcd", ratio, ratio))
    assert VideoReader(io.BytesIO(data), "x.cvv", 1).header.width == 100, "always allowed"


def test_an_index_that_lies_is_not_believed() -> None:
    clip = _clip(2, 2)
    data = _write(clip)
    places = _read(data).places
    at = struct.unpack("<Q", data[-12:-4])[0]
    for lie in (
        [GroupPlace(places[0].offset, 0, 0, 4000)],
        [places[0], GroupPlace(places[0].offset, 2, places[1].pts, 2)],
        [GroupPlace(2**62, 0, 0, 1)],
        [GroupPlace(0, 0, 0, 1)],
    ):
        reader = _read(data[:at] + pack_index(lie) + data[-12:])
        assert reader.places == places
        assert "no sound index" in reader.damage[0]
    moved = [GroupPlace(place.offset + 1, place.first, place.pts, 2) for place in places]
    reader = _read(data[:at] + pack_index(moved) + data[-12:])
    assert reader.group(0) == Group(0, clip[0])
    assert "frames 0 to 1 lie elsewhere" in reader.damage[0]
    gone = [GroupPlace(place.offset, place.first, place.pts + 1, 2) for place in places]
    reader = _read(data[:at] + pack_index(gone) + data[-12:])
    assert reader.group(0) == Group(0, ())
    assert "frames 0 to 1 are lost" in reader.damage[0]
    for number in (-1, 2, 10**9):
        with pytest.raises(InputError, match="has no group"):
            reader.group(number)
    huge = b"\xf1CVx" + varint(2**62)
    reader = _read(data[:at] + huge + struct.pack("<I", zlib.crc32(huge)) + data[-12:])
    assert reader.places == places


def test_a_file_full_of_false_markers_is_left_soon() -> None:
    head = pack_header(_HEADER)
    for false in (GROUP, GROUP + varint(100_000), b"\xf1CVa" + varint(60_000), SIGN):
        reader = _read(head + false * 400_000)
        assert reader.places == []
        assert reader.frames == 0


def test_memory_does_not_grow_with_the_clip() -> None:
    frames = [FrameRecord(0, 0, at, 0, bytes(100_000)) for at in range(4)]
    file = io.BytesIO(bytes(150 * 4 * 100_200))  # its own memory is taken before
    tracemalloc.start()
    try:
        writer = VideoWriter(file, _HEADER)
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
