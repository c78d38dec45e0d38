"""What is refused, and what the message names."""

import numpy as np
import pytest

from covey.clustering import cluster
from covey.types import InputError, MemoryLimitError, UsageError


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_a_bad_number_is_named(value: float, metric) -> None:
    x = np.random.default_rng(0).normal(size=(50, 4))
    x[31, 2] = value
    with pytest.raises(InputError, match=rf"row 31 .* {value} in column 2"):
        cluster(x, metric=metric)


def test_a_row_of_zeros_is_named() -> None:
    x = np.random.default_rng(0).normal(size=(50, 4))
    x[12] = 0
    with pytest.raises(InputError, match=r"row 12 .* all zeros"):
        cluster(x)
    assert cluster(x, metric="euclidean").clustering.n == 50


@pytest.mark.parametrize("x", [np.ones((1, 3)), np.ones((0, 3)), np.ones(3), np.array([["a"]])])
def test_no_collection(x) -> None:
    with pytest.raises(InputError):
        cluster(x)


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (
            {"method": "magic"},
            "unknown method 'magic': choose one of auto, universal, untrained, cos",
        ),
        ({"partition": "magic"}, "unknown partition 'magic'"),
        ({"prefer": "speed"}, "unknown prefer 'speed': choose one of precision, balanced, recall"),
        ({"metric": "dot"}, "unknown metric 'dot'"),
        ({"k": 0}, "k must be at least 1, got 0"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"threads": 0}, "threads must be at least 1, got 0"),
        ({"metric": "euclidean", "method": "smoothed"}, "compares directions"),
        ({"metric": "euclidean", "method": "profiles"}, "compares directions"),
        ({"metric": "euclidean", "method": "universal"}, "compares directions"),
    ],
)
def test_wrong_options_are_refused(option, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        cluster(np.eye(5), **option)


def test_too_little_memory_is_told() -> None:
    with pytest.raises(MemoryLimitError):
        cluster(np.eye(50), memory_limit=1000)
