"""Synthetic collections of random kind: every draw is possible and in its bounds."""

import numpy as np
import pytest

from covey.datasets.synthetic_draws import draw_synthetic, log_uniform


@pytest.mark.parametrize("block", range(4))
def test_every_draw_succeeds_within_its_bounds(block):
    for seed in range(25 * block, 25 * block + 25):
        x, labels = draw_synthetic(np.random.default_rng(seed))
        assert 1200 <= len(x) <= 9000
        assert 16 <= x.shape[1] <= 512
        assert x.dtype == np.float32
        assert labels.shape == x.shape[:1]
        np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-4)


def test_the_same_state_gives_the_same_bytes():
    one, other = (draw_synthetic(np.random.default_rng(7)) for _ in range(2))
    assert one[0].tobytes() == other[0].tobytes()
    assert (one[1] == other[1]).all()


def test_a_log_scale_has_its_median_at_the_geometric_mean():
    rng = np.random.default_rng(0)
    drawn = np.array([log_uniform(rng, 1, 100) for _ in range(2000)])
    assert ((drawn >= 1) & (drawn <= 100)).all()
    assert np.median(drawn) == pytest.approx(10, rel=0.15)
