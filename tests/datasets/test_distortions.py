"""What each distortion does to similarities, and that it leaves what it was given."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from covey.datasets.distortions import with_noise, with_spectrum, with_styles
from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.types import UsageError


@pytest.fixture(scope="module")
def collection():
    return von_mises_fisher_mixture(1500, 64, n_groups=30, seed=5)


def cosines(x):
    x = x.astype(np.float64)
    x = x / np.linalg.norm(x, axis=1, keepdims=True)
    return x @ x.T


def pairs_within(labels):
    return (labels[:, None] == labels) & ~np.eye(len(labels), dtype=bool)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_dtypes_are_kept_rows_scaled_and_input_unchanged(collection, dtype):
    x, labels = (3 * collection[0]).astype(dtype), collection[1]
    before = x.copy()
    for bent in (
        with_noise(x, 0.3, spectrum=0.5, spread=0.3),
        with_styles(x, labels, n_styles=4, rank=2, strength=0.3, within=0.2),
        with_spectrum(x, -0.3),
        with_spectrum(x, 0.2, centre=True),
    ):
        assert bent.dtype == dtype
        lengths = np.linalg.norm(bent.astype(np.float64), axis=1)
        np.testing.assert_allclose(lengths, 1, atol=2e-3 if dtype == np.float16 else 1e-5)
    assert (x == before).all()


@pytest.mark.parametrize(
    "distort",
    [
        lambda x, y, seed: with_noise(x, 0.3, spread=0.2, seed=seed),
        lambda x, y, seed: with_styles(
            x, y, n_styles=3, rank=2, strength=0.4, within=0.2, seed=seed
        ),
    ],
)
def test_a_seed_gives_the_same_bytes_and_another_does_not(collection, distort):
    x, labels = collection
    assert distort(x, labels, 1).tobytes() == distort(x, labels, 1).tobytes()
    assert (distort(x, labels, 1) != distort(x, labels, 2)).any()


@pytest.mark.parametrize("strength", [0.0, 0.4, 1.0, 2.0])
def test_flat_noise_shrinks_cosines_as_promised(collection, strength):
    x, labels = collection
    own = pairs_within(labels)
    before, after = cosines(x)[own].mean(), cosines(with_noise(x, strength))[own].mean()
    assert after == pytest.approx(before / (1 + strength**2), rel=0.05)


@given(st.floats(0, 1), st.integers(2, 100))
@settings(max_examples=25, deadline=None)
def test_noise_falls_on_the_columns_as_asked_for(spectrum, d):
    noise = with_noise(np.zeros((4000, d)), 1.0, spectrum=spectrum)  # of zeros only it remains
    ratio = np.abs(noise[:, -1] / noise[:, 0])  # Cauchy: its median is the ratio of the scales
    assert np.median(ratio) == pytest.approx(d**-spectrum, rel=0.15)


@pytest.mark.parametrize("strength", [0.1, 0.5, 2.0])
def test_noise_has_the_length_asked_for(strength):
    axis = np.zeros((2000, 400))
    axis[:, 0] = 1
    moved = with_noise(axis, strength)
    across = np.linalg.norm(moved[:, 1:], axis=1) / moved[:, 0]
    assert np.median(across) == pytest.approx(strength, rel=0.1)


def test_spread_makes_some_rows_noisier_than_others(collection):
    x = collection[0]

    def angles(spread):
        return np.arccos(np.clip((with_noise(x, 0.3, spread=spread) * x).sum(1), -1, 1))

    assert angles(0.6).std() > 3 * angles(0.0).std()
    assert np.median(angles(0.6)) == pytest.approx(np.median(angles(0.0)), rel=0.1)


def test_styles_bring_items_of_other_groups_together(collection):
    x, labels = collection
    options = dict(n_styles=4, rank=3, strength=0.5, seed=3)
    styles = with_styles(np.zeros_like(x), labels, **options)  # of zeros only the style remains
    distinct, style = np.unique(styles.round(4), axis=0, return_inverse=True)
    assert len(distinct) == 4
    assert np.linalg.matrix_rank(distinct, tol=1e-2) == 3
    other_group = labels[:, None] != labels
    same_style = style[:, None] == style
    before, after = cosines(x), cosines(with_styles(x, labels, **options))
    gain = after - before
    assert gain[other_group & same_style].mean() == pytest.approx(0.5**2 / (1 + 0.5**2), abs=0.05)
    assert gain[other_group & same_style].mean() > gain[other_group & ~same_style].mean() + 0.1


def test_within_splits_groups_into_views(collection):
    x, labels = collection
    options = dict(n_styles=3, rank=3, strength=0.0, seed=3)
    unsplit = with_styles(x, labels, **options)
    np.testing.assert_allclose(unsplit, x, atol=1e-6)
    views = with_styles(np.zeros_like(x), labels, within=0.5, **options)
    distinct, view = np.unique(views.round(4), axis=0, return_inverse=True)
    assert len(np.unique(np.stack([view, labels]), axis=1).T) == len(distinct)
    assert 60 < len(distinct) <= 3 * 30
    s, own = cosines(with_styles(x, labels, within=0.5, **options)), pairs_within(labels)
    same_view = view[:, None] == view
    assert s[own & same_view].mean() > s[own & ~same_view].mean() + 0.1


def test_labels_of_styles_are_only_names(collection):
    x, labels = collection
    options = dict(n_styles=3, rank=2, strength=0.3, within=0.4)
    renamed = with_styles(x, labels * 7 - 3, **options)
    assert (with_styles(x, labels, **options) == renamed).all()


def test_an_exponent_of_zero_leaves_the_rows(collection):
    x, _ = collection
    np.testing.assert_allclose(with_spectrum(5 * x, 0.0), x, atol=1e-5)
    centred = x - x.mean(axis=0)
    centred /= np.linalg.norm(centred, axis=1, keepdims=True)
    np.testing.assert_allclose(with_spectrum(x, 0.0, centre=True), centred, atol=1e-5)


def spread_of_columns(x):
    values = np.linalg.eigvalsh(np.cov(x.T.astype(np.float64)))
    return values[-1] / np.median(values)


def test_the_exponent_flattens_or_stretches_the_spectrum():
    x = np.random.default_rng(0).standard_normal((6000, 30)) * np.arange(1, 31) ** -0.5
    plain = spread_of_columns(with_spectrum(x, 0.0, centre=True))
    assert spread_of_columns(with_spectrum(x, -0.5, centre=True)) < 1.5 < 0.5 * plain
    assert spread_of_columns(with_spectrum(x, 0.3, centre=True)) > 1.5 * plain


def test_without_centring_the_mean_keeps_its_direction():
    x = np.random.default_rng(0).standard_normal((2000, 20)) + 1.0
    mean = with_spectrum(x, 0.3).mean(axis=0)
    assert mean @ np.ones(20) / np.linalg.norm(mean) / np.sqrt(20) > 0.99
    assert np.linalg.norm(with_spectrum(x, -0.3, centre=True).mean(axis=0)) < 0.1


@pytest.mark.parametrize("n", [0, 1, 2, 5])
@pytest.mark.parametrize("d", [1, 2, 40])
def test_few_items(n, d):
    x, labels = np.ones((n, d), np.float32), np.zeros(n, np.int64)
    for bent in (
        with_noise(x, 0.5, spectrum=0.5, spread=0.5),
        with_styles(x, labels, n_styles=2, rank=5, strength=0.5, within=0.5),
        with_spectrum(x, -0.4),
        with_spectrum(np.random.default_rng(0).standard_normal((n, d)), 0.3),
    ):
        assert bent.shape == (n, d)
        np.testing.assert_allclose(np.linalg.norm(bent, axis=1), 1, atol=1e-5)


def test_zero_rows_stay_finite():
    x = np.zeros((4, 3), np.float32)
    assert np.isfinite(with_noise(x, 0.5)).all()
    assert np.isfinite(with_spectrum(x, -0.4, centre=True)).all()


@pytest.mark.parametrize(
    ("distort", "said"),
    [
        (lambda x: with_noise(x, -1.0), "strength"),
        (lambda x: with_noise(x, float("nan")), "strength"),
        (lambda x: with_noise(x, 1.0, spread=-1.0), "spread"),
        (lambda x: with_styles(x, np.zeros(3), n_styles=0, rank=1, strength=1.0), "styles"),
        (lambda x: with_styles(x, np.zeros(3), n_styles=1, rank=0, strength=1.0), "rank"),
        (lambda x: with_styles(x, np.zeros(3), n_styles=1, rank=1, strength=-1.0), "strength"),
        (lambda x: with_spectrum(x, float("inf")), "exponent"),
    ],
)
def test_numbers_out_of_range_are_refused(distort, said):
    with pytest.raises(UsageError, match=said):
        distort(np.eye(3))
