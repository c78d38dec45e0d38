"""What may happen to a .cvv file, by chance or by someone who mends its checksums."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np

import damage
from covey.codec.video.container import FrameRecord, GroupPlace, VideoReader
from covey.codec.video.records import (
    AUDIO,
    CRC,
    GROUP,
    INDEX,
    SIGN,
    pack_group,
    pack_header,
    pack_index,
    with_crc,
)
from covey.codec.video.varints import varint
from small_clips import CodedClip, with_index

Mutation = Callable[[CodedClip, np.random.Generator], bytes]


def index_lost(clip: CodedClip, rng: np.random.Generator) -> bytes:
    """Bytes of the index or of what says where it is."""
    end = bytearray(clip.chunks[-1])
    for _ in range(int(rng.integers(1, 5))):
        end[int(rng.integers(len(end)))] = int(rng.integers(256))
    return b"".join(clip.chunks[:-1]) + bytes(end)


def markers(clip: CodedClip, rng: np.random.Generator) -> bytes:
    """Markers written over, or false ones put in, and mostly no index."""
    data = bytearray(clip.data)
    for at in [n for n in range(len(data)) if data.startswith(SIGN, n)]:
        if rng.random() < 0.4:
            data[at + int(rng.integers(4))] ^= int(rng.integers(1, 256))
    for _ in range(int(rng.integers(3))):
        at = int(rng.integers(len(data) + 1))
        sign = (GROUP, AUDIO, INDEX, SIGN)[int(rng.integers(4))]
        data[at:at] = sign + varint(int(2 ** rng.uniform(0, 63)))
    return bytes(data)


def chunks_moved(clip: CodedClip, rng: np.random.Generator) -> bytes:
    """Whole chunks left out, doubled or exchanged."""
    chunks = list(clip.chunks[1:])
    for _ in range(int(rng.integers(1, 3))):
        a, b = (int(n) for n in rng.integers(0, len(chunks), 2))
        done = int(rng.integers(3))
        if done == 0 and len(chunks) > 1:
            del chunks[a]
        elif done == 1:
            chunks.insert(b, chunks[a])
        else:
            chunks[a], chunks[b] = chunks[b], chunks[a]
    return clip.chunks[0] + b"".join(chunks)


def other_mark(clip: CodedClip, rng: np.random.Generator) -> bytes:
    """Of other weights, the checksum right or not."""
    marks = [clip.header.image_mark, clip.header.video_mark]
    marks[int(rng.integers(2))] = rng.bytes(4)
    made = pack_header(replace(clip.header, image_mark=marks[0], video_mark=marks[1]))
    if rng.random() < 0.5:
        made = made[:-CRC] + clip.chunks[0][-CRC:]
    return made + b"".join(clip.chunks[1:])


def forged_header(clip: CodedClip, rng: np.random.Generator) -> bytes:
    """Other sizes and times, small ones and huge ones."""
    big, other = (int(2 ** rng.uniform(0, 62.9)) for _ in range(2))
    size = [(big, other), (clip.header.width, big), (big, clip.header.height)]
    size += [(int(rng.integers(1, 120)), int(rng.integers(1, 120)))]
    header = clip.header
    if (which := int(rng.integers(6))) < 4:
        header = replace(header, width=size[which][0], height=size[which][1])
    elif which == 4:
        header = replace(header, time_base=Fraction(big, other))
    else:
        header = replace(header, frame_rate=Fraction(big, other))
    return pack_header(header) + b"".join(clip.chunks[1:])


def forged_records(clip: CodedClip, rng: np.random.Generator) -> bytes:
    """Frames exchanged, in a group or between two."""
    groups = [list(group.frames) for group in clip.groups]
    for _ in range(int(rng.integers(1, 4))):
        (g, a), (h, b) = ((n, int(rng.integers(len(groups[n])))) for n in rng.integers(0, 3, 2))
        one, two = groups[g][a], groups[h][b]
        groups[g][a], groups[h][b] = replace(two, pts=one.pts), replace(one, pts=two.pts)
    return _written(clip, groups)


def forged_payloads(clip: CodedClip, rng: np.random.Generator) -> bytes:
    """Payloads of noise from anywhere on, other kinds and rates."""
    groups = [list(group.frames) for group in clip.groups]
    for _ in range(int(rng.integers(1, 4))):
        some = groups[int(rng.integers(3))]
        at = int(rng.integers(len(some)))
        payload = some[at].payload
        start, more = int(rng.integers(len(payload) + 1)), int(rng.integers(0, 3))
        made = payload[:start] + rng.bytes(len(payload) - start) + rng.bytes(4 * more)
        some[at] = replace(some[at], payload=made)
        if rng.random() < 0.3:
            some[at] = replace(some[at], kind=int(rng.integers(4)), rate=int(rng.integers(9000)))
    return _written(clip, groups)


def forged_group_headers(clip: CodedClip, rng: np.random.Generator) -> bytes:
    """Bits, oversize numbers and times in the header of a group."""
    number = int(rng.integers(3))
    group = clip.groups[number]
    chunk = clip.groups_as_written[number]
    payloads = b"".join(frame.payload for frame in group.frames)
    which = int(rng.integers(3))
    if which == 0:
        made = _with_bits(chunk[: len(chunk) - len(payloads)], rng)
    elif which == 1:
        made = pack_group(int(2 ** rng.uniform(0, 62.9)), group.frames)
    else:
        made = pack_group(group.first, _at_other_times(group.frames, rng))
    chunks = list(clip.chunks)
    chunks[number - 1 - len(clip.groups)] = made + payloads
    return b"".join(chunks)


def forged_index(clip: CodedClip, rng: np.random.Generator) -> bytes:
    """Places that are not, or not all."""
    places = list(VideoReader(io.BytesIO(clip.data)).places)
    which = int(rng.integers(4))
    if which == 0:
        del places[int(rng.integers(len(places)))]
    elif which == 1:
        at = int(rng.integers(len(places)))
        places[at] = replace(places[at], offset=places[at].offset + int(rng.integers(1, 60)))
    elif which == 2:
        at = int(rng.integers(len(places)))
        places[at] = replace(places[at], count=int(2 ** rng.uniform(0, 12)))
    else:
        end = places[-1]
        step = int(2 ** rng.uniform(0, 40))
        offset = end.offset + int(rng.integers(9, 200))
        places.append(GroupPlace(offset, end.after, end.pts + step, int(rng.integers(1, 20))))
    places.sort(key=lambda place: place.offset)  # as differences that are written must be
    times = sorted(place.pts for place in places)
    made = pack_index([replace(place, pts=pts) for place, pts in zip(places, times, strict=True)])
    if rng.random() < 0.2:
        made = _with_bits(made, rng)
    return with_index(clip.chunks[:-1], made)


def _written(clip: CodedClip, groups: list[list[FrameRecord]]) -> bytes:
    """The file with other frames, all checksums right."""
    chunks = list(clip.chunks[: -1 - len(groups)])
    at, first = sum(map(len, chunks)), 0
    places = []
    for frames in groups:
        head = pack_group(first, frames)
        chunks.append(head + b"".join(frame.payload for frame in frames))
        places.append(GroupPlace(at, first, frames[0].pts, len(frames)))
        at, first = at + len(chunks[-1]), first + len(frames)
    return with_index(chunks, pack_index(places))


def _with_bits(head: bytes, rng: np.random.Generator) -> bytes:
    """Bits behind the marker changed, the checksum mended."""
    changed = bytearray(head[:-CRC])
    for _ in range(int(rng.integers(1, 4))):
        changed[int(rng.integers(4, len(changed)))] ^= 1 << int(rng.integers(8))
    return with_crc(bytes(changed))


def _at_other_times(
    frames: tuple[FrameRecord, ...], rng: np.random.Generator
) -> tuple[FrameRecord, ...]:
    """Time stamps far from where they were, the last ones farthest."""
    at = int(rng.integers(len(frames)))
    by = int(2 ** rng.uniform(0, 62)) * (1 if at or rng.random() < 0.7 else -1)
    return tuple(
        replace(frame, pts=frame.pts + by) if n >= at else frame for n, frame in enumerate(frames)
    )


def _plain(done: damage.Damage) -> Mutation:
    return lambda clip, rng: done(clip.data, rng)


MUTATIONS: dict[str, Mutation] = {
    "bits": _plain(damage.flip_bits),
    "bytes written over": _plain(damage.write_over),
    "cut off": _plain(damage.cut_off),
    "bytes taken out": _plain(damage.take_out),
    "a piece cut out": _plain(damage.take_out_much),
    "bytes put in": _plain(damage.put_in),
    "a piece doubled": _plain(damage.double),
    "pieces swapped": _plain(damage.swap),
    "chunks left out, doubled, exchanged": chunks_moved,
    "index destroyed": index_lost,
    "markers destroyed, false ones put in": markers,
    "other weights": other_mark,
    "headers of other clips, checksums right": forged_header,
    "frames exchanged, checksums right": forged_records,
    "payloads of noise, checksums right": forged_payloads,
    "headers of groups, checksums right": forged_group_headers,
    "an index that lies, checksums right": forged_index,
}
FORGED = {name for name in MUTATIONS if "right" in name}
"""Made so that no checksum can tell; all others must be noticed."""
DIGESTED = ("frames exchanged, checksums right", "payloads of noise, checksums right")
"""Of those, files of which only digests of frames can tell."""
