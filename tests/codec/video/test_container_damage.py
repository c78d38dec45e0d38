"""Files of video that are cut off, damaged or put together wrongly."""

from __future__ import annotations

import struct
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.codec.video.container import FrameRecord, Group, GroupPlace, VideoReader
from covey.codec.video.records import GROUP, SIGN, pack_header, pack_index
from covey.codec.video.varints import varint
from covey.types import InputError


def _sound_ones_are_true(reader: VideoReader, clip: list[tuple[FrameRecord, ...]]) -> int:
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


def test_cut_off_it_holds_what_came_first(
    video_header, random_groups, video_file, video_reader
) -> None:
    clip, audio = random_groups(3, 1, 4), b"audio" * 9
    data = video_file(clip, audio)
    head, best = len(pack_header(video_header)), 0
    for length in range(len(data)):
        if length < head:
            with pytest.raises(InputError, match=r"^x\.cvv: .*(damaged|no \.cvv)"):
                video_reader(data[:length])
            continue
        reader = video_reader(data[:length])
        assert "no sound index" in reader.damage[0]
        count = _sound_ones_are_true(reader, clip)
        assert count >= best
        best = count
        assert audio.startswith(b"".join(reader.audio()))
    assert best == 8


def test_every_flipped_bit_is_noticed(
    video_header, random_groups, video_file, video_reader
) -> None:
    clip, audio = random_groups(2, 1, 2, most=6), b"hear"
    data = video_file(clip, audio)
    refused = 0
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            try:
                reader = video_reader(bytes(changed))
            except InputError:
                refused += 1
                continue
            heard = b"".join(reader.audio())
            count = _sound_ones_are_true(reader, clip)
            assert reader.damage
            assert count >= 3, "a bit touches one group at most"
            assert heard == audio or "audio" in " ".join(reader.damage)
    assert refused == 8 * len(pack_header(video_header))


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_nothing_but_input_errors_whatever_the_bytes(
    video_reader, video_file, random_groups, data
) -> None:
    clip = random_groups(2, 3)
    changed = bytearray(video_file(clip, b"audio"))
    for _ in range(data.draw(st.integers(1, 6))):
        begin = data.draw(st.integers(0, len(changed)))
        end = data.draw(st.integers(begin, min(begin + 30, len(changed))))
        changed[begin:end] = data.draw(
            st.binary(max_size=30) | st.sampled_from([GROUP, b"\xf1CVa", b"\xf1CVx"])
        )
    try:
        reader = video_reader(bytes(changed))
    except InputError:
        return
    list(reader.audio())
    _sound_ones_are_true(reader, clip)


def test_a_lost_group_leaves_the_others(random_groups, video_file, video_reader) -> None:
    clip = random_groups(3, 4, 5)
    data = bytearray(video_file(clip))
    places = video_reader(bytes(data)).places
    data[places[1].offset + 12] ^= 255
    reader = video_reader(bytes(data))
    assert reader.places == places
    assert reader.group(1) == Group(3, ())
    assert reader.damage == ("x.cvv: frames 3 to 6 are lost: damaged",)
    assert reader.group(2) == Group(7, clip[2])
    reader = video_reader(bytes(data[:-20]))  # nor is there an index
    assert reader.places == [places[0], places[2]]
    assert reader.group(1) == Group(7, clip[2])
    assert reader.frames == 12
    assert "frames 3 to 6 are lost" in reader.damage[1]
    with pytest.raises(InputError, match="has no frame 4"):
        reader.group_of(4)


@pytest.fixture(scope="session")
def pieces(video_header, video_file, video_reader):
    """`pieces(clip, audio)`: header, audio, each group, index."""

    def call(clip: list[tuple[FrameRecord, ...]], audio: bytes = b"") -> list[bytes]:
        data = video_file(clip, audio)
        cuts = [place.offset for place in video_reader(data).places]
        cuts = [
            len(pack_header(video_header)),
            *cuts,
            struct.unpack("<Q", data[-12:-4])[0],
            len(data),
        ]
        found = [
            data[:begin] if n == 0 else data[cuts[n - 1] : begin] for n, begin in enumerate(cuts)
        ]
        return found if audio else [found[0], *found[2:]]

    return call


