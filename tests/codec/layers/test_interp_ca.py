"""Channel attention between rate levels."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.layers.interp_ca import PUBLISHED_START, InterpCA, between_levels  # noqa: E402


def _layer(channels: int = 5) -> InterpCA:
    torch.manual_seed(0)
    layer = InterpCA(channels)
    with torch.no_grad():
        layer.weight.add_(torch.randn(layer.weight.shape))
    return layer


def test_same_as_its_formula() -> None:
    layer, x = _layer(), torch.randn(4, 5, 2, 3)
    t = [0.0, 2.25, 8.999, 9.0]
    found = layer(x, torch.tensor(t))
    weight = layer.weight.detach().numpy().astype(np.float64)
    for image, index in enumerate(t):
        below = min(int(index), 8)
        share = index - below
        for c in range(5):
            w = (1 - share) * weight[below, c] + share * weight[below + 1, c]
            expected = np.log1p(np.exp(w)) * x[image, c].numpy()
            np.testing.assert_allclose(found[image, c].detach(), expected, rtol=1e-5)


def test_a_map_of_rates_scales_each_square() -> None:
    layer, x = _layer(), torch.randn(1, 5, 4, 6)
    rates = torch.tensor([[[0.0, 3.5, 9.0], [1.0, 8.2, 4.4]]])
    found = layer(x, rates)
    for i in range(2):
        for j in range(3):
            square = x[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            expected = layer(square, rates[:, i, j])
            place = found[:, :, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
            torch.testing.assert_close(place, expected)


def test_starts_where_it_should() -> None:
    assert pytest.approx(1.3133, abs=1e-4) == PUBLISHED_START
    start = np.geomspace(0.01, 90, 10)
    levels = torch.arange(10.0)
    np.testing.assert_allclose(
        InterpCA(3, start).factors(levels).detach(), start[:, None].repeat(3, 1), rtol=1e-4
    )
    torch.testing.assert_close(
        InterpCA(3)(torch.ones(1, 3, 1, 1), torch.tensor([4.7])).sum(), torch.tensor(3.0)
    )


def test_only_the_two_levels_learn() -> None:
    layer = _layer()
    layer(torch.ones(1, 5, 1, 1), torch.tensor([3.25])).sum().backward()
    moved = layer.weight.grad.abs().sum(1)
    assert moved.nonzero().flatten().tolist() == [3, 4]


def test_between_levels_is_linear() -> None:
    table = torch.arange(10.0)[:, None] ** 2
    torch.testing.assert_close(between_levels(table, torch.tensor([2.5])), torch.tensor([[6.5]]))
