"""Finding the groups of a `.cvv` file without an index, wherever they are now."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from covey.codec.video.chunks import Source, audio_at, frames_of, group_at
from covey.codec.video.records import SIGN, GroupPlace

_BLOCK = 2**13
_MOST_FALSE = 10_000
"""Markers that begin nothing; a file with more of them is searched no further."""

_MOST_READ = 4
"""Times the size of a file that is read to choose between copies of groups."""


def find_groups(source: Source, begin: int) -> list[GroupPlace]:
    """Groups whose headers are sound, in the order of their frames; numbers and time stamps rise.

    Of copies of a group the one counts of which most can be read.

    Args:
        source: The file, which is read about once, a block at a time.
        begin: Offset from which on they are searched for.
    """
    left = _MOST_READ * source.size

    def sound(place: GroupPlace) -> int:
        nonlocal left
        head = group_at(source, place.offset)
        assert head is not None
        left -= min(head.end, source.size) - head.offset
        return sum(frame.sound for frame in frames_of(source, head)) if left > 0 else 0

    found: list[GroupPlace] = []
    places = sorted(_places(source, begin), key=_which)
    for _, some in groupby(places, key=_which):
        copies = list(some)
        best = max(copies, key=sound) if len(copies) > 1 else copies[0]
        if not found or (best.first >= found[-1].after and best.pts > found[-1].pts):
            found.append(best)
    return found


def _which(place: GroupPlace) -> tuple[int, int, int]:
    return place.first, place.pts, place.count


def _places(source: Source, at: int) -> Iterator[GroupPlace]:
    """All groups whose headers are sound, in the order in which they lie."""
    false = 0
    while at < source.size and false < _MOST_FALSE:
        chunk = audio_at(source, at)
        if chunk is not None and chunk.sound:
            at = chunk.end
            continue
        head = group_at(source, at)
        if head is not None:
            yield head.place
            at = head.payloads  # of which bytes may be missing
            continue
        false += 1
        at = _next_sign(source, at + 1)


def _next_sign(source: Source, at: int) -> int:
    while at < source.size:
        found = source.at(at, _BLOCK).find(SIGN)
        if found >= 0:
            return at + found
        at += max(1, _BLOCK - len(SIGN) + 1)
    return source.size
