"""Bytes of a file."""

from __future__ import annotations

import numpy as np
import pytest

from covey.codec.container import Container, Header, TileStream, pack, unpack
from covey.types import InputError


def _container(width=3000, height=1100, sections=None, **options) -> Container:
    header = Header(width, height, b"\x01\xff\x00z", 8999, 6, **options)
    rng = np.random.default_rng(0)
    tiles = []
    for _ in header.boxes:
        ends = tuple(np.cumsum(rng.integers(0, 300, 5)).tolist())
        tiles.append(TileStream(rng.integers(0, 2**32, ends[-1], dtype=np.uint32), ends))
    return Container(header, tiles, sections or {})


def _same(a: Container, b: Container) -> None:
    assert a.header == b.header
    assert a.sections == b.sections
    for one, other in zip(a.tiles, b.tiles, strict=True):
        assert one.ends == other.ends
        np.testing.assert_array_equal(one.words, other.words)


@pytest.mark.parametrize("size", [(1, 1), (16, 16), (1024, 1024), (1025, 3000), (5, 20_000)])
@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_reads_what_was_written(size, grey, orientation) -> None:
    container = _container(*size, grey=grey, orientation=orientation)
    found = unpack(pack(container))
    _same(found, container)
    assert all(tile.sound and tile.whole for tile in found.tiles)
    assert found.lost == ()


def test_sections() -> None:
    sections = {"map": b"m" * 5, "profile": bytes(3000), "alpha": b"\x89PNG"}
    _same(unpack(pack(_container(sections=sections))), _container(sections=sections))
    found = unpack(pack(_container(sections={"alpha": b"a"})))
    assert found.sections == {"alpha": b"a"}


def test_boxes_are_the_whole() -> None:
    for size in ((1, 1), (33, 2050), (4097, 1024)):
        header = Header(*size, b"abcd", 0, 5)
        assert header.tiles == len(header.boxes)
        seen = np.zeros(header.latents, int)
        for box in header.boxes:
            seen[box] += 1
        assert (seen == 1).all()
        assert header.latents[0] * 16 >= header.height
        assert header.latents[1] * 16 - header.width < 32


def test_takes_few_bytes() -> None:
    container = _container(768, 512)
    words = sum(4 * len(tile.words) for tile in container.tiles)
    assert len(pack(container)) - words < 40


def test_cut_off_it_holds_what_came_first() -> None:
    data = pack(_container(sections={"profile": b"p" * 100}))
    whole = unpack(data)
    head = data.index(b"p" * 100)
    for length in range(head, len(data), 997):
        found = unpack(data[:length])
        for one, full in zip(found.tiles, whole.tiles, strict=True):
            assert len(one.words) <= len(full.words)
            np.testing.assert_array_equal(one.words, full.words[: len(one.words)])
            assert one.whole == one.sound
    for length in range(0, head, 7):
        with pytest.raises(InputError, match=r"cut off within its header|damaged|no \.cvi"):
            unpack(data[:length])


def test_every_flipped_bit_is_noticed() -> None:
    sections = {"map": b"mm", "alpha": b"aaa"}
    container = _container(40, 40, sections=sections)
    data = pack(container)
    for place in range(len(data)):
        for bit in (0, 3, 7):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            try:
                found = unpack(bytes(changed))
            except InputError:
                continue
            assert found.lost or not all(tile.sound for tile in found.tiles)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is cut off"),
        (b"PNG", "is no .cvi file"),
        (b"CVI\x02" + bytes(40), "is of version 2, and this Covey reads 1"),
        (b"CVI\x01\x00abcd\x00\x05" + bytes(40), "a picture of 0 x 5 pixels"),
        (b"CVI\x01\x00abcd" + b"\xff" * 9, "a number that does not end"),
        (b"CVI\x01\x00abcd\x05\x05\xff\xff\x06" + bytes(40), "rate 65535"),
        (b"CVI\x01\x00abcd\x05\x05\x00\x00\x01" + bytes(40), "tiles of 2^1"),
    ],
)
def test_what_is_no_file_is_refused(data, words) -> None:
    with pytest.raises(InputError, match=words.replace("^", r"\^")) as caught:
        unpack(data, "x.cvi")
    assert str(caught.value).startswith("x.cvi: ")


def test_too_many_pixels_are_refused_before_anything_is_made() -> None:
    huge = b"CVI\x01\x00abcd" + b"\xff\xff\xff\xff\x07" * 2 + bytes(60)
    with pytest.raises(InputError, match="squares of 32 more than 268,435,456"):
        unpack(huge, "x.cvi")
    data = pack(_container(1000, 1))
    assert unpack(data, "x.cvi", 1).header.width == 1000, "small ones are always allowed"
    data = pack(_container(3000, 1100))
    need = 94 * 35 * 1024
    with pytest.raises(InputError, match=f"more than {need - 1:,}"):
        unpack(data, "x.cvi", need - 1)
    assert unpack(data, "x.cvi", need).header.width == 3000


def test_a_line_of_pixels_counts_as_what_it_takes() -> None:
    line = b"CVI\x01\x00abcd" + b"\xff\xff\xff\x7f" + b"\x01" + b"\x00\x00\x04" + bytes(60)
    with pytest.raises(InputError, match="allow more if you trust it"):
        unpack(line, "x.cvi")
    with pytest.raises(InputError, match="cut off within its header"):  # not one list of tiles
        unpack(line, "x.cvi", 2**40)
