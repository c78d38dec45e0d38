"""Finding the chunks of a `.cvv` file, whatever else is in it."""

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
    SIGN,
    FrameHead,
    GroupPlace,
    unpack_group,
    with_crc,
)
from covey.codec.video.varints import Cursor, MalformedError

_BLOCK = 2**13
_FRONT = 4 + 10  # bytes of a marker and of a length, at most
_MOST_FALSE = 10_000
"""Markers that begin nothing; a file with more of them is searched no further."""


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


def find_groups(source: Source, begin: int) -> Iterator[GroupHead]:
    """All groups whose headers are sound, from an offset on; numbers and time stamps rise.

    Time and memory: the file is read about once, a block at a time.
    """
    at, false = begin, 0
    after, latest = 0, None
    while at < source.size and false < _MOST_FALSE:
        sound = audio_at(source, at)
        if sound is not None and sound.sound:
            at = sound.end
            continue
        head = group_at(source, at)
        if head is None:
            false += 1
            at = _next_sign(source, at + 1)
            continue
        if head.first >= after and (latest is None or head.frames[0].pts > latest):
            yield head
            after, latest = head.place.after, head.frames[-1].pts
        cut = head.end > source.size or not (
            head.end == source.size or is_marker(source.at(head.end, 4))
        )
        at = head.payloads if cut else head.end  # bytes may be missing from its payloads


def _next_sign(source: Source, at: int) -> int:
    while at < source.size:
        found = source.at(at, _BLOCK).find(SIGN)
        if found >= 0:
            return at + found
        at += max(1, _BLOCK - len(SIGN) + 1)
    return source.size
