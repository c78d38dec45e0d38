"""The file of a coded video, `.cvv`: what is in it, byte by byte.

    "CVV", version                          4 bytes
    flags                                   1       none yet: 0
    marks of the image and the video codec  4, 4
    width, height                           varints
    time base: numerator, denominator       varints seconds that a step of a time stamp takes
    frame rate: numerator, denominator      varints
    what it was made with                   varint, bytes   its length first, at most 64 KiB
    CRC-32 of all that                      4       little-endian, as all numbers of a fixed size
    chunks of audio
    groups of pictures
    index
    offset of the index, F1 "CVe"           8, 4

A chunk of audio, all of them before the first group:

    F1 "CVa"                                4
    length, at most 65,536                  varint
    CRC-32 of all before and after it       4
    bytes

A group of pictures, at most 4,096 frames:

    F1 "CVg"                                4
    length of what follows, up to the CRC   varint
    number of its first frame               varint
    time stamp of its first frame           signed varint
    for each of its frames:
        kind                                1
        rate, less the one before (or 0)    signed varint
        time stamp, less the one before     varint  not for the first
        length of its payload               varint
        digest of the decoded frame         2
        CRC-32 of its payload               4       not where that is empty
    CRC-32 of all that                      4       from the marker on
    payloads                                one after another

The index:

    F1 "CVx"                                4
    number of groups                        varint
    for each of them:
        offset, less the one before         varint
        time stamp of its first frame, less the one before
                                            varint  signed, and whole, for the first
        number of its frames                varint
    CRC-32 of all that                      4

Varints are those of `varints.py`. A file without a sound index, as it was cut off or damaged, is
searched for the markers of groups, and so is one whose groups lie elsewhere than its index says: a
header of a group counts only where its CRC holds. What is written is never changed later, so that a
file that was cut off can be gone on with.

This is version 2. Version 1, which is read too, had a CRC for empty payloads as well, and frames
of the first three kinds alone.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import BinaryIO

from covey.codec.container import CELL_PIXELS
from covey.codec.video.chunks import (
    GroupHead,
    Source,
    audio_at,
    frames_of,
    group_at,
    is_marker,
)
from covey.codec.video.records import (
    END,
    MAGIC,
    MOST_AUDIO,
    MOST_HEADER,
    TRAILER,
    VERSION,
    FrameRecord,
    Group,
    GroupPlace,
    VideoHeader,
    pack_audio,
    pack_group,
    pack_header,
    pack_index,
    unpack_header,
    unpack_index,
)
from covey.codec.video.search import find_groups
from covey.codec.video.varints import MalformedError
from covey.types import InputError

__all__ = [
    "MOST_PIXELS",
    "FrameRecord",
    "Group",
    "GroupPlace",
    "VideoHeader",
    "VideoReader",
    "VideoWriter",
    "whole_frames",
]

MOST_PIXELS = 2**25
"""Of a frame that is read, unless more are allowed."""

_SMALL = 2**16  # pixels that are always allowed


class VideoWriter:
    """Writes a file from its beginning to its end.

    Attributes:
        places: Of the groups that are written.
        latest: Time stamp of the last frame that is written; None before the first.
    """

    def __init__(self, file: BinaryIO, header: VideoHeader) -> None:
        """Writes the header.

        Args:
            file: Binary, at its beginning.
            header: Of the video.
        """
        self._file = file
        self.places: list[GroupPlace] = []
        self.latest: int | None = None
        self._at = file.write(pack_header(header))

    @classmethod
    def resumed(cls, file: BinaryIO, header: VideoHeader, name: str = "the file") -> VideoWriter:
        """Goes on in a file that was left before its end.

        Whole sound groups are kept, up to the first that is not. Without any the audio goes too:
        it is to be written while `frames` is 0.

        Args:
            file: Binary, open for reading and writing; cut off behind what is kept.
            header: What it was begun with.
            name: For messages.

        Raises:
            InputError: If it was begun with another header.
        """
        source, packed = Source(file), pack_header(header)
        if not packed.startswith(source.at(0, len(packed))):
            raise InputError(
                f"{name}: was begun for another video or with other settings; use those, or "
                "begin anew under another name"
            )
        heads = list(_whole_groups(source, len(packed)))
        file.seek(0)
        writer = cls(file, header)
        if heads:
            writer.places = [place for place, _, _ in heads]
            _, writer.latest, writer._at = heads[-1]
        file.seek(writer._at)
        file.truncate()
        return writer

    @property
    def frames(self) -> int:
        """How many frames are written."""
        return self.places[-1].after if self.places else 0

    def audio(self, data: bytes) -> None:
        """Writes audio, more of it with each call; before the first group.

        Raises:
            ValueError: If there is a group already.
        """
        if self.places:
            raise ValueError("audio stands before the first group")
        for begin in range(0, len(data), MOST_AUDIO):
            self._at += self._file.write(pack_audio(data[begin : begin + MOST_AUDIO]))

    def group(self, frames: Sequence[FrameRecord]) -> None:
        """Writes the next group, up to the disk's buffers.

        Raises:
            ValueError: If frames are none or too many, out of order, or out of range.
        """
        head = pack_group(self.frames, frames)
        if self.latest is not None and frames[0].pts <= self.latest:
            raise ValueError(f"time stamps must rise, and {frames[0].pts} follows {self.latest}")
        place = GroupPlace(self._at, self.frames, frames[0].pts, len(frames))
        self._at += self._file.write(b"".join([head, *(frame.payload for frame in frames)]))
        self._file.flush()
        self.places.append(place)
        self.latest = frames[-1].pts

    def finish(self) -> None:
        """Writes the index; nothing may follow."""
        self._file.write(pack_index(self.places) + struct.pack("<Q", self._at) + END)
        self._file.flush()


class VideoReader:
    """Reads a file, whatever of it is missing or damaged behind its header.

    Attributes:
        header: Of the video.
        places: Of all groups that can be read, and of those that the index tells of.
    """

    def __init__(
        self, file: BinaryIO, name: str = "the file", most_pixels: int = MOST_PIXELS
    ) -> None:
        """Reads the header and the index.

        Args:
            file: Binary, seekable.
            name: For messages.
            most_pixels: Larger frames are refused before anything is allocated for them.

        Raises:
            InputError: If it is no such file, its header is cut off or damaged, or it asks for too
                much.
        """
        self._source, self._name = Source(file), name
        self._told: dict[str, None] = {}
        self._has_index = False
        self.header, self._begin = _read_header(self._source, name, most_pixels)
        self.places = self._read_index()

    @property
    def frames(self) -> int:
        """How many frames there are, lost ones in between counted."""
        return self.places[-1].after if self.places else 0

    @property
    def damage(self) -> tuple[str, ...]:
        """What was found to be damaged or missing up to now, in the order in which it was."""
        return tuple(self._told)

    def group_of(self, frame: int) -> int:
        """Number of the group that holds a frame.

        Raises:
            InputError: If there is none.
        """
        number = bisect_right(self.places, frame, key=lambda place: place.first) - 1
        if number < 0 or not frame < self.places[number].after:
            raise InputError(
                f"{self._name}: has no frame {frame}; of those from 0 to {self.frames - 1} it has "
                "all that are not lost"
            )
        return number

    def group(self, number: int) -> Group:
        """A group.

        Args:
            number: Of its place.

        Returns:
            Frames that are damaged or cut off come with `sound=False` and as much of their payload
            as there is. A group whose header is lost comes without frames.

        Raises:
            InputError: If there is no such place.
        """
        if not 0 <= number < len(self.places):
            raise InputError(f"{self._name}: has no group {number}; it has {len(self.places)}")
        place = self.places[number]
        head = group_at(self._source, place.offset)
        if head is None or head.place != place:
            head = self._elsewhere(place)
        if head is None:
            self._tell(f"frames {place.first} to {place.after - 1} are lost: damaged")
            return Group(place.first, ())
        frames = tuple(frames_of(self._source, head))
        unsound = [head.first + at for at, frame in enumerate(frames) if not frame.sound]
        if unsound:
            which = ", ".join(map(str, unsound[:5])) + (", ..." if len(unsound) > 5 else "")
            self._tell(f"{len(unsound)} damaged in frames from {head.first} on: {which}")
        return Group(head.first, frames)

    def audio(self) -> Iterator[bytes]:
        """The audio, a chunk at a time.

        A damaged chunk comes as it was found where the next one can be told; otherwise the audio
        ends before it.
        """
        at = self._begin
        while (chunk := audio_at(self._source, at)) is not None:
            if not chunk.sound:
                self._tell("the audio is damaged")
                if not is_marker(self._source.at(chunk.end, 4)):
                    return
            yield chunk.data
            at = chunk.end
        moved = self._has_index and self.places and at != self.places[0].offset
        if moved or (at < self._source.size and not is_marker(self._source.at(at, 4))):
            self._tell("the audio is damaged, or the first group")

    def _elsewhere(self, place: GroupPlace) -> GroupHead | None:
        """A group that does not lie where the index says, if it is anywhere."""
        offset = self._searched.get(replace(place, offset=0))
        if offset is None:
            return None
        self._tell(f"frames {place.first} to {place.after - 1} lie elsewhere than its index says")
        return group_at(self._source, offset)

    @cached_property
    def _searched(self) -> dict[GroupPlace, int]:
        """Offsets of all groups that can be found, by what else is known of them."""
        found = find_groups(self._source, self._begin)
        return {replace(place, offset=0): place.offset for place in found}

    def _read_index(self) -> list[GroupPlace]:
        size = self._source.size
        trailer = self._source.at(max(self._begin, size - TRAILER), TRAILER)
        if len(trailer) == TRAILER and trailer.endswith(END):
            offset = int(struct.unpack_from("<Q", trailer)[0])
            try:
                if self._begin <= offset < size - TRAILER:
                    index = self._source.at(offset, size - TRAILER - offset)
                    places = unpack_index(index, self._begin, offset)
                    self._has_index = True
                    return places
            except MalformedError:
                pass
        self._tell("has no sound index, as it is cut off or damaged; its groups were searched for")
        places = find_groups(self._source, self._begin)
        after = 0
        for place in places:
            if place.first > after:
                self._tell(f"frames {after} to {place.first - 1} are lost: damaged or missing")
            after = place.after
        return places

    def _tell(self, what: str) -> None:
        self._told[f"{self._name}: {what}"] = None


def whole_frames(file: BinaryIO) -> int:
    """How many frames `VideoWriter.resumed` would keep of a file that was left; 0 if it is none."""
    source = Source(file)
    try:
        _, begin = unpack_header(source.at(0, MOST_HEADER))
    except MalformedError:
        return 0
    return max((place.after for place, _, _ in _whole_groups(source, begin)), default=0)


def _read_header(source: Source, name: str, most_pixels: int) -> tuple[VideoHeader, int]:
    data = source.at(0, MOST_HEADER)
    if data[: len(MAGIC)] != MAGIC:
        raise InputError(f"{name}: is no .cvv file")
    if len(data) > len(MAGIC) and not 1 <= source.version <= VERSION:
        raise InputError(
            f"{name}: is of version {source.version}, and this Covey reads 1 to {VERSION}; update "
            "Covey"
        )
    try:
        header, begin = unpack_header(data)
    except MalformedError as error:
        raise InputError(
            f"{name}: its header is damaged: {error}; copy it again from where it was made"
        ) from None
    cells = -(-header.width // 32) * -(-header.height // 32)
    if cells * CELL_PIXELS > max(most_pixels, _SMALL):
        raise InputError(
            f"{name}: says that it has {header.width:,} x {header.height:,} pixels, in whole "
            f"squares of 32 more than {most_pixels:,}; allow more if you trust it"
        )
    return header, begin


def _whole_groups(source: Source, at: int) -> Iterator[tuple[GroupPlace, int, int]]:
    """Place, last time stamp and end of each group, up to the first that is not sound."""
    while (chunk := audio_at(source, at)) is not None and chunk.sound:
        at = chunk.end
    after, latest = 0, None
    while (head := group_at(source, at)) is not None:
        follows = latest is None or head.frames[0].pts > latest
        if head.first != after or not follows or head.end > source.size:
            return
        if not all(frame.sound for frame in frames_of(source, head)):
            return
        after, latest, at = head.place.after, head.frames[-1].pts, head.end
        yield head.place, latest, at
