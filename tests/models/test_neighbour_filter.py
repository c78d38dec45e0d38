"""The adaptive filter against plain loops, and what it must not depend on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.models.ada_nets_config import AdaNETSConfig  # noqa: E402
from covey.models.neighbour_filter import (  # noqa: E402
    NeighbourFilter,
    filtered_lengths,
    lengths_of,
    scores_of,
)
from covey.models.ordered_lists import candidates, ordered_lists  # noqa: E402

SMALL = AdaNETSConfig(6, k=9, filter_width=5, filter_hidden=3)
CONFIGS = [SMALL, replace(SMALL, faithful=True)]


def _filter(config, seed=3):
    torch.manual_seed(seed)
    network = NeighbourFilter(config)
    with torch.no_grad():  # away from zeros and ones, which would hide errors
        for each in network.parameters():
            each.add_(0.5 * torch.randn_like(each))
        if not config.faithful:
            network.mean.add_(0.2 * torch.randn_like(network.mean))
            network.scale.mul_(0.5 + torch.rand_like(network.scale))
        network.out.weight.mul_(9)  # so that lists differ in their lengths
        network.out.bias.fill_(0.5)
    return network.eval()


@pytest.fixture(scope="module")
def rows(grouped):
    return grouped(50, 6, 7)[0]


def _lists(rows, config):
    return ordered_lists(rows, candidates(rows, config), config)


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _unit(x):
    return x / np.maximum(np.linalg.norm(x, axis=-1, keepdims=True), 1e-12)


def naive(values, tokens):
    """The share for one list (m, d) without padding, one gate after another."""
    hidden = values["lstm.weight_hh_l0"].shape[1]
    ways = []
    for name, order in (("", 1), ("_reverse", -1)):
        h, c, states = np.zeros(hidden), np.zeros(hidden), []
        for x in tokens[::order]:
            gates = values[f"lstm.weight_ih_l0{name}"] @ x + values[f"lstm.bias_ih_l0{name}"]
            gates = (
                gates + values[f"lstm.weight_hh_l0{name}"] @ h + values[f"lstm.bias_hh_l0{name}"]
            )
            i, f, g, o = gates.reshape(4, hidden)
            c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
            h = _sigmoid(o) * np.tanh(c)
            states.append(h)
        ways.append(np.array(states[::order]))
    along = np.hstack(ways) @ values["back.weight"].T + values["back.bias"]
    z = _unit(_unit((along + tokens) / 2**0.5).mean(axis=0))
    mixed = z
    for linear, bend in ((0, 1), (3, 4)):
        mixed = values[f"mix.{linear}.weight"] @ mixed + values[f"mix.{linear}.bias"]
        mixed = np.where(mixed > 0, mixed, values[f"mix.{bend}.weight"] * mixed)
    return (values["out.weight"] @ ((z + mixed) / 2**0.5) + values["out.bias"])[0]


@pytest.mark.parametrize("config", CONFIGS)
def test_same_as_plain_loops(config, rows) -> None:
    network, lists = _filter(config), _lists(rows, config)
    values = {name: each.numpy().astype(np.float64) for name, each in network.state_dict().items()}
    with torch.no_grad():
        found = network(network.tokens_of(rows, lists, np.arange(50))).numpy()
    for i in range(50):
        if config.faithful:
            tokens = rows[lists.items[i]]
        else:
            known = [lists.similarities, lists.scores, lists.agreement, lists.fit]
            tokens = np.stack([each[i] for each in known], axis=-1)
            tokens = (tokens - values["mean"]) * values["scale"]
            tokens = tokens @ values["lift.weight"].T + values["lift.bias"]
        assert found[i] == pytest.approx(naive(values, tokens), abs=1e-4)
    shares = found.astype(np.float64) * 9
    assert shares.std() > 0.5
    np.testing.assert_array_equal(
        filtered_lengths(network, rows, lists), np.clip(np.round(shares), 1, 9)
    )


@pytest.mark.parametrize("config", CONFIGS)
def test_batches_change_nothing_and_progress_is_told(config, rows) -> None:
    network, lists, done = _filter(config), _lists(rows, config), []
    small = filtered_lengths(network, rows, lists, batch=7, tick=done.append)
    np.testing.assert_array_equal(small, filtered_lengths(network, rows, lists))
    assert done == sorted(done)
    assert done[-1] == 1.0


def test_the_order_of_candidates_matters(rows) -> None:
    network, lists = _filter(SMALL), _lists(rows, SMALL)
    tokens = network.tokens_of(rows, lists, slice(None))
    with torch.no_grad():
        straight, turned = network(tokens), network(tokens.flip(1))
    assert (straight - turned).abs().max() > 1e-3


@pytest.mark.parametrize("config", CONFIGS)
def test_lists_shorter_than_k(config, rows) -> None:
    network = _filter(config)
    for n in (1, 2, 5):
        lists = _lists(rows[:n], config)
        found = filtered_lengths(network, rows[:n], lists)
        assert found.shape == (n,)
        assert ((found >= 1) & (found <= n)).all()


def test_lengths_of_shares() -> None:
    shares = np.array([-1.0, 0.0, 0.16, 0.3, 1.0, 7.0])
    assert lengths_of(shares, 10, 8).tolist() == [1, 1, 2, 3, 8, 8]


def test_what_is_known_of_candidates(rows) -> None:
    lists = _lists(rows, SMALL)
    some = scores_of(lists, np.array([4, 2]))
    assert (some.shape, some.dtype) == ((2, 9, 4), np.float32)
    np.testing.assert_array_equal(some[1, :, 3], lists.fit[2])


@pytest.mark.parametrize("config", CONFIGS)
def test_gradients_are_finite_and_reach_everything(config, rows) -> None:
    network, lists = _filter(config).train(), _lists(np.vstack([rows, rows[:5]]), config)
    tokens = network.tokens_of(np.vstack([rows, rows[:5]]), lists, slice(None))
    network(tokens).square().mean().backward()
    for name, each in network.named_parameters():
        assert torch.isfinite(each.grad).all(), name
        assert each.grad.any(), name
