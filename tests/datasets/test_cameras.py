"""Groups seen by cameras: sizes, seeds, and that cameras and views do what they promise."""

import numpy as np
import pytest

from covey.datasets.cameras import seen_by_cameras
from covey.types import UsageError


def nearest(x):
    s = x.astype(np.float64) @ x.T.astype(np.float64)
    np.fill_diagonal(s, -2)
    return s.argmax(axis=1)


def found(**options):
    x, labels = seen_by_cameras(1500, 128, n_groups=60, seed=2, **options)
    return (labels[nearest(x)] == labels).mean()


def test_shapes_sizes_and_seeds():
    x, labels = seen_by_cameras(1000, 24, n_groups=40, seed=1)
    assert x.shape == (1000, 24)
    assert x.dtype == np.float32
    assert labels.dtype == np.int64
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-5)
    sizes = np.bincount(labels)
    assert len(sizes) == 40
    assert (np.diff(sizes) <= 0).all()
    assert (seen_by_cameras(1000, 24, n_groups=40, seed=1)[0] == x).all()
    assert (seen_by_cameras(1000, 24, n_groups=40, seed=2)[0] != x).any()
    assert seen_by_cameras(100, 24, dtype=np.float16)[0].dtype == np.float16


def test_nuisances_hide_the_groups():
    assert found(camera=0, view=0, noise=0.2, spectrum=0) > 0.99
    assert found(noise=1.1) < found(noise=0.6)
    assert found(camera=0.8, noise=1.0) < found(camera=0.0, noise=1.0)
    assert found(spectrum=0.8, noise=1.0) < found(spectrum=0.0, noise=1.0)


def test_cosines_are_those_of_the_parts():
    x, labels = seen_by_cameras(
        2000, 256, n_groups=20, n_cameras=1, camera=0.5, view=0.5, noise=1.0, spectrum=0.0
    )
    s, own = x @ x.T, labels[:, None] == labels
    assert s[~own].mean() == pytest.approx(0.25 / 2.5, abs=0.03)
    assert s[own & ~np.eye(2000, dtype=bool)].mean() == pytest.approx(1.5 / 2.5, abs=0.03)


def test_a_group_falls_into_one_view_for_each_camera():
    x, _ = seen_by_cameras(400, 32, n_groups=1, n_cameras=5, camera=0, view=1.0, noise=0.0)
    assert len(np.unique(x.round(4), axis=0)) == 5


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_items(n):
    x, labels = seen_by_cameras(n, 1)
    assert x.shape == (n, 1)
    assert labels.shape == (n,)


@pytest.mark.parametrize(
    "options", [{"n_cameras": 0}, {"camera": -1.0}, {"noise": float("nan")}, {"n_groups": 60}]
)
def test_numbers_that_contradict_each_other_are_refused(options):
    with pytest.raises(UsageError):
        seen_by_cameras(100, 8, **options)
