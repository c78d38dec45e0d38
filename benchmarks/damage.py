"""What happens to files: bits, bytes and pieces of them, by a generator of random numbers."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np

Damage = Callable[[bytes, np.random.Generator], bytes]


def flip_bits(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        changed[int(rng.integers(len(changed)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def cut_off(data: bytes, rng: np.random.Generator) -> bytes:
    return data[: int(rng.integers(len(data)))]


def take_out(data: bytes, rng: np.random.Generator) -> bytes:
    start = int(rng.integers(len(data)))
    return data[:start] + data[start + int(rng.integers(1, 40)) :]


def put_in(data: bytes, rng: np.random.Generator) -> bytes:
    start = int(rng.integers(len(data)))
    return data[:start] + rng.bytes(int(rng.integers(1, 40))) + data[start:]


def write_over(data: bytes, rng: np.random.Generator) -> bytes:
    """A run of zeros, ones or noise."""
    count = int(rng.integers(1, 64))
    start = int(rng.integers(len(data)))
    over = (bytes(count), b"\xff" * count, rng.bytes(count))[int(rng.integers(3))]
    return data[:start] + over[: len(data) - start] + data[start + count :]


def take_out_much(data: bytes, rng: np.random.Generator) -> bytes:
    start, end = _piece(data, rng)
    return data[:start] + data[end:]


def double(data: bytes, rng: np.random.Generator) -> bytes:
    """A piece once more: behind itself, or anywhere."""
    start, end = _piece(data, rng)
    at = end if rng.random() < 0.5 else int(rng.integers(len(data) + 1))
    return data[:at] + data[start:end] + data[at:]


def swap(data: bytes, rng: np.random.Generator) -> bytes:
    """Two pieces, of any lengths."""
    a, b, c, d = sorted(rng.integers(0, len(data) + 1, 4).tolist())
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def _piece(data: bytes, rng: np.random.Generator) -> tuple[int, int]:
    start, end = sorted(rng.integers(0, len(data) + 1, 2).tolist())
    return start, end


class Costs:
    """What reading files took at most.

    Attributes:
        seconds: Of the processor, of the one that took longest.
        grew: MiB by which the memory of the process has grown since this was made.
    """

    def __init__(self) -> None:
        self._before = _peak()
        self.seconds = 0.0

    def of(self, work: Callable[[], Any]) -> tuple[Any, float]:
        """Calls a function; what it gave, and the seconds that it took."""
        began = time.process_time()
        try:
            found = work()
        finally:
            took = time.process_time() - began
            self.seconds = max(self.seconds, took)
        return found, took

    @property
    def grew(self) -> int:
        return round((_peak() - self._before) / 1024)


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
