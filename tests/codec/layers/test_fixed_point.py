"""Convolutions by integers against an oracle of int64."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.layers.fixed_point import (  # noqa: E402
    ACTIVE,
    FixedConv,
    FixedLayer,
    bounded,
    integers_between,
    rounded,
)


def oracle(layer: FixedLayer, a: np.ndarray, number: int) -> np.ndarray:
    """The same by int64, with shifts instead of products."""
    after = len(layer.bias)
    height, width = a.shape[1:]
    weight = layer.weight.astype(np.int64)
    acc = np.zeros((after, height, width), np.int64)
    if layer.depthwise:
        wide = np.pad(a, ((0, 0), (1, 1), (1, 1)))
        for i in range(3):
            for j in range(3):
                acc += weight[:, i, j, None, None] * wide[:, i : i + height, j : j + width]
    else:
        acc += np.einsum("oc,chw->ohw", weight, a)
    for c in range(after):
        acc[c] += int(layer.bias[c])
        if layer.rate is not None:
            interval, mix = divmod(number, 1000)
            below, above = (int(layer.rate[interval + i, c]) for i in (0, 1))
            acc[c] += (below * (1000 - mix) + above * mix + 500) // 1000
        shift = int(layer.shift[c])
        acc[c] = (acc[c] + (1 << (shift - 1))) >> shift if shift > 0 else acc[c] << -shift
    return np.clip(acc, layer.low, layer.high)


def _conv(depthwise: bool, by_rate: bool, seed: int = 0, **options) -> FixedConv:
    torch.manual_seed(seed)
    conv = FixedConv(12, 12, depthwise=depthwise, by_rate=by_rate, **options)
    with torch.no_grad():
        conv.weight.mul_(torch.exp(torch.randn(12))[:, None, None, None] * 2)
        conv.bias.normal_()
        if conv.rate is not None:
            conv.rate.normal_()
    return conv


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize("by_rate", [False, True])
@pytest.mark.parametrize("options", [{}, {"low": -4095, "high": 4095}, {"fraction": 3, "high": 63}])
def test_equals_int64(depthwise, by_rate, options) -> None:
    layer = _conv(depthwise, by_rate, **options).frozen()
    rng = np.random.default_rng(0)
    for number in (0, 1, 999, 1000, 4321, 8999):
        a = rng.integers(-ACTIVE, ACTIVE + 1, size=(12, 7, 5))
        found = layer(torch.from_numpy(a[None].astype(np.float32)), number)[0].numpy()
        np.testing.assert_array_equal(found, oracle(layer, a, number))
        assert len(np.unique(found)) > 3


def test_a_map_of_rates_is_each_of_its_rates() -> None:
    layer = _conv(False, True).frozen()
    a = np.random.default_rng(1).integers(0, 128, size=(12, 2, 3))
    rates = np.array([[0, 17, 8999], [4500, 17, 3]])
    found = layer(torch.from_numpy(a[None].astype(np.float32)), rates)[0].numpy()
    for i in range(2):
        for j in range(3):
            expected = oracle(layer, a[:, i : i + 1, j : j + 1], int(rates[i, j]))
            np.testing.assert_array_equal(found[:, i, j], expected[:, 0, 0])


@pytest.mark.parametrize("depthwise", [False, True])
def test_training_sees_what_the_integers_will_do(depthwise) -> None:
    conv = _conv(depthwise, True)
    a = torch.randint(-127, 128, (1, 12, 6, 6)).float()
    expected = conv.frozen()(a, 4000)
    torch.testing.assert_close(conv(a, torch.tensor([4.0])), expected, atol=0, rtol=0)


@pytest.mark.parametrize("before", [64, 928, 1184])
def test_the_largest_sums_stay_exact(before) -> None:
    """Sums as they are, without a shift or a clamp that would hide what is inexact."""
    rng = np.random.default_rng(0)
    conv = FixedConv(before, 6)
    layer = conv.frozen()
    weight = np.full((6, before), conv.largest, np.int8) - rng.integers(0, 2, (6, before))
    weight[3:] *= -1
    bias = np.array([2**20 + 1, 7, -1, -(2**20) - 1, 5, 0], np.int32)
    whole = FixedLayer(weight.astype(np.int8), bias, np.zeros(6, np.int8), None, -(2**24), 2**24)
    whole.check(conv, "it")
    a = np.full((before, 2, 2), ACTIVE)
    a[:, 0, 1] -= rng.integers(0, 3, before)
    found = whole(torch.from_numpy(a[None].astype(np.float32)), 0)[0].numpy()
    np.testing.assert_array_equal(found, oracle(whole, a, 0))
    if before > 64:
        assert np.abs(found).max() > 2**23.5
    assert layer.check(conv, "it") is None


def test_training_and_integers_agree_on_large_biases() -> None:
    conv = _conv(False, True)
    with torch.no_grad():
        conv.weight.mul_(1e-3)
        conv.bias.mul_(40)
        conv.rate.mul_(9)
    a = torch.randint(-127, 128, (1, 12, 6, 6)).float()
    torch.testing.assert_close(conv(a, torch.tensor([4.0])), conv.frozen()(a, 4000))


def test_gradients_lead_back_from_outside() -> None:
    x = torch.tensor([-3.0, -3.0, 70.0, 70.0, 5.0], requires_grad=True)
    (bounded(x, 0, 63) * torch.tensor([1.0, -1.0, 1.0, -1.0, 1.0])).sum().backward()
    assert x.grad.tolist() == [0, -1, 1, 0, 1]


def test_sums_that_are_not_exact_are_refused() -> None:
    conv = FixedConv(1184, 4)
    layer = conv.frozen()
    bad = FixedLayer(
        np.full((4, 1184), 127, np.int8), layer.bias, layer.shift, None, layer.low, layer.high
    )
    with pytest.raises(ValueError, match="it has sums that a float32 does not hold exactly"):
        bad.check(conv, "it")
    short = FixedLayer(layer.weight[:, :5], layer.bias, layer.shift, None, 0, 127)
    with pytest.raises(ValueError, match=r"it\.weight does not fit"):
        short.check(conv, "it")


def test_gradients_reach_everything() -> None:
    conv = _conv(False, True)
    a = torch.randint(0, 128, (2, 12, 4, 4)).float().requires_grad_()
    conv(a, torch.tensor([0.5, 7.25])).square().sum().backward()
    for each in (conv.weight, conv.bias, conv.rate, a):
        assert torch.isfinite(each.grad).all()
        assert each.grad.any()


def test_halves_are_rounded_upward() -> None:
    x = torch.tensor([-1.5, -0.5, 0.5, 1.5, 0.49])
    assert rounded(x).tolist() == [-1, 0, 1, 2, 0]
    assert integers_between(np.array([[0], [1]] * 5), 500).tolist() == [1]
    assert integers_between(np.array([[0], [-1]] * 5), 500).tolist() == [0]
