"""The training loop: schedule, the best validation, stopping early, resuming."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from covey.training.loop import Checkpoint, Schedule, fit, rate_factor  # noqa: E402


def _problem(seed=0):
    torch.manual_seed(seed)
    network = nn.Linear(3, 1)
    wanted = torch.tensor([[1.0, -2.0, 0.5]])

    def loss_of(rng):
        x = torch.from_numpy(rng.standard_normal((32, 3), dtype="float32"))
        return ((network(x) - x @ wanted.T) ** 2).mean()

    return network, loss_of, lambda: -float((network.weight - wanted).norm())


def test_learns_and_keeps_the_best():
    network, loss_of, validate = _problem()
    scores = []
    last = fit(
        network,
        loss_of,
        Schedule(steps=200, rate=0.05, every=20, patience=99),
        validate=validate,
        tell=lambda step, loss, score: scores.append(score) if score is not None else None,
    )
    assert len(scores) == 10
    assert last.score == max(scores) > -0.05
    with torch.no_grad():
        assert validate() == pytest.approx(last.score)
    assert not network.training


def test_stops_when_it_gets_no_better():
    network, loss_of, _ = _problem()
    falling = iter([5.0, 4.0, 3.0, 2.0, 1.0])
    steps, kept = [], []
    schedule = Schedule(steps=100, every=10, patience=2)
    last = fit(
        network,
        loss_of,
        schedule,
        validate=lambda: next(falling),
        tell=lambda step, loss, score: steps.append(step),
        keep=kept.append,
    )
    assert steps[-1] == 30
    assert (last.best_step, last.score) == (10, 5.0)
    assert [checkpoint.is_over(schedule) for checkpoint in kept] == [False, False, True]
    assert fit(network, loss_of, schedule, validate=lambda: 9.0, start=last) is last


def test_resumed_takes_the_same_steps():
    schedule = Schedule(steps=60, rate=0.02, every=20, patience=99)
    network, loss_of, validate = _problem()
    kept = []
    fit(network, loss_of, schedule, validate=validate, keep=kept.append)
    assert [checkpoint.step for checkpoint in kept] == [20, 40, 60]
    for checkpoint in kept:
        other, again, judge = _problem(seed=9)
        last = fit(other, again, schedule, validate=judge, start=checkpoint)
        assert last.step == 60
        assert checkpoint.is_over(schedule) == (checkpoint.step == 60)
        assert torch.equal(other.weight, network.weight)


def test_without_validation_the_last_weights_are_kept():
    network, loss_of, _ = _problem()
    last = fit(network, loss_of, Schedule(steps=50, every=20))
    assert last.best_step == last.step == 50
    assert math.isnan(last.score)


def test_nothing_to_do():
    network, loss_of, _ = _problem()
    before = network.weight.clone()
    assert fit(network, loss_of, Schedule(steps=0)) == Checkpoint()
    assert torch.equal(before, network.weight)


def test_rate_rises_and_falls():
    schedule = Schedule(steps=100, warm_up=0.1)
    factors = [rate_factor(step, schedule) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[9] == factors[10] == 1
    assert factors[10:] == sorted(factors[10:], reverse=True)
    assert factors[-1] < 0.01


def test_until_ends_early_with_the_rates_of_the_whole():
    whole, loss_of, _ = _problem()
    kept = []
    fit(whole, loss_of, Schedule(steps=40, every=10), keep=kept.append)
    network, loss_of, _ = _problem()
    last = fit(network, loss_of, Schedule(steps=40, every=10, until=20))
    assert last.step == last.best_step == 20
    assert torch.equal(network.weight, kept[1].network["weight"])
    assert [Schedule(steps=40, until=until).end for until in (None, 0, 40, 99)] == [40, 0, 40, 40]


def test_the_rate_may_stay_and_then_fall_in_a_line():
    schedule = Schedule(steps=100, warm_up=0.1, fall=0.25)
    factors = [rate_factor(step, schedule) for step in range(100)]
    assert factors[9:76] == [1.0] * 67
    assert factors[75:] == pytest.approx([1 - i / 25 for i in range(25)])


def test_averaged_weights_are_validated_and_kept():
    network, loss_of, _ = _problem()
    seen, followed = [], []
    mean = network.weight.detach().clone()

    def validate():
        seen.append(network.weight.detach().clone())
        return float(len(seen))

    def tell(step, loss, score):
        decay = min(0.9, step / (9 + step))
        mean.lerp_(network.weight.detach(), 1 - decay)
        if score is not None:
            followed.append(mean.clone())

    schedule = Schedule(steps=30, every=10, rate=0.05, average=0.9)
    last = fit(network, loss_of, schedule, validate=validate, tell=tell)
    for found, expected in zip(seen, followed, strict=True):
        torch.testing.assert_close(found, expected)
    torch.testing.assert_close(network.weight.detach(), followed[-1])
    torch.testing.assert_close(last.best["weight"], followed[-1])
    assert not torch.equal(last.network["weight"], last.best["weight"])


def test_averages_go_on_where_they_were():
    schedule = Schedule(steps=40, every=10, rate=0.05, average=0.95, patience=99)
    network, loss_of, validate = _problem()
    kept = []
    fit(network, loss_of, schedule, validate=validate, keep=kept.append)
    other, again, judge = _problem(seed=9)
    fit(other, again, schedule, validate=judge, start=kept[1])
    assert torch.equal(other.weight, network.weight)


def test_some_parameters_learn_slowly() -> None:
    torch.manual_seed(0)
    network = nn.ModuleDict({"fast": nn.Linear(4, 4), "slow": nn.Linear(4, 4)})
    before = {name: each.detach().clone() for name, each in network.named_parameters()}

    def loss_of(rng: np.random.Generator) -> torch.Tensor:
        x = torch.from_numpy(rng.normal(size=(8, 4)).astype(np.float32))
        return (network["fast"](x) + network["slow"](x) - 5).square().mean()

    fit(network, loss_of, Schedule(steps=20, rate=0.01, slow="^slow", slow_share=0.1))
    moved = {
        name: float((each.detach() - before[name]).abs().mean())
        for name, each in network.named_parameters()
    }
    assert 0.05 < moved["slow.weight"] / moved["fast.weight"] < 0.2


@pytest.mark.parametrize("threads", [1, 2])
def test_parts_of_a_batch_sum_to_the_whole(threads) -> None:
    x = torch.linspace(-1, 1, 24).reshape(8, 3)

    def trained(parts: int) -> torch.Tensor:
        torch.manual_seed(1)
        network = nn.Linear(3, 1)

        def loss_of(rng: np.random.Generator):
            some = [x[number::parts] for number in range(parts)]
            return [lambda s=s: (network(s) - 1).square().sum() / 8 for s in some]

        fit(network, loss_of, Schedule(steps=15, rate=0.05))
        return network.weight.detach()

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(threads)
        one, two = trained(1), trained(2)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
    torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6)
