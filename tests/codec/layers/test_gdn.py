"""Divisive normalisation."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.layers.gdn import GDN  # noqa: E402


def _layer(inverse: bool) -> GDN:
    torch.manual_seed(0)
    layer = GDN(4, inverse=inverse)
    with torch.no_grad():
        layer.gamma.add_(0.3 * torch.rand(4, 4))
        layer.beta.mul_(torch.rand(4) + 0.5)
    return layer


@pytest.mark.parametrize("inverse", [False, True])
def test_same_as_its_formula(inverse) -> None:
    layer, x = _layer(inverse), torch.randn(2, 4, 3, 2)
    found = layer(x).detach().numpy()
    beta = layer.beta.detach().numpy() ** 2 - 2.0**-18
    gamma = layer.gamma.detach().numpy() ** 2 - 2.0**-18
    for b, i, j in np.ndindex(2, 3, 2):
        row = x[b, :, i, j].numpy()
        norm = np.sqrt(beta + gamma @ row**2)
        expected = row * norm if inverse else row / norm
        np.testing.assert_allclose(found[b, :, i, j], expected, rtol=1e-5)


def test_starts_near_a_division_of_each_by_itself() -> None:
    x = torch.randn(1, 4, 2, 2)
    torch.testing.assert_close(GDN(4)(x), x / torch.sqrt(1 + 0.1 * x.square()))


def test_gradients_are_finite_at_nothing() -> None:
    layer = _layer(False)
    layer(torch.zeros(1, 4, 1, 1, requires_grad=True)).sum().backward()
    assert torch.isfinite(layer.beta.grad).all()
