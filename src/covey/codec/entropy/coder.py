"""Whole numbers to 32-bit words and back, each by a table whose number both sides know.

A range coder of constriction (Bamler, arXiv 2201.01741), one stream for several parts: values of a
part are grouped by their tables, ascending, first of which is not coded. A value beyond its table's
radius is an escape; what it is beyond by follows at the end of its part in the code of Elias and
Golomb, bits as likely as not. Where parts end in the stream is known in words, so that a stream cut
off anywhere can be read to the last part that is whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from covey.codec.entropy.tables import TOTAL, Tables
from covey.extras import require
from covey.types import InputError

Words = NDArray[np.uint32]

LOOK_AHEAD = 2
"""Words behind the end of a part that its last values are read with."""

_MOST_BITS = 24  # of what an escape is beyond by


class Coder:
    """Models of some tables, made once.

    Args:
        tables: What values are coded by.

    Raises:
        MissingExtraError: If constriction is not installed.
    """

    def __init__(self, tables: Tables) -> None:
        self._stream = require("constriction", "codec").stream
        self.tables = tables
        start = tables.start
        categorical = self._stream.model.Categorical
        self._models = [
            categorical(
                (tables.frequencies[a:b] / TOTAL).astype(np.float32), lazy=False, perfect=False
            )
            for a, b in pairwise(start.tolist())
        ]

    @cached_property
    def _bit(self) -> Any:
        return self._stream.model.Uniform(2)

    @cached_property
    def _costs(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Bits of all entries of all tables, and where the 0 of each table is."""
        bits = -np.log2(self.tables.frequencies / TOTAL).astype(np.float32)
        return bits, self.tables.start[:-1] + self.tables.radius

    def bits(self, values: NDArray[np.int32], table: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What values take, of any shape; beyond a radius as the escape, without what follows."""
        bits, zero = self._costs
        radius = self.tables.radius[table]
        place = np.where(np.abs(values) > radius, radius + 1, values)
        return bits[zero[table] + place]

    def writer(self) -> PartWriter:
        """Begins a stream."""
        return PartWriter(self, self._stream.queue.RangeEncoder())

    def reader(self, words: Words) -> PartReader:
        """Reads a stream, or as much of one as there is."""
        return PartReader(self, self._stream.queue.RangeDecoder(np.ascontiguousarray(words)))


class PartWriter:
    """A stream that is written part by part."""

    def __init__(self, coder: Coder, encoder: Any) -> None:
        self._coder, self._encoder = coder, encoder
        self.ends: list[int] = []

    def write(self, values: NDArray[np.int32], table: NDArray[np.uint8]) -> None:
        """Appends a part.

        Args:
            values: (c,) those with table 0 must be 0.
            table: (c,) numbers of tables.
        """
        by = _by_table(table, self._coder.tables)
        some = values[by.order]
        over = np.abs(some) > by.radius
        symbols = np.where(over, 2 * by.radius + 1, some + by.radius)
        for number, begin, end in by.runs:
            self._encoder.encode(symbols[begin:end], self._coder._models[number])
        if over.any():
            beyond = _signed(some[over], by.radius[over])
            self._encoder.encode(_golomb_bits(beyond), self._coder._bit)
        self.ends.append(int(self._encoder.pos()[0]))

    def words(self) -> tuple[Words, tuple[int, ...]]:
        """The stream, and after how many words each part ends; the last holds all that is left."""
        words = self._encoder.get_compressed()
        return words, (*self.ends[:-1], len(words))


class PartReader:
    """A stream that is read part by part."""

    def __init__(self, coder: Coder, decoder: Any) -> None:
        self._coder, self._decoder = coder, decoder

    def read(self, table: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Reads the next part.

        Args:
            table: (c,) numbers of tables, as it was written with.

        Raises:
            InputError: If the stream makes no sense.
        """
        by = _by_table(table, self._coder.tables)
        symbols = by.radius.copy()
        try:
            for number, begin, end in by.runs:
                symbols[begin:end] = self._decoder.decode(self._coder._models[number], end - begin)
            some = symbols - by.radius
            for place in np.flatnonzero(some > by.radius).tolist():
                some[place] = _unsigned(self._beyond(), int(by.radius[place]))
        except (AssertionError, ValueError) as error:
            raise InputError(f"a stream of latents is damaged: {error}") from None
        found = np.empty_like(some)
        found[by.order] = some
        return found

    def _beyond(self) -> int:
        """One number of the code of Elias and Golomb."""
        zeros = 0
        while not int(self._decoder.decode(self._coder._bit)):
            zeros += 1
            if zeros > _MOST_BITS:
                raise ValueError("a value is larger than any that is written")
        value = 1
        for bit in self._decoder.decode(self._coder._bit, zeros) if zeros else ():
            value = 2 * value + int(bit)
        return value - 1


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The order in which values are coded.

    Attributes:
        order: (c,) places of values, ascending by their tables.
        runs: Of each table but the first, if it has values: number, begin and end in that order.
        radius: (c,) of their tables, in that order.
    """

    order: NDArray[np.intp]
    runs: list[tuple[int, int, int]]
    radius: NDArray[np.int32]


def _by_table(table: NDArray[np.uint8], tables: Tables) -> _Sorted:
    order = np.argsort(table, kind="stable")
    counts = np.bincount(table)
    bounds = enumerate(pairwise(np.cumsum(counts).tolist()), 1)
    runs = [(number, begin, end) for number, (begin, end) in bounds if end > begin]
    return _Sorted(order, runs, np.repeat(tables.radius[: len(counts)], counts))


def _signed(values: NDArray[np.int32], radius: NDArray[np.int32]) -> NDArray[np.int32]:
    """Values beyond their radii as numbers from 0: how far, twice, and the sign."""
    far = np.abs(values) - radius - 1
    return 2 * far + (values < 0)


def _unsigned(number: int, radius: int) -> int:
    far, negative = divmod(number, 2)
    return -(far + radius + 1) if negative else far + radius + 1


def _golomb_bits(numbers: NDArray[np.int32]) -> NDArray[np.int32]:
    """As many zeros as n + 1 has binary places behind the first, then n + 1, for each number."""
    text = "".join(f"{n + 1:b}".zfill(2 * int(n + 1).bit_length() - 1) for n in numbers.tolist())
    return np.frombuffer(text.encode(), np.uint8).astype(np.int32) - ord("0")
