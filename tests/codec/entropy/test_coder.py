"""Values to words and back."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

pytest.importorskip("constriction")

import contextlib

from covey.codec.entropy.coder import LOOK_AHEAD, Coder
from covey.codec.entropy.tables import TOTAL, Tables, logistic_tables
from covey.types import InputError

SCALES = np.geomspace(0.05, 120, 64)


@pytest.fixture(scope="module")
def coder() -> Coder:
    return Coder(logistic_tables(SCALES))


def _drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 64, n).astype(np.uint8)
    u = rng.random(n)
    values = np.round(SCALES[table] * np.log(u / (1 - u))).astype(np.int32)
    values[table == 0] = 0
    return values, table


@pytest.mark.parametrize("n", [0, 1, 2, 1000, 30_000])
def test_reads_what_was_written(coder, n) -> None:
    parts = [_drawn(n, seed) for seed in range(3)]
    writer = coder.writer()
    for part in parts:
        writer.write(*part)
    words, ends = writer.words()
    assert words.dtype == np.uint32
    assert ends[-1] == len(words)
    reader = coder.reader(words)
    for values, table in parts:
        np.testing.assert_array_equal(reader.read(table), values)


@pytest.mark.parametrize("far", [2, 3, 17, 1024, -2, -1025, 2**20, -(2**20)])
def test_values_beyond_a_radius(coder, far) -> None:
    values, table = _drawn(50)
    values[[3, 7, 8]], table[[3, 7, 8]] = far, [1, 63, 30]
    writer = coder.writer()
    writer.write(values, table)
    writer.write(values[::-1], table[::-1])
    reader = coder.reader(writer.words()[0])
    np.testing.assert_array_equal(reader.read(table), values)
    np.testing.assert_array_equal(reader.read(table[::-1]), values[::-1])


def test_takes_hardly_more_than_the_entropy(coder) -> None:
    values, table = _drawn(200_000)
    writer = coder.writer()
    writer.write(values, table)
    scale = SCALES[table]
    low, high = ((values + d) / scale for d in (-0.5, 0.5))
    share = 1 / (1 + np.exp(np.clip(-high, -700, 700))) - 1 / (1 + np.exp(np.clip(-low, -700, 700)))
    ideal = -np.log2(share[table > 0]).sum()
    assert ideal < 32 * len(writer.words()[0]) < 1.003 * ideal


def test_parts_before_a_cut_can_be_read(coder) -> None:
    parts = [_drawn(4000, seed) for seed in range(3)]
    writer = coder.writer()
    for part in parts:
        writer.write(*part)
    words, ends = writer.words()
    for count, end in enumerate(ends[:-1], 1):
        reader = coder.reader(words[: end + LOOK_AHEAD])
        for values, table in parts[:count]:
            np.testing.assert_array_equal(reader.read(table), values)


def test_garbage_is_read_or_refused(coder) -> None:
    rng = np.random.default_rng(0)
    table = _drawn(500)[1]
    for _ in range(200):
        reader = coder.reader(rng.integers(0, 2**32, 40, dtype=np.uint32))
        with contextlib.suppress(InputError):
            assert len(reader.read(table)) == 500


def _whole_tables() -> Tables:
    """64 tables by whole numbers alone, as exponentials differ between processors."""
    radii = [1 + number % 12 for number in range(64)]
    frequencies = []
    for r in radii:
        weights = np.array([(r + 1 - abs(i)) ** 2 for i in range(-r, r + 1)] + [1], np.int64)
        some = 1 + weights * (TOTAL - len(weights)) // weights.sum()
        some[r] += TOTAL - some.sum()
        frequencies.append(some)
    return Tables(np.concatenate(frequencies).astype(np.int32), np.array(radii, np.int32))


def test_golden_words() -> None:
    values = (np.arange(300) * 7919 % 23 - 11).astype(np.int32)
    table = (np.arange(300) * 104729 % 63 + 1).astype(np.uint8)
    writer = Coder(_whole_tables()).writer()
    writer.write(values, table)
    found = hashlib.sha256(writer.words()[0].astype("<u4").tobytes()).hexdigest()
    assert found[:16] == "1c604ee864b6eef1"
