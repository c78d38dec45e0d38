"""Collections, and networks with random weights: no test here depends on trained ones."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest

from covey.models.edge_features import EDGE_FEATURES
from covey.models.network import Network
from covey.models.universal import UniversalScorer
from covey.vectors import as_rows


@pytest.fixture(scope="session")
def grouped() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """`grouped(n, d, groups)`: unit rows (n, d) and labels (n,)."""

    def make(n: int = 300, d: int = 32, groups: int = 15, seed: int = 0):
        rng = np.random.default_rng(seed)
        labels = np.arange(n) % groups
        x = rng.normal(size=(groups, d))[labels] + 0.7 * rng.normal(size=(n, d))
        return as_rows(x), labels

    return make


def random_network(inputs: int, outputs: int, seed: int = 0) -> Network:
    rng = np.random.default_rng(seed)
    widths = (inputs, 16, 16, outputs)
    layers = tuple(
        (
            (rng.normal(size=(b, a)) / np.sqrt(a)).astype(np.float32),
            rng.normal(size=b).astype(np.float32),
        )
        for a, b in pairwise(widths)
    )
    mean = rng.normal(size=inputs).astype(np.float32)
    return Network(mean, rng.uniform(0.5, 2, inputs).astype(np.float32), layers)


@pytest.fixture(scope="session")
def any_network() -> Callable[..., Network]:
    """`any_network(inputs, outputs, seed)`."""
    return random_network


@pytest.fixture(scope="session")
def scorer() -> UniversalScorer:
    return UniversalScorer(random_network(len(EDGE_FEATURES), 1))
