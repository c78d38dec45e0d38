"""Bits of a logistic law, and what foresight may see."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.image.foresight import SCALES, TABLES, bits, scale_of  # noqa: E402


def test_bits_are_those_of_the_law() -> None:
    x = np.array([0.0, 0.3, -2.0, 7.0])
    for scale in (0.3, 1.0, 20.0):
        law = 1 / (1 + np.exp(-(x + 0.5) / scale)) - 1 / (1 + np.exp(-(x - 0.5) / scale))
        found = bits(torch.from_numpy(x), torch.tensor(scale, dtype=torch.float64))
        np.testing.assert_allclose(found, -np.log2(law), rtol=1e-7)


def test_far_values_have_gradients() -> None:
    x = torch.tensor([500.0, -500.0], requires_grad=True)
    scale = torch.tensor([0.05, 0.05], requires_grad=True)
    found = bits(x, scale)
    assert torch.isfinite(found).all()
    found.sum().backward()
    assert (x.grad * torch.tensor([1.0, -1.0]) > 0).all()
    assert (scale.grad < 0).all()


def test_bits_of_all_whole_numbers_are_one_in_all() -> None:
    whole = torch.arange(-4000.0, 4001.0, dtype=torch.float64)
    for scale in (0.05, 0.7, 90.0):
        share = torch.exp2(-bits(whole, torch.tensor(scale, dtype=torch.float64)))
        assert float(share.sum()) == pytest.approx(1.0, abs=1e-9)


def test_numbers_of_scales() -> None:
    np.testing.assert_allclose(scale_of(torch.arange(float(TABLES))), SCALES, rtol=1e-4)


def test_a_step_sees_earlier_steps_alone(body) -> None:
    """What a step foresees does not change with what is coded in it or later."""
    t = torch.tensor([3.2])
    z = torch.randint(-4, 5, (1, 8, 2, 2)).float()
    hints = body.foresight.hints(z, t)
    cells = torch.randint(-3, 4, (1, 4, 16, 4, 4)).float()
    for number, step in enumerate(body.foresight.steps):
        read = body.foresight.read(cells[:, :number]) if number else None
        mean, scale = step(hints, read, t)
        assert mean.shape == scale.shape == (1, 16, 4, 4)
        assert ((scale >= 0) & (scale <= TABLES - 1)).all()
        if number:
            other = body.foresight.read(cells[:, :number] + 1)
            assert not torch.equal(step(hints, other, t)[0], mean)
