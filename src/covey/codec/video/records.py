"""What a `.cvv` file is made of, and each as bytes; `container.py` says how they follow another."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from covey.codec.rate_index import RATES
from covey.codec.video.varints import LIMIT, Cursor, MalformedError, signed, varint

MAGIC, VERSION = b"CVV", 2
SIGN = b"\xf1CV"
"""Begins the marker of every chunk."""

AUDIO, GROUP, INDEX, END = (SIGN + kind for kind in (b"a", b"g", b"x", b"e"))
MOST_MADE_WITH = MOST_AUDIO = 2**16
MOST_FRAMES = 2**12
"""Of a group."""

LEAST_OF_FRAME = 5
"""Bytes in the header of a group, at least."""

MOST_GROUP_HEADER = 32 * MOST_FRAMES
MOST_HEADER = MOST_MADE_WITH + 2**8
CRC = 4
TRAILER = 8 + len(END)


@dataclass(frozen=True, slots=True)
class VideoHeader:
    """What stands at the beginning.

    Attributes:
        width, height: Pixels.
        image_mark, video_mark: Four bytes each, of the codecs that wrote it.
        time_base: Seconds that a step of a time stamp (pts) takes.
        frame_rate: Frames a second, nominally; time stamps may say otherwise.
        made_with: What it was made from and with, up to 64 KiB, so that making it can go on.
    """

    width: int
    height: int
    image_mark: bytes
    video_mark: bytes
    time_base: Fraction
    frame_rate: Fraction
    made_with: bytes = b""

    def __post_init__(self) -> None:
        sides = 0 < self.width < LIMIT and 0 < self.height < LIMIT
        ratios = all(
            0 < number < LIMIT
            for ratio in (self.time_base, self.frame_rate)
            for number in (ratio.numerator, ratio.denominator)
        )
        marks = len(self.image_mark) == len(self.video_mark) == 4
        if not (sides and ratios and marks and len(self.made_with) <= MOST_MADE_WITH):
            raise ValueError(
                f"no header of a video: {self.width} x {self.height} pixels, time base "
                f"{self.time_base}, frame rate {self.frame_rate}, marks of {len(self.image_mark)} "
                f"and {len(self.video_mark)} bytes, {len(self.made_with):,} bytes it was made with"
            )


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """A coded frame.

    Attributes:
        kind: How it is coded, 0 to 255; a number without a meaning here.
        rate: Number of the rate, 0 to 8999.
        pts: Time stamp, in steps of the time base.
        digest: Of the decoded frame, 16 bits.
        payload: Its stream.
        sound: Whether the payload is as it was written.
    """

    kind: int
    rate: int
    pts: int
    digest: int
    payload: bytes
    sound: bool = True


@dataclass(frozen=True, slots=True)
class Group:
    """Frames that are decoded one after another, without any other.

    Attributes:
        first: Number of its first frame in the clip.
        frames: In the order of their time stamps; none if the group is lost.
    """

    first: int
    frames: tuple[FrameRecord, ...]


@dataclass(frozen=True, slots=True)
class GroupPlace:
    """Where a group lies.

    Attributes:
        offset: Of its marker, in bytes from the beginning of the file.
        first: Number of its first frame.
        pts: Time stamp of its first frame.
        count: How many frames it has.
    """

    offset: int
    first: int
    pts: int
    count: int

    @property
    def after(self) -> int:
        """Number of the frame after its last one."""
        return self.first + self.count


@dataclass(frozen=True, slots=True)
class FrameHead:
    """What the header of a group says of a frame: as in `FrameRecord`, and its payload's size."""

    kind: int
    rate: int
    pts: int
    digest: int
    length: int
    crc: int


def with_crc(data: bytes) -> bytes:
    """Bytes, and the CRC-32 of them."""
    return data + struct.pack("<I", zlib.crc32(data))


def pack_header(header: VideoHeader) -> bytes:
    """The beginning of a file."""
    ratios = (header.time_base, header.frame_rate)
    numbers = [header.width, header.height]
    numbers += [number for each in ratios for number in (each.numerator, each.denominator)]
    head = [MAGIC, bytes([VERSION, 0]), header.image_mark, header.video_mark]
    head += [varint(number) for number in [*numbers, len(header.made_with)]]
    return with_crc(b"".join([*head, header.made_with]))


def unpack_header(data: bytes) -> tuple[VideoHeader, int]:
    """The header, and how many bytes it takes.

    Args:
        data: From the version on checked by the caller; `MOST_HEADER` bytes are always enough.

    Raises:
        MalformedError: If it is cut off, or damaged.
    """
    cursor = Cursor(data)
    _, flags = cursor.take(len(MAGIC) + 1), cursor.number("<B")
    marks = cursor.take(4), cursor.take(4)
    width, height, *ratios = (cursor.varint() for _ in range(6))
    length = cursor.varint()
    if flags or length > MOST_MADE_WITH or not all([width, height, *ratios]):
        raise MalformedError(f"flags {flags}, {width} x {height} pixels, ratios {ratios}")
    if max(width, height, *ratios) >= LIMIT:
        raise MalformedError("it has a number that is too large")
    made_with = cursor.take(length)
    if zlib.crc32(data[: cursor.at]) != cursor.number("<I"):
        raise MalformedError("its CRC is another")
    base, rate = Fraction(*ratios[:2]), Fraction(*ratios[2:])
    return VideoHeader(width, height, *marks, base, rate, made_with), cursor.at


