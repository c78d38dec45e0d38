"""Whole numbers as bytes: as few as a number needs, and a reader that never reads past an end.

A varint has seven bits a byte, lowest first; the eighth is set on all but the last. A signed number
is folded first, so that small ones of either sign stay short: 0, -1, 1, -2 become 0, 1, 2, 3.
"""

from __future__ import annotations

import struct

LIMIT = 2**63
"""Numbers are below it, signed ones at least its negative."""

_MOST_BYTES = 10


class MalformedError(Exception):
    """Bytes that are not what they should be; who reads them says where that was."""


def varint(value: int) -> bytes:
    """A number that is not negative."""
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    return bytes([*found, value])


def signed(value: int) -> bytes:
    """A number of either sign."""
    return varint(2 * value if value >= 0 else -2 * value - 1)


class Cursor:
    """Bytes from the first on.

    Attributes:
        at: How many were read.
    """

    def __init__(self, data: bytes) -> None:
        self._data, self.at = data, 0

    @property
    def left(self) -> int:
        """How many are left."""
        return len(self._data) - self.at

    def take(self, count: int) -> bytes:
        """The next bytes.

        Raises:
            MalformedError: If there are fewer.
        """
        if count > self.left:
            raise MalformedError("it ends too early")
        self.at += count
        return self._data[self.at - count : self.at]

    def number(self, kind: str) -> int:
        """A number of a fixed size, as `struct` names it."""
        return int(struct.unpack(kind, self.take(struct.calcsize(kind)))[0])

    def varint(self) -> int:
        """A number that is not negative.

        Raises:
            MalformedError: If it does not end, or is too large.
        """
        value = 0
        for place in range(_MOST_BYTES):
            byte = self.take(1)[0]
            value |= (byte & 127) << 7 * place
            if byte < 128:
                if value > 2 * LIMIT - 1:
                    break
                return value
        raise MalformedError("it has a number that does not end")

    def signed(self) -> int:
        """A number of either sign."""
        value = self.varint()
        return value >> 1 if not value & 1 else -(value >> 1) - 1
