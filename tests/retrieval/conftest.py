"""Small collections with groups, asked by themselves or by other rows."""

from collections.abc import Callable

import numpy as np
import pytest

from covey.retrieval.collection import Collection


def _grouped(n: int, seed: int, dim: int = 12, groups: int = 6) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((groups, dim))
    return centres[rng.integers(0, groups, n)] + 0.6 * rng.standard_normal((n, dim))


@pytest.fixture
def grouped() -> Callable[..., np.ndarray]:
    """Makes (n, dim) rows in groups."""
    return _grouped


@pytest.fixture(params=["leave-one-out", "queries"])
def collection(request: pytest.FixtureRequest) -> Collection:
    asked = _grouped(17, 1) if request.param == "queries" else None
    return Collection.of(_grouped(60, 0), asked)
