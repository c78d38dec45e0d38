"""Chunks of a `.cvv` file at places that are known."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from covey.codec.video.records import (
    AUDIO,
    CRC,
    GROUP,
    INDEX,
    MAGIC,
    MOST_AUDIO,
    MOST_GROUP_HEADER,
    FrameHead,
    FrameRecord,
    GroupPlace,
    unpack_group,
    with_crc,
)
from covey.codec.video.varints import Cursor, MalformedError

_FRONT = 4 + 10  # bytes of a marker and of a length, at most


class Source:
    """The bytes of a file; what lies behind its end is empty.

    Attributes:
        size: Bytes, as they were when it was made.
        version: As the file says, if it says any; 0 otherwise.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, 2)
        self.version = int.from_bytes(self.at(len(MAGIC), 1))

    def at(self, offset: int, count: int) -> bytes:
        """As many bytes from an offset on, or as many as there are."""
        count = min(count, self.size - offset)
        if count <= 0:
            return b""
        self._file.seek(offset)
        return self._file.read(count)


@dataclass(frozen=True, slots=True)
class GroupHead:
    """The header of a group, sound.

    Attributes:
        offset: Of its marker.
        first: Number of its first frame.
        frames: What it says of each.
        payloads: Offset of the first payload.
    """

    offset: int
    first: int
    frames: tuple[FrameHead, ...]
    payloads: int

    @property
    def end(self) -> int:
        """Offset behind its last payload."""
        return self.payloads + sum(frame.length for frame in self.frames)

    @property
    def place(self) -> GroupPlace:
        """As an index has it."""
        return GroupPlace(self.offset, self.first, self.frames[0].pts, len(self.frames))


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A chunk of audio.

    Attributes:
        data: Its bytes, or as many as there are.
        end: Offset behind it.
        sound: Whether it is as it was written.
    """

    data: bytes
    end: int
    sound: bool


def group_at(source: Source, offset: int) -> GroupHead | None:
    """The header of a group that begins at an offset, if it is sound."""
    front = source.at(offset, _FRONT)
    if front[:4] != GROUP:
        return None
    try:
        cursor = Cursor(front)
        cursor.take(4)
        length = cursor.varint()
        if length > MOST_GROUP_HEADER:
            return None
        whole = source.at(offset, cursor.at + length + CRC)
        if len(whole) < cursor.at + length + CRC or with_crc(whole[:-CRC]) != whole:
            return None
        first, frames = unpack_group(whole[cursor.at : -CRC], source.version)
    except MalformedError:
        return None
    if first > source.size:  # a frame takes more than a byte
        return None
    return GroupHead(offset, first, tuple(frames), offset + len(whole))


def frames_of(source: Source, head: GroupHead) -> Iterator[FrameRecord]:
    """Frames of a group; of what is missing behind the end of the file there is less payload."""
    at = head.payloads
    for each in head.frames:
        payload = source.at(at, each.length)
        sound = len(payload) == each.length and zlib.crc32(payload) == each.crc
        yield FrameRecord(each.kind, each.rate, each.pts, each.digest, payload, sound)
        at += each.length


def audio_at(source: Source, offset: int) -> AudioChunk | None:
    """The chunk of audio that begins at an offset."""
    front = source.at(offset, _FRONT)
    if front[:4] != AUDIO:
        return None
    try:
        cursor = Cursor(front + bytes(_FRONT))
        cursor.take(4)
        length = cursor.varint()
        head = front[: cursor.at]
        crc = cursor.number("<I")
    except MalformedError:
        return None
    if length > MOST_AUDIO:
        return None
    begin = offset + cursor.at
    data = source.at(begin, length)
    sound = len(data) == length and zlib.crc32(data, zlib.crc32(head)) == crc
    return AudioChunk(data, begin + length, sound)


def is_marker(data: bytes) -> bool:
    """Whether bytes are the marker of a chunk."""
    return data in (AUDIO, GROUP, INDEX)
