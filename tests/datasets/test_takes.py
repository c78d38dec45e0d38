"""Takes: every item a person, the old groups only what persons have in common."""

from __future__ import annotations

import numpy as np
import pytest

from covey.datasets.synthetic import von_mises_fisher_mixture
from covey.datasets.takes import draw_takes, with_takes
from covey.types import UsageError


@pytest.fixture(scope="module")
def collection():
    return von_mises_fisher_mixture(600, 24, n_groups=30, concentration=40.0, seed=3)


def test_takes_lie_about_a_person_as_strength_says(collection):
    x, labels = collection
    sizes = np.full(50, 40)
    takes, person = with_takes(x, labels, sizes, strength=0.7, seed=1)
    assert takes.shape == (2000, 24)
    assert takes.dtype == np.float32
    np.testing.assert_array_equal(person, np.repeat(np.arange(50), 40))
    np.testing.assert_allclose(np.linalg.norm(takes, axis=1), 1, atol=1e-5)
    similarity = x @ x.T
    np.fill_diagonal(similarity, -1)
    nearest = np.median(np.sqrt(2 - 2 * similarity.max(axis=1)))
    first = takes.reshape(50, 40, 24)
    apart = np.linalg.norm(first[:, :20] - first[:, 20:], axis=2)
    assert np.median(apart) == pytest.approx(nearest, rel=0.15)


def test_without_strength_takes_are_the_items_themselves(collection):
    x, labels = collection
    takes, person = with_takes(x, labels, np.array([2, 1, 3]), strength=0.0, seed=5)
    rows = x / np.linalg.norm(x, axis=1, keepdims=True)
    found = (takes @ rows.T).argmax(axis=1)
    np.testing.assert_allclose(takes, rows[found], atol=1e-6)
    assert len(set(found)) == 3
    for who in range(3):
        assert len(set(found[person == who])) == 1


def test_moves_lie_in_what_differs_within_groups():
    """Groups differ along the first axis, items of one along the second, where takes move."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(2), 100)
    x = np.zeros((200, 4), np.float32)
    x[:, 0] = np.where(labels == 0, -1.0, 1.0)
    x[:, 1] = rng.uniform(0.1, 1, 200)
    takes, _ = with_takes(x, labels, np.full(200, 2), strength=1.0, seed=2)
    assert np.all(takes[:, 2:] == 0)
    assert np.all(np.abs(takes[:, 0]) > 0.3)


def test_where_no_group_has_two_items_any_two_give_a_move(collection):
    x, _ = collection
    takes, person = with_takes(x, np.arange(len(x)), np.array([3, 1]), seed=0)
    assert len(takes) == 4
    assert np.isfinite(takes).all()
    assert len(np.unique(takes[person == 0], axis=0)) == 3


@pytest.mark.parametrize(
    ("sizes", "options"),
    [([1] * 601, {}), ([0], {}), ([1], {"strength": -0.1}), ([1], {"spread": -1.0})],
)
def test_refusals(collection, sizes, options):
    x, labels = collection
    with pytest.raises(UsageError):
        with_takes(x, labels, np.array(sizes), **options)


def test_one_item_is_too_few():
    with pytest.raises(UsageError, match="cannot be taken"):
        with_takes(np.ones((1, 3)), np.zeros(1, np.int64), np.array([1]))


def test_drawn_takes_are_mostly_alone_and_repeat_with_the_seed(collection):
    x, labels = collection
    alone = []
    for seed in range(20):
        takes, person = draw_takes(x, labels, np.random.default_rng(seed))
        again, _ = draw_takes(x, labels, np.random.default_rng(seed))
        assert takes.tobytes() == again.tobytes()
        counts = np.bincount(person)
        assert counts.max() >= 2
        assert len(takes) <= 12_000
        alone.append((counts == 1).mean())
    assert 0.4 < np.mean(alone) < 0.75


def test_two_items_are_enough_and_equal_ones_do_no_harm():
    x = np.ones((2, 5), np.float16)
    takes, person = draw_takes(x, np.zeros(2, np.int64), np.random.default_rng(0))
    assert np.isfinite(takes).all()
    assert np.bincount(person)[0] >= 2
