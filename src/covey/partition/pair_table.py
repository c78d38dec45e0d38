"""A hash table from pairs of 31-bit numbers to 31-bit numbers, as plain arrays for compiled code.

Open addressing with linear probing; deletion closes the gap (Knuth, The Art of Computer
Programming 3, algorithm 6.4R), so that a table stays as full as what it holds, whatever passes
through it. numba's own dictionary does the same with a longer compilation and a slower look-up.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

_EMPTY = -1
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_HALF = np.uint64(32)


class PairTable(NamedTuple):
    """The table. Make it with `new_table`, change it only through the functions below.

    Attributes:
        key: (2**b,) int64, the packed pair in each slot, -1 if empty.
        value: (2**b,) int32.
    """

    key: NDArray[np.int64]
    value: NDArray[np.int32]


def new_table(capacity: int) -> PairTable:
    """An empty table for at most `capacity` pairs at a time: 24 to 48 bytes a pair."""
    slots = 1 << max(2 * capacity - 1, 1).bit_length()
    return PairTable(np.full(slots, _EMPTY, np.int64), np.empty(slots, np.int32))


@nb.njit(inline="always")
def _pack(a: int, b: int) -> np.int64:
    return (np.int64(a) << np.int64(32)) | np.int64(b)


@nb.njit(inline="always")
def _home(key: np.int64, mask: int) -> np.int64:
    """The slot where the search for a key begins: the high half of a multiplicative hash."""
    mixed = np.uint64(key) * _GOLDEN
    return np.int64((mixed ^ (mixed >> _HALF)) & np.uint64(mask))


@nb.njit(cache=True, nogil=True)
def find(table: PairTable, a: int, b: int) -> int:
    """The value at (a, b), or -1."""
    key, mask = _pack(a, b), table.key.shape[0] - 1
    slot = _home(key, mask)
    while table.key[slot] != _EMPTY:
        if table.key[slot] == key:
            return int(table.value[slot])
        slot = (slot + 1) & mask
    return -1


@nb.njit(cache=True, nogil=True)
def insert(table: PairTable, a: int, b: int, value: int) -> None:
    """Stores a value >= 0 at (a, b), which must not be there yet."""
    key, mask = _pack(a, b), table.key.shape[0] - 1
    slot = _home(key, mask)
    while table.key[slot] != _EMPTY:
        slot = (slot + 1) & mask
    table.key[slot] = key
    table.value[slot] = value


@nb.njit(cache=True, nogil=True)
def delete(table: PairTable, a: int, b: int) -> None:
    """Removes (a, b), which must be there."""
    key, mask = _pack(a, b), table.key.shape[0] - 1
    gap = _home(key, mask)
    while table.key[gap] != key:
        gap = (gap + 1) & mask
    slot = gap
    while True:
        slot = (slot + 1) & mask
        if table.key[slot] == _EMPTY:
            break
        # What stands here may fill the gap unless its search begins behind the gap.
        if ((slot - _home(table.key[slot], mask)) & mask) >= ((slot - gap) & mask):
            table.key[gap] = table.key[slot]
            table.value[gap] = table.value[slot]
            gap = slot
    table.key[gap] = _EMPTY
