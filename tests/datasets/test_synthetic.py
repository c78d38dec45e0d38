"""Synthetic collections: sizes, seeds, and that each has the difficulty it promises."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.datasets.sizes import group_sizes
from covey.datasets.synthetic import (
    concentration_for,
    hierarchical_gaussians,
    low_dimensional_manifolds,
    near_duplicate_chains,
    von_mises_fisher_mixture,
)
from covey.types import UsageError

GENERATORS = [
    von_mises_fisher_mixture,
    hierarchical_gaussians,
    low_dimensional_manifolds,
    near_duplicate_chains,
]


def within(x, labels, label):
    rows = x[labels == label].astype(np.float64)
    s = rows @ rows.T
    return s[~np.eye(len(s), dtype=bool)].mean()


@given(
    st.integers(0, 500),
    st.integers(0, 40),
    st.sampled_from(["zipf", "lognormal", "equal"]),
    st.integers(0, 4),
    st.one_of(st.none(), st.integers(1, 60)),
)
@settings(max_examples=300, deadline=None)
def test_sizes_sum_and_keep_their_bounds(n, n_groups, tail, low, high):
    top = max(n, low) if high is None else high
    possible = low <= top and low * n_groups <= n <= top * n_groups
    if not possible:
        with pytest.raises(UsageError, match="cannot form"):
            group_sizes(n, n_groups, tail=tail, min_size=low, max_size=high)
        return
    sizes = group_sizes(n, n_groups, tail=tail, min_size=low, max_size=high)
    assert len(sizes) == n_groups
    assert sizes.sum() == n
    assert (sizes >= low).all()
    assert (sizes <= top).all()
    assert (np.diff(sizes) <= 0).all()


def test_tails_have_their_shapes():
    zipf = group_sizes(100_000, 1526, exponent=1.0)
    assert zipf[0] / zipf[9] == pytest.approx(10, rel=0.02)
    assert np.ptp(group_sizes(100_000, 1526, tail="equal")) == 1
    logs = np.log(group_sizes(1_000_000, 1000, tail="lognormal", sigma=0.7))
    assert logs.std() == pytest.approx(0.7, rel=0.1)
    with pytest.raises(UsageError, match="tail"):
        group_sizes(10, 2, tail="fat")


@pytest.mark.parametrize("generate", GENERATORS)
def test_every_generator(generate):
    x, labels = generate(700, 16, seed=3)
    assert x.shape == (700, 16)
    assert labels.shape == (700,)
    assert x.dtype == np.float32
    assert labels.dtype == np.int64
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-5)
    again, again_labels = generate(700, 16, seed=3)
    assert (x == again).all()
    assert (labels == again_labels).all()
    other, _ = generate(700, 16, seed=4)
    assert not np.allclose(x, other)
    assert (labels[:-1] != labels[1:]).mean() > 0.5  # not sorted
    random_pairs = np.einsum("ij,ij->i", x[:-1], x[1:])[labels[:-1] != labels[1:]].mean()
    assert within(x, labels, np.bincount(labels).argmax()) > random_pairs + 0.1
    assert generate(300, 4, seed=1, dtype=np.float16)[0].dtype == np.float16
    with pytest.raises(UsageError, match="needs"):
        generate(10, 1)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize("generate", GENERATORS)
def test_few_items(generate, n):
    options = (
        {"branching": (1,), "scales": (1, 1), "min_size": 0}
        if generate is hierarchical_gaussians
        else {}
    )
    x, labels = generate(n, 3, **options)
    assert x.shape == (n, 3)
    assert labels.shape == (n,)


@pytest.mark.parametrize("similarity", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("d", [8, 256])
def test_mixture_has_the_asked_similarity(similarity, d):
    kappa = concentration_for(similarity, d)
    x, labels = von_mises_fisher_mixture(3000, d, n_groups=2, tail="equal", concentration=kappa)
    assert within(x, labels, 0) == pytest.approx(similarity, abs=0.03)


def test_mixture_follows_the_density():
    """In three dimensions the cosine to the centre has a closed distribution function."""
    kappa = 4.0
    x, _ = von_mises_fisher_mixture(40_000, 3, n_groups=1, concentration=kappa, dtype=np.float64)
    mean = x.mean(axis=0)
    w = np.sort(x @ (mean / np.linalg.norm(mean)))
    expected = (np.exp(kappa * w) - np.exp(-kappa)) / (np.exp(kappa) - np.exp(-kappa))
    assert np.abs(expected - (np.arange(len(w)) + 0.5) / len(w)).max() < 0.01


def test_mixture_noise_and_spread():
    x, labels = von_mises_fisher_mixture(
        1000, 32, n_groups=10, noise=0.1, min_size=5, max_size=300, concentration_spread=0.5
    )
    sizes = np.bincount(labels)
    assert len(sizes) == 110
    assert (sizes[10:] == 1).all()
    assert sizes[:10].min() >= 5
    assert sizes[:10].max() <= 300
    noise = x[labels >= 10] @ x[labels >= 10].T
    assert abs(noise[~np.eye(100, dtype=bool)].mean()) < 0.05
    everything, labels = von_mises_fisher_mixture(50, 8, noise=1.0)
    assert len(np.unique(labels)) == len(everything) == 50
    with pytest.raises(UsageError, match="noise"):
        von_mises_fisher_mixture(10, 8, noise=2)
    with pytest.raises(UsageError, match="concentration"):
        von_mises_fisher_mixture(100, 8, n_groups=5, concentration=[1.0, 2.0])


def test_the_collection_of_the_notes():
    _, labels = von_mises_fisher_mixture(100_000, 4, n_groups=1526)
    sizes = np.bincount(labels)
    assert len(sizes) == 1526
    assert sizes.max() > 20 * np.median(sizes)


def test_siblings_are_nearer_than_strangers():
    x, labels = hierarchical_gaussians(4000, 64, branching=(5, 8), tail="equal")
    centres = np.stack([x[labels == g].mean(axis=0) for g in range(40)])
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    s = centres @ centres.T
    parent = np.arange(40) // 8
    sibling = (parent[:, None] == parent) & ~np.eye(40, dtype=bool)
    assert s[sibling].min() > s[parent[:, None] != parent].max()
    with pytest.raises(UsageError, match="need 3 scales"):
        hierarchical_gaussians(10, 4, branching=(2, 2), scales=(1, 1))


def test_manifolds_are_thin():
    x, labels = low_dimensional_manifolds(3000, 64, n_groups=2, intrinsic=2, noise=0.01)
    rows = x[labels == 0]
    spread = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    assert (spread[:6] ** 2).sum() / (spread**2).sum() > 0.98


def test_chains_are_alike_only_step_by_step():
    x, labels = near_duplicate_chains(800, 64, n_groups=4, neighbour_similarity=0.9)
    for label in range(4):
        rows = x[labels == label]
        s = rows @ rows.T
        np.fill_diagonal(s, -1)
        assert s.max(axis=1).min() > 0.89  # everyone has a neighbour
        assert np.median(s) < 0.3  # but most pairs are far apart
    with pytest.raises(UsageError, match="cosine"):
        near_duplicate_chains(10, 4, neighbour_similarity=2)


PEAK = """
import resource
from covey.datasets.synthetic import von_mises_fisher_mixture
von_mises_fisher_mixture(584_000, 256, noise=0.01)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""


@pytest.mark.slow
def test_584_000_rows_stay_under_their_memory():
    run = subprocess.run([sys.executable, "-c", PEAK], check=True, capture_output=True, text=True)
    assert int(run.stdout) < 1.5e9