@pytest.mark.parametrize("audio", [b"", b"audio" * 20])
@pytest.mark.parametrize("order", [(1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_exchanged_groups_are_found(order, audio, random_groups, video_reader, pieces) -> None:
    """The index is sound and at its place, but tells of groups at others."""
    clip = random_groups(3, 4, 5)
    *head, a, b, c, index = pieces(clip, audio)
    groups = [a, b, c]
    reader = video_reader(b"".join([*head, *(groups[n] for n in order), index]))
    assert [reader.group(n) for n in range(3)] == [
        Group(first, frames) for first, frames in zip((0, 3, 7), clip, strict=True)
    ]
    assert "elsewhere than its index says" in reader.damage[0]
    reader = video_reader(b"".join([*head, *(groups[n] for n in order), index[:-1]]))
    assert [reader.group(n).frames for n in range(3)] == clip
    assert reader.damage == (
        "x.cvv: has no sound index, as it is cut off or damaged; its groups were searched for",
    )


def test_of_copies_the_whole_one_counts(random_groups, video_reader, pieces) -> None:
    """One of a group within its own first half, and one behind all."""
    clip = random_groups(3, 4, 5, most=300)
    head, a, b, c, index = pieces(clip)
    for half in (len(b) // 2, len(b) - 3):
        for data in (
            [head, a, b[:half], b, b[half:], c, index],
            [head, a, b[:half], a + b + c, b[half:], c, index],
            [head, a, b[:half], c, b, index],
        ):
            reader = video_reader(b"".join(data))
            assert [reader.group(n).frames for n in range(3)] == clip


def test_many_copies_are_searched_soon(video_reader, pieces) -> None:
    """Each tells of payloads up to the end of the file."""
    frames = (FrameRecord(0, 0, 0, 0, bytes(500_000)),)
    head, group, _ = pieces([frames])
    data = head + group[:-500_000] * 12_000 + bytes(300_000)
    begun = time.process_time()
    reader = video_reader(data)
    assert len(reader.places) == 1
    assert time.process_time() - begun < 5


def test_audio_that_is_elsewhere_is_told(random_groups, video_reader, pieces) -> None:
    clip = random_groups(3, 4)
    head, audio, a, b, index = pieces(clip, b"audio" * 20)
    for data in ([head, a, audio, b, index], [head, a, b, audio, index]):
        reader = video_reader(b"".join(data))
        assert b"".join(reader.audio()) == b""
        assert "audio is damaged" in " ".join(reader.damage)


def test_missing_bytes_do_not_hide_the_next_group(random_groups, video_file, video_reader) -> None:
    clip = random_groups(3, 4, 5, most=400)
    data = video_file(clip)
    places = video_reader(data).places
    at = places[2].offset - 100
    reader = video_reader(data[:at] + data[at + 60 :])
    assert [place.first for place in reader.places] == [0, 3, 7]
    assert reader.group(2).frames == clip[2]


def test_a_damaged_payload_is_told(video_file, video_reader) -> None:
    clip = [(FrameRecord(0, 5, 0, 0, b"abcd"), FrameRecord(0, 5, 1, 0, b"efgh"))]
    data = bytearray(video_file(clip))
    data[data.index(b"efgh")] ^= 1
    reader = video_reader(bytes(data))
    first, second = reader.group(0).frames
    assert first == clip[0][0]
    assert (second.sound, second.payload, second.pts) == (False, b"dfgh", 1)
    assert reader.damage == ("x.cvv: 1 damaged in frames from 0 on: 1",)
    reader.group(0)
    assert len(reader.damage) == 1


def test_damaged_audio_is_told(random_groups, video_file, video_reader) -> None:
    audio = b"a" * 70_000
    data = bytearray(video_file(random_groups(1), audio))
    begin = data.index(b"aaaa")
    data[begin] ^= 1
    reader = video_reader(bytes(data))
    assert len(b"".join(reader.audio())) == 70_000, "its length is known"
    assert reader.damage == ("x.cvv: the audio is damaged",)
    reader = video_reader(bytes(data[: begin + 100]))
    assert b"".join(reader.audio()) == b""


def test_an_index_that_lies_is_not_believed(random_groups, video_file, video_reader) -> None:
    clip = random_groups(2, 2)
    data = video_file(clip)
    places = video_reader(data).places
    at = struct.unpack("<Q", data[-12:-4])[0]
    for lie in (
        [GroupPlace(places[0].offset, 0, 0, 4000)],
        [places[0], GroupPlace(places[0].offset, 2, places[1].pts, 2)],
        [GroupPlace(2**62, 0, 0, 1)],
        [GroupPlace(0, 0, 0, 1)],
    ):
        reader = video_reader(data[:at] + pack_index(lie) + data[-12:])
        assert reader.places == places
        assert "no sound index" in reader.damage[0]
    moved = [GroupPlace(place.offset + 1, place.first, place.pts, 2) for place in places]
    reader = video_reader(data[:at] + pack_index(moved) + data[-12:])
    assert reader.group(0) == Group(0, clip[0])
    assert "frames 0 to 1 lie elsewhere" in reader.damage[0]
    gone = [GroupPlace(place.offset, place.first, place.pts + 1, 2) for place in places]
    reader = video_reader(data[:at] + pack_index(gone) + data[-12:])
    assert reader.group(0) == Group(0, ())
    assert "frames 0 to 1 are lost" in reader.damage[0]
    for number in (-1, 2, 10**9):
        with pytest.raises(InputError, match="has no group"):
            reader.group(number)
    huge = b"\xf1CVx" + varint(2**62)
    reader = video_reader(data[:at] + huge + struct.pack("<I", zlib.crc32(huge)) + data[-12:])
    assert reader.places == places


def test_a_file_full_of_false_markers_is_left_soon(video_header, video_reader) -> None:
    head = pack_header(video_header)
    for false in (GROUP, GROUP + varint(100_000), b"\xf1CVa" + varint(60_000), SIGN):
        reader = video_reader(head + false * 400_000)
        assert reader.places == []
        assert reader.frames == 0
