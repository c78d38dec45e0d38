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


def test_a_step_sees_earlier_steps_alone(codec) -> None:
    """What a step foresees does not change with what is coded in it or later."""
    rng = np.random.default_rng(0)
    foresight = codec.foresight
    hints = foresight.hints(rng.integers(-4, 5, (8, 2, 2)).astype(np.int32), 3200)
    decoded = [rng.integers(-90, 91, (16, 4, 4)).astype(np.int32) for _ in range(4)]
    for number in range(4):
        read = [foresight.read(each) for each in decoded[:number]]
        mean, table = foresight.step(number, hints, read, 3200)
        assert mean.shape == table.shape == (16, 4, 4)
        assert table.max() < TABLES
        if number:
            changed = [foresight.read(decoded[0] + 16), *read[1:]]
            assert not np.array_equal(foresight.step(number, hints, changed, 3200)[0], mean)


def test_later_steps_change_no_earlier_part(codec) -> None:
    """A change of the latents of a step leaves the words of all parts before as they were."""
    from covey.codec.image.cells import from_cells, to_cells
    from covey.codec.image.tile_coding import encode_tile

    rng = np.random.default_rng(0)
    y = torch.from_numpy((rng.normal(size=(1, 16, 16, 16)) * 3).astype(np.float32))
    z = rng.integers(-3, 4, (8, 4, 4)).astype(np.float32)
    plain = encode_tile(codec.foresight, codec.coder, y[0].numpy(), z, 4000)
    for number in range(4):
        cells = to_cells(y)
        cells[:, number] += 5
        other = encode_tile(codec.foresight, codec.coder, from_cells(cells)[0].numpy(), z, 4000)
        same = plain.ends[number] - 1  # the last word may hold what comes next
        np.testing.assert_array_equal(other.words[:same], plain.words[:same])
        assert not np.array_equal(other.words, plain.words)
