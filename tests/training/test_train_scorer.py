"""Training of the universal scorer: the level, what it learns, going on from weights."""

import copy

import numpy as np
import pytest

pytest.importorskip("torch")
import torch
from torch.nn import functional

from covey.models.network import Network
from covey.training.examples import EdgeExamples
from covey.training.universal import (
    Schedule,
    faster,
    level_of_views,
    split_examples,
    train_scorer,
    validate,
)
from covey.types import UsageError


def _views(share: float, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    together = (torch.rand(5, 30, 40, generator=generator) < share).float()
    odds = 2 * together - 1 + 1.5 * torch.randn(5, 30, 40, generator=generator)
    return odds, together


@pytest.mark.parametrize("share", [0.02, 0.3, 0.9])
def test_at_the_level_the_mean_probability_is_the_share(share: float) -> None:
    odds, together = _views(share)
    level = level_of_views(odds, together)
    assert level.shape == (5, 1, 1)
    mean = torch.sigmoid(odds + level).mean((1, 2))
    torch.testing.assert_close(mean, together.mean((1, 2)), atol=1e-4, rtol=0)


@pytest.mark.parametrize("all_right", [0.0, 1.0])
def test_views_without_two_kinds_of_edges_have_a_level(all_right: float) -> None:
    odds, _ = _views(0.5)
    level = level_of_views(odds, torch.full_like(odds, all_right))
    assert torch.isfinite(level).all()
    mean = torch.sigmoid(odds + level).mean()
    assert abs(float(mean) - all_right) < 0.01


def _loss(odds: torch.Tensor, together: torch.Tensor) -> torch.Tensor:
    level = level_of_views(odds, together)
    return functional.binary_cross_entropy_with_logits(odds + level, together)


def test_an_offset_of_the_odds_changes_neither_loss_nor_gradient() -> None:
    odds, together = _views(0.2)
    offset = torch.linspace(-4, 4, 5)[:, None, None]
    found = []
    for given in (odds, odds + offset):
        given = given.clone().requires_grad_()
        loss = _loss(given, together)
        loss.backward()
        found.append((loss.detach(), given.grad))
    torch.testing.assert_close(found[0][0], found[1][0], atol=1e-5, rtol=0)
    torch.testing.assert_close(found[0][1], found[1][1], atol=1e-7, rtol=1e-2)
    assert abs(float(found[0][1].sum())) < 1e-4  # none along the level


def test_no_level_is_better() -> None:
    odds, together = _views(0.2)
    level = level_of_views(odds, together)
    best = functional.binary_cross_entropy_with_logits(odds + level, together)
    for step in (-0.1, 0.1):
        other = functional.binary_cross_entropy_with_logits(odds + level + step, together)
        assert other > best


def test_one_view_in_twelve_is_held_out(examples) -> None:
    used, held = split_examples(examples)
    assert (len(used), len(held)) == (18, 2)
    assert [id(e) for e in held] == [id(examples[6]), id(examples[18])]
    assert split_examples(examples[:6])[1] == []


def test_training_beats_the_cosine_on_views_it_has_not_seen(examples, draw_small) -> None:
    told = []
    network = train_scorer(
        examples,
        Schedule(steps=200),
        tell=lambda step, loss, validation: told.append((step, loss, validation)),
    )
    assert [step for step, _, _ in told] == list(range(1, 201))
    assert [step for step, _, validation in told if validation] == [200]
    losses = [loss for _, loss, _ in told]
    assert np.mean(losses[-20:]) < 0.9 * np.mean(losses[:20])
    found = validate(network, [draw_small(seed) for seed in range(100, 108)])
    assert found.precision > found.cosine + 0.03
    assert found.loss < losses[0]


def _assert_equal(one: Network, other: Network) -> None:
    np.testing.assert_array_equal(one.mean, other.mean)
    np.testing.assert_array_equal(one.scale, other.scale)
    for a, b in zip(one.layers, other.layers, strict=True):
        np.testing.assert_array_equal(a[0], b[0])
        np.testing.assert_array_equal(a[1], b[1])


_SHORT = Schedule(steps=30, views=4, items=8, seed=5)


def test_a_seed_gives_the_same_weights(examples) -> None:
    _assert_equal(train_scorer(examples, _SHORT), train_scorer(copy.deepcopy(examples), _SHORT))
    other = train_scorer(examples, Schedule(steps=30, views=4, items=8, seed=6))
    assert not np.array_equal(other.layers[0][0], train_scorer(examples, _SHORT).layers[0][0])


def test_going_on_from_weights_keeps_their_scale(examples, any_start) -> None:
    refined = train_scorer(examples, faster(_SHORT, 3), start=any_start)
    np.testing.assert_array_equal(refined.mean, any_start.mean)
    np.testing.assert_array_equal(refined.scale, any_start.scale)
    for (new, _), (old, _) in zip(refined.layers, any_start.layers, strict=True):
        assert new.shape == old.shape
        assert 0 < np.abs(new - old).max() < 0.05


@pytest.fixture
def any_start(examples) -> Network:
    return train_scorer(examples, _SHORT)


def test_faster_is_shorter_and_more_careful() -> None:
    given = Schedule(seed=4)
    assert faster(given, 7) == Schedule(steps=7, rate=given.rate / 3, seed=4)


def test_views_with_lists_of_many_lengths(examples) -> None:
    short = [
        EdgeExamples(e.families, e.features[:, :k], e.together[:, :k])
        for e, k in zip(examples, (1, 3, 9, 64, 64), strict=False)
    ]
    network = train_scorer(short, _SHORT)
    assert all(np.isfinite(weight).all() for weight, _ in network.layers)


def test_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing to train on"):
        train_scorer([], _SHORT)


def test_views_that_cannot_be_ranked_do_not_validate(examples, any_start) -> None:
    e = examples[0]
    alike = [
        EdgeExamples((), e.features, np.full_like(e.together, value)) for value in (False, True)
    ]
    assert np.isnan(validate(any_start, alike).precision)
    assert validate(any_start, [*alike, e]) == validate(any_start, [e])
