"""What each view does to a collection, and that it leaves what it was given."""

import numpy as np
import pytest

from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.datasets.views import (
    random_projection_view,
    subset_view,
    with_cone,
    with_duplicates,
    with_hubs,
)
from covey.types import UsageError


@pytest.fixture
def collection():
    return von_mises_fisher_mixture(1500, 48, n_groups=30, seed=5)


def cosines(x):
    x = x.astype(np.float64)
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    return x @ x.T


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtypes_are_kept_and_input_unchanged(collection, dtype):
    x = collection[0].astype(dtype)
    before = x.copy()
    for view in (
        with_cone(x, 0.3),
        with_hubs(x, collection[1]),
        random_projection_view(x, 10),
        with_duplicates(x, collection[1], jitter=0.1)[0],
    ):
        assert view.dtype == dtype
    assert (x == before).all()


@pytest.mark.parametrize("strength", [0.0, 0.3, 0.8])
def test_a_cone_lifts_all_cosines(collection, strength):
    x, _ = collection
    bent = with_cone(x, strength)
    np.testing.assert_allclose(np.linalg.norm(bent, axis=1), 1, atol=1e-5)
    expected = strength + (1 - strength) * cosines(x)
    error = cosines(bent) - expected
    assert abs(error.mean()) < 0.02
    assert np.sqrt((error**2).mean()) < 0.2
    with pytest.raises(UsageError, match="strength"):
        with_cone(x, 1.0)


def test_hubs_appear_in_the_neighbourhoods_of_other_groups(collection):
    x, labels = collection
    bent = with_hubs(x, labels, share=0.02, strength=1.0)
    changed = (bent != x).any(axis=1)
    assert changed.sum() == 30

    def intrusions(x):
        s = cosines(x)
        np.fill_diagonal(s, -1)
        near = np.argsort(-s, axis=1)[:, :20]
        foreign = near[labels[near] != labels[:, None]]
        return np.bincount(foreign, minlength=len(x))[changed].mean()

    assert intrusions(bent) > 4 * intrusions(x)
    np.testing.assert_allclose(np.linalg.norm(bent, axis=1), np.linalg.norm(x, axis=1), rtol=1e-5)
    assert (with_hubs(x, labels, share=0.0) == x).all()
    with pytest.raises(UsageError, match="share"):
        with_hubs(x, labels, share=2.0)


def test_projection_keeps_geometry(collection):
    x, _ = collection
    whole = random_projection_view(x, 48)
    np.testing.assert_allclose(whole @ whole.T, x @ x.T, atol=1e-5)
    half = random_projection_view(x, 24, seed=1)
    assert half.shape == (1500, 24)
    assert (np.linalg.norm(half, axis=1) ** 2).mean() == pytest.approx(0.5, abs=0.08)
    assert np.corrcoef(cosines(half).ravel(), cosines(x).ravel())[0, 1] > 0.6
    for dim in (0, 49):
        with pytest.raises(UsageError, match="dim"):
            random_projection_view(x, dim)


def test_subsets_draw_groups_and_sizes():
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(40) * 7, 50))
    labels[:10] = -1
    rows = subset_view(labels, n_groups=10, n=200, min_size=5, max_size=45, seed=1)
    assert (np.diff(rows) > 0).all()
    sizes = np.unique(labels[rows], return_counts=True)[1]
    assert len(sizes) == 10
    assert sizes.sum() == 200
    assert sizes.min() >= 5
    assert sizes.max() <= 45
    assert (labels[rows] >= 0).all()
    assert (rows == subset_view(labels, n_groups=10, n=200, min_size=5, max_size=45, seed=1)).all()
    other = subset_view(labels, n_groups=10, n=200, min_size=5, max_size=45, seed=2)
    assert set(labels[other]) != set(labels[rows])
    assert len(subset_view(labels)) <= 995
    assert len(subset_view(labels, n_groups=0, n=0)) == 0
    with pytest.raises(UsageError, match="41 groups"):
        subset_view(labels, n_groups=41)


def test_duplicates_follow_at_the_end(collection):
    x, labels = collection
    more, more_labels = with_duplicates(x, labels, share=0.1)
    assert len(more) == len(more_labels) == 1650
    assert (more[:1500] == x).all()
    s = more[1500:] @ x.T
    source = s.argmax(axis=1)
    assert (x[source] == more[1500:]).all()
    assert (labels[source] == more_labels[1500:]).all()
    near, _ = with_duplicates(x, labels, share=0.1, jitter=0.2)
    moved = np.linalg.norm(near[1500:] - more[1500:], axis=1)
    assert np.sqrt((moved**2).mean()) == pytest.approx(0.2, rel=0.1)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_items(n):
    x = np.ones((n, 4), np.float32)
    assert with_cone(x, 0.5).shape == (n, 4)
    assert with_hubs(x, np.arange(n), share=1.0).shape == (n, 4)
    assert random_projection_view(x, 2).shape == (n, 2)
    assert with_duplicates(x, np.zeros(n, np.int64), share=1.0)[0].shape == (2 * n, 4)
    assert len(subset_view(np.zeros(n, np.int64), min_size=0)) <= n
