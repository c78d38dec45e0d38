"""A priority queue of numbered entries whose keys may rise, as plain arrays for compiled code."""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray


class MaxQueue(NamedTuple):
    """A binary heap of entries 0..m-1, each in it at most once.

    The largest key is at the top, the smallest entry first among equal keys.

    Attributes:
        entry: (m,) int32, the heap; entry 0 is the top.
        place: (m,) int32, where each entry stands in the heap, -1 if it does not.
        key: (m,) float64, the key of each entry in the heap.
        length: (1,) int64, entries in the heap.
    """

    entry: NDArray[np.int32]
    place: NDArray[np.int32]
    key: NDArray[np.float64]
    length: NDArray[np.int64]


def new_queue(m: int) -> MaxQueue:
    """An empty queue for entries 0..m-1: 16 bytes each."""
    return MaxQueue(
        np.empty(m, np.int32), np.full(m, -1, np.int32), np.empty(m), np.zeros(1, np.int64)
    )


@nb.njit(inline="always")
def _precedes(queue: MaxQueue, a: int, b: int) -> bool:
    return queue.key[a] > queue.key[b] or (queue.key[a] == queue.key[b] and a < b)


@nb.njit(cache=True, nogil=True)
def _rise(queue: MaxQueue, at: int) -> None:
    entry = int(queue.entry[at])
    while at > 0 and _precedes(queue, entry, queue.entry[(at - 1) // 2]):
        queue.entry[at] = queue.entry[(at - 1) // 2]
        queue.place[queue.entry[at]] = at
        at = (at - 1) // 2
    queue.entry[at] = entry
    queue.place[entry] = at


@nb.njit(cache=True, nogil=True)
def _sink(queue: MaxQueue, at: int) -> None:
    entry, length = int(queue.entry[at]), queue.length[0]
    while 2 * at + 1 < length:
        child = 2 * at + 1
        if child + 1 < length and _precedes(queue, queue.entry[child + 1], queue.entry[child]):
            child += 1
        if not _precedes(queue, queue.entry[child], entry):
            break
        queue.entry[at] = queue.entry[child]
        queue.place[queue.entry[at]] = at
        at = child
    queue.entry[at] = entry
    queue.place[entry] = at


@nb.njit(cache=True, nogil=True)
def raise_key(queue: MaxQueue, entry: int, key: float) -> None:
    """Puts an entry in, or raises its key; a key that is larger already stays. O(log m)."""
    if queue.place[entry] < 0:
        queue.entry[queue.length[0]] = entry
        queue.place[entry] = queue.length[0]
        queue.length[0] += 1
    elif key <= queue.key[entry]:
        return
    queue.key[entry] = key
    _rise(queue, int(queue.place[entry]))


@nb.njit(cache=True, nogil=True)
def lower_top(queue: MaxQueue, key: float) -> None:
    """Lowers the key of the top entry. O(log m)."""
    queue.key[queue.entry[0]] = key
    _sink(queue, int(queue.place[queue.entry[0]]))


@nb.njit(cache=True, nogil=True)
def remove(queue: MaxQueue, entry: int) -> None:
    """Takes an entry out if it is in. O(log m)."""
    at = int(queue.place[entry])
    if at < 0:
        return
    queue.place[entry] = -1
    queue.length[0] -= 1
    last = queue.entry[queue.length[0]]
    if last == entry:
        return
    queue.entry[at] = last
    queue.place[last] = at
    _rise(queue, at)
    _sink(queue, int(queue.place[last]))
