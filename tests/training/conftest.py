"""Small labelled collections, and what training learns from them."""

from collections.abc import Callable

import numpy as np
import pytest

from covey.datasets.cameras import seen_by_cameras
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.training.examples import EdgeExamples, draw_edges
from covey.vectors import as_rows


@pytest.fixture(scope="session")
def draw_small() -> Callable[[int], EdgeExamples]:
    """`draw_small(seed)`: 40 items of a collection of 400 where cosines of single pairs mislead."""

    def draw(seed: int) -> EdgeExamples:
        rng = np.random.default_rng(seed)
        groups = int(rng.integers(10, 60))
        if seed % 2:
            x, labels = von_mises_fisher_mixture(
                400, 48, n_groups=groups, concentration=rng.uniform(15, 40), noise=0.1, seed=seed
            )
        else:
            x, labels = seen_by_cameras(
                400, 48, n_groups=groups, camera=0.3, noise=rng.uniform(0.6, 1.2), seed=seed
            )
        return draw_edges(as_rows(x), labels, 40, families=(f"f{seed % 3}",), seed=seed)

    return draw


@pytest.fixture(scope="session")
def examples(draw_small) -> list[EdgeExamples]:
    return [draw_small(seed) for seed in range(20)]
