"""Random bends: labels stay with their rows, groups stay findable, nothing breaks."""

import numpy as np
import pytest

from covey.datasets.bends import bend
from covey.datasets.synthetic import von_mises_fisher_mixture


def bent(x, labels, seed):
    rows, names = bend(x, labels, np.random.default_rng(seed))
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), names


@pytest.mark.parametrize("seed", range(20))
def test_labels_stay_with_their_rows(seed):
    x, labels = von_mises_fisher_mixture(1500, 64, n_groups=40, concentration=400.0, seed=1)
    rows, names = bent(x, labels, seed)
    assert (names[:1500] == labels).all()
    assert len(rows) == len(names)
    assert np.isfinite(rows).all()
    s = rows @ rows.T
    np.fill_diagonal(s, -2)
    agree = (names[s.argmax(axis=1)] == names).mean()
    assert agree > 0.15  # chance is below 0.05, and the heaviest noise leaves little


def test_the_same_state_gives_the_same_bytes_and_the_input_stays():
    x, labels = von_mises_fisher_mixture(500, 16, n_groups=20)
    before = x.copy()
    for seed in range(10):
        assert bent(x, labels, seed)[0].tobytes() == bent(x, labels, seed)[0].tobytes()
    assert (x == before).all()


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize("d", [1, 2])
def test_few_items(n, d):
    x = np.random.default_rng(0).standard_normal((n, d))
    for seed in range(20):
        rows, names = bent(x, np.zeros(n, np.int64), seed)
        assert len(rows) == len(names) >= n
        assert np.isfinite(rows).all()
