"""Bytes in words, at the edges of the units."""

import pytest

from covey.byte_sizes import format_bytes


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_500, "1 MB"),
        (10**6, "1 MB"),
        (476_543_210, "477 MB"),
        (23_440_000_000, "23.4 GB"),
        (2 * 2**30, "2.15 GB"),
        (5 * 10**12, "5 TB"),
        (12_345 * 10**15, "12,345 PB"),
    ],
)
def test_three_digits_and_a_unit(size, told) -> None:
    assert format_bytes(size) == told
