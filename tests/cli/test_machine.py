"""What the machine has, and what a run is expected to take of it."""

import numpy as np
import pytest

from covey.cli.machine import check_memory, expected_bytes, peak_memory_mb
from covey.models.refining_memory import refining_bytes
from covey.types import MemoryLimitError


def test_the_peak_is_what_was_taken() -> None:
    before = peak_memory_mb()
    block = np.ones(40_000_000)
    assert peak_memory_mb() >= max(before, block.nbytes / 1e6)


def test_expected_memory_grows_with_everything() -> None:
    def expected(n: int, d: int, k: int | None) -> int:
        return expected_bytes(np.broadcast_to(np.float32(0), (n, d)), k)

    assert expected(2, 4, None) < expected(100_000, 4, None) < expected(100_000, 512, None)
    assert expected(100_000, 4, 20) < expected(100_000, 4, None) == expected(100_000, 4, 80)


def test_limit() -> None:
    x = np.broadcast_to(np.float32(0), (1_000_000, 256))
    needed = expected_bytes(x, None)
    check_memory(x, None, needed)
    with pytest.raises(MemoryLimitError, match=r"1,000,000 x 256 needs about .* GB"):
        check_memory(x, None, needed - 1)
    with pytest.raises(MemoryLimitError, match="--memory-limit is 1 MB"):
        check_memory(x, None, 10**6)
    with pytest.raises(MemoryLimitError, match="machine has"):
        check_memory(np.broadcast_to(np.float32(0), (10**9, 4096)), None, None)


def test_refining_counts(any_refiner) -> None:
    x = np.broadcast_to(np.float32(0), (100_000, 16))
    plain, refined = expected_bytes(x, None), expected_bytes(x, None, any_refiner())
    assert refined - plain == refining_bytes(any_refiner(), 100_000)
    assert expected_bytes(x, None, any_refiner(1.0)) == plain
    check_memory(x, None, refined, any_refiner())
    with pytest.raises(MemoryLimitError, match="--memory-limit"):
        check_memory(x, None, refined - 1, any_refiner())