def pack_group(first: int, frames: Sequence[FrameRecord]) -> bytes:
    """The header of a group; payloads follow it.

    Raises:
        ValueError: If frames are none or too many, out of order, or out of range.
    """
    if not 0 < len(frames) <= MOST_FRAMES:
        raise ValueError(f"a group has 1 to {MOST_FRAMES:,} frames, not {len(frames):,}")
    body = [varint(first), signed(frames[0].pts)]
    rate, pts = 0, None
    for frame in frames:
        _check(frame, pts)
        body += [bytes([frame.kind]), signed(frame.rate - rate)]
        if pts is not None:
            body.append(varint(frame.pts - pts))
        body += [varint(len(frame.payload)), struct.pack("<H", frame.digest)]
        if frame.payload:
            body.append(struct.pack("<I", zlib.crc32(frame.payload)))
        rate, pts = frame.rate, frame.pts
    content = b"".join(body)
    return with_crc(b"".join([GROUP, varint(len(content)), content]))


def _check(frame: FrameRecord, before: int | None) -> None:
    inside = 0 <= frame.kind < 2**8 and 0 <= frame.rate < RATES and 0 <= frame.digest < 2**16
    if not (inside and -LIMIT <= frame.pts < LIMIT):
        raise ValueError(
            f"kind {frame.kind}, rate {frame.rate}, digest {frame.digest} or time stamp "
            f"{frame.pts} is out of range"
        )
    if before is not None and frame.pts <= before:
        raise ValueError(f"time stamps must rise, and {frame.pts} follows {before}")


def unpack_group(content: bytes, version: int = VERSION) -> tuple[int, list[FrameHead]]:
    """Number of the first frame, and what is said of each.

    Args:
        content: The header of a group, without its marker, length and CRC.
        version: Of the file.

    Raises:
        MalformedError: If it is not what a writer writes.
    """
    cursor = Cursor(content)
    first, pts = cursor.varint(), cursor.signed()
    rate = 0
    frames: list[FrameHead] = []
    while cursor.left:
        kind = cursor.number("<B")
        rate += cursor.signed()
        if frames:
            step = cursor.varint()
            pts += step
            if not step:
                raise MalformedError("time stamps do not rise")
        length, digest = cursor.varint(), cursor.number("<H")
        crc = cursor.number("<I") if length or version == 1 else 0
        frames.append(FrameHead(kind, rate, pts, digest, length, crc))
        if not 0 <= rate < RATES or pts >= LIMIT:
            raise MalformedError(f"rate {rate}, time stamp {pts}")
    if not 0 < len(frames) <= MOST_FRAMES or first >= LIMIT:
        raise MalformedError(f"{len(frames)} frames from {first} on")
    return first, frames


def pack_index(places: Sequence[GroupPlace]) -> bytes:
    """Where groups lie, which are all there are; its own place follows it in the trailer."""
    body = [INDEX, varint(len(places))]
    offset, pts = 0, None
    for place in places:
        step = signed(place.pts) if pts is None else varint(place.pts - pts)
        body += [varint(place.offset - offset), step, varint(place.count)]
        offset, pts = place.offset, place.pts
    return with_crc(b"".join(body))


def unpack_index(data: bytes, begin: int, end: int) -> list[GroupPlace]:
    """Where groups lie.

    Args:
        data: As it was packed.
        begin, end: Between which offsets they lie.

    Raises:
        MalformedError: If it is damaged, or says what cannot be.
    """
    if data[: len(INDEX)] != INDEX or data != with_crc(data[:-CRC]):
        raise MalformedError("its CRC is another")
    cursor = Cursor(data[len(INDEX) : -CRC])
    places: list[GroupPlace] = []
    offset, pts, first, least = 0, 0, 0, begin
    for _ in range(cursor.varint()):
        offset += cursor.varint()
        step, count = cursor.varint() if places else cursor.signed(), cursor.varint()
        pts += step
        if offset < least or (places and not step) or not 0 < count <= MOST_FRAMES:
            raise MalformedError("groups out of order")
        places.append(GroupPlace(offset, first, pts, count))
        first += count
        least = offset + count * LEAST_OF_FRAME
        if least > end:
            raise MalformedError("a group behind the end")
    if cursor.left:
        raise MalformedError("it goes on")
    return places


def pack_audio(data: bytes) -> bytes:
    """A chunk of audio."""
    head = AUDIO + varint(len(data))
    return head + struct.pack("<I", zlib.crc32(data, zlib.crc32(head))) + data
