"""The file of a coded picture, `.cvi`: what is in it, byte by byte.

    "CVI", version                          4 bytes
    flags                                   1       grey, sections, orientation
    mark of the codec                       4
    width, height                           varints
    rate                                    2       number in [0, 8999], little-endian as all
    side of a tile in latents               1       as a power of two
    sections: length, CRC-32                varint, 4      map of rates, colour profile, alpha
    tiles: words of each part, CRC-32       5 varints, 4   row by row
    CRC-32 of all that                      4
    sections                                one after another
    parts of tiles                          first parts of all tiles, then all second ones, ...

So a file that is cut off holds a picture of what was read first: every part of every tile that is
whole. A varint has seven bits a byte, lowest first, the eighth is set on all but the last.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from covey.codec.entropy.coder import Words
from covey.codec.rate_index import RATES
from covey.types import InputError

MAGIC = b"CVI"
VERSION = 1
PARTS = 5
SECTIONS = ("map", "profile", "alpha")
MOST_PIXELS = 2**28
"""Of a picture that is read, unless more are allowed."""

LEAST_TILE, MOST_TILE = 4, 8
"""Sides of tiles, as powers of two, in latents."""

CELL_PIXELS = 32 * 32
LEAST_OF_TILE = 9
"""Bytes of a tile in a header, at least."""

_SMALL = 2**16  # pixels that are always allowed
_LATENT = 16  # pixels in a row
_WORD = 4  # bytes
_GREY, _FIRST_SECTION, _ORIENTATION = 0, 1, 4  # bits of the flags; three of them the orientation
_MOST_VARINT = 5  # bytes


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the streams.

    Attributes:
        width, height: Pixels, as stored.
        mark: Of the codec.
        rate: Number of the rate; the least one where there is a map.
        tile: Side of a tile, in latents, as a power of two.
        grey: Whether the picture has one channel.
        orientation: How it is turned, as EXIF numbers it, 1 to 8.
    """

    width: int
    height: int
    mark: bytes
    rate: int
    tile: int = 6
    grey: bool = False
    orientation: int = 1

    @property
    def latents(self) -> tuple[int, int]:
        """Rows and columns of latents, both even."""
        return 2 * -(-self.height // (2 * _LATENT)), 2 * -(-self.width // (2 * _LATENT))

    @property
    def tiles(self) -> int:
        """How many tiles there are."""
        height, width = (-(-side // (1 << self.tile)) for side in self.latents)
        return height * width

    @property
    def boxes(self) -> list[tuple[slice, slice]]:
        """Rows and columns of the latents of each tile, row by row."""
        height, width = self.latents
        side = 1 << self.tile
        return [
            (slice(top, min(top + side, height)), slice(left, min(left + side, width)))
            for top in range(0, height, side)
            for left in range(0, width, side)
        ]


@dataclass(frozen=True, slots=True)
class TileStream:
    """The stream of a tile.

    Attributes:
        words: As written, or as much as there is.
        ends: After how many words each part ends.
        sound: Whether all words are there and as they were written.
    """

    words: Words
    ends: tuple[int, ...]
    sound: bool = True

    @property
    def whole(self) -> bool:
        """Whether nothing is missing."""
        return len(self.words) >= self.ends[-1]


@dataclass(frozen=True, slots=True)
class Container:
    """A file.

    Attributes:
        header: What stands before the streams.
        tiles: One for each of its boxes.
        sections: Bytes by name, of `SECTIONS`, those that there are.
        lost: Names of sections that are missing or damaged.
    """

    header: Header
    tiles: Sequence[TileStream]
    sections: dict[str, bytes] = field(default_factory=dict)
    lost: tuple[str, ...] = ()


def pack(container: Container) -> bytes:
    """Writes a file."""
    header = container.header
    flags = header.grey << _GREY | (header.orientation - 1) << _ORIENTATION
    for bit, name in enumerate(SECTIONS, _FIRST_SECTION):
        flags |= (name in container.sections) << bit
    head = [MAGIC, bytes([VERSION, flags]), header.mark]
    head += [_varint(header.width), _varint(header.height)]
    head.append(struct.pack("<HB", header.rate, header.tile))
    sections = [container.sections[name] for name in SECTIONS if name in container.sections]
    for section in sections:
        head += [_varint(len(section)), struct.pack("<I", zlib.crc32(section))]
    for tile in container.tiles:
        head += [_varint(count) for count in np.diff((0, *tile.ends)).tolist()]
        head.append(struct.pack("<I", zlib.crc32(_bytes(tile.words))))
    first = b"".join(head)
    parts = [
        _bytes(tile.words[begin:end])
        for part in range(PARTS)
        for tile in container.tiles
        for begin, end in [(0, *tile.ends)[part : part + 2]]
    ]
    return b"".join([first, struct.pack("<I", zlib.crc32(first)), *sections, *parts])


def unpack(data: bytes, name: str = "the file", most_pixels: int = MOST_PIXELS) -> Container:
    """Reads a file, whatever is missing or damaged behind its header.

    Args:
        data: All bytes.
        name: For messages.
        most_pixels: Larger pictures are refused before anything is allocated for them.

    Raises:
        InputError: If it is no such file, or its header is cut off, damaged, or asks for too much.
    """
    reader = _Reader(data, name)
    header, present = _read_header(reader, most_pixels)
    sizes = {section: (reader.varint(), reader.number("<I")) for section in present}
    if header.tiles * LEAST_OF_TILE > len(data) - reader.at:
        raise InputError(f"{name}: is cut off within its header; copy it again")
    tiles = []
    for _ in range(header.tiles):
        ends = np.cumsum([reader.varint() for _ in range(PARTS)]).tolist()
        tiles.append((tuple(ends), reader.number("<I")))
    if zlib.crc32(data[: reader.at]) != reader.number("<I"):
        raise InputError(f"{name}: its header is damaged; copy it again from where it was made")
    sections, lost = {}, []
    for section, (length, crc) in sizes.items():
        found = reader.up_to(length)
        if len(found) == length and zlib.crc32(found) == crc:
            sections[section] = found
        else:
            lost.append(section)
    pieces: list[list[bytes]] = [[] for _ in tiles]
    for part in range(PARTS):
        for place, (ends, _) in enumerate(tiles):
            begin, end = (0, *ends)[part : part + 2]
            pieces[place].append(reader.up_to(_WORD * (end - begin)))
    streams = []
    for (ends, crc), parts in zip(tiles, pieces, strict=True):
        stream = _joined(parts, ends)
        streams.append(TileStream(stream, ends, zlib.crc32(_bytes(stream)) == crc))
    return Container(header, streams, sections, tuple(lost))


def _read_header(reader: _Reader, most_pixels: int) -> tuple[Header, list[str]]:
    name = reader.name
    if reader.take(len(MAGIC)) != MAGIC:
        raise InputError(f"{name}: is no .cvi file")
    version, flags = reader.take(2)
    if version != VERSION:
        raise InputError(
            f"{name}: is of version {version}, and this Covey reads {VERSION}; update Covey"
        )
    mark = reader.take(4)
    width, height = reader.varint(), reader.varint()
    if not (width and height):
        raise InputError(f"{name}: its header is damaged: a picture of {width} x {height} pixels")
    if _cells(width) * _cells(height) * CELL_PIXELS > max(most_pixels, _SMALL):
        raise InputError(
            f"{name}: says that it has {width:,} x {height:,} pixels, in whole squares of 32 more "
            f"than {most_pixels:,}; allow more if you trust it"
        )
    rate, tile = reader.number("<H"), reader.number("<B")
    if rate >= RATES or not LEAST_TILE <= tile <= MOST_TILE:
        raise InputError(f"{name}: its header is damaged: rate {rate}, tiles of 2^{tile}")
    header = Header(
        width, height, mark, rate, tile, bool(flags & 1), 1 + (flags >> _ORIENTATION & 7)
    )
    bits = enumerate(SECTIONS, _FIRST_SECTION)
    return header, [section for bit, section in bits if flags >> bit & 1]


def _cells(pixels: int) -> int:
    return -(-pixels // 32)


def _joined(parts: list[bytes], ends: tuple[int, ...]) -> Words:
    """Words up to the first that is missing."""
    stream = b""
    for part, begin, end in zip(parts, (0, *ends[:-1]), ends, strict=True):
        stream += part
        if len(part) < _WORD * (end - begin):
            break
    return np.frombuffer(stream[: len(stream) // _WORD * _WORD], "<u4").astype(np.uint32)


def _bytes(words: Words) -> bytes:
    return words.astype("<u4").tobytes()


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


class _Reader:
    """Bytes from the first on; a header that ends too early is refused."""

    def __init__(self, data: bytes, name: str) -> None:
        self.data, self.name, self.at = data, name, 0

    def take(self, count: int) -> bytes:
        found = self.up_to(count)
        if len(found) < count:
            raise InputError(f"{self.name}: is cut off within its header; copy it again")
        return found

    def up_to(self, count: int) -> bytes:
        found = self.data[self.at : self.at + count]
        self.at += len(found)
        return found

    def number(self, kind: str) -> int:
        return int(struct.unpack(kind, self.take(struct.calcsize(kind)))[0])

    def varint(self) -> int:
        value = 0
        for place in range(_MOST_VARINT):
            byte = self.take(1)[0]
            value |= (byte & 127) << 7 * place
            if byte < 128:
                return value
        raise InputError(f"{self.name}: its header is damaged: a number that does not end")
