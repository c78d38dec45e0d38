"""Frames made of an earlier one, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.video.warp import BLURS, blurred, local_filter, scale_space, warp  # noqa: E402


def _sampled(image: np.ndarray, y: float, x: float) -> np.ndarray:
    height, width = image.shape[1:]
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = int(y), int(x)
    below, right = min(top + 1, height - 1), min(left + 1, width - 1)
    fy, fx = y - top, x - left
    upper = image[:, top, left] * (1 - fx) + image[:, top, right] * fx
    lower = image[:, below, left] * (1 - fx) + image[:, below, right] * fx
    return upper * (1 - fy) + lower * fy


def test_warp_is_bilinear_and_repeats_edges() -> None:
    rng = np.random.default_rng(0)
    image, flow = rng.random((3, 7, 9)), rng.normal(0, 4, (2, 7, 9))
    found = warp(torch.from_numpy(image)[None], torch.from_numpy(flow)[None])[0].numpy()
    for i in range(7):
        for j in range(9):
            expected = _sampled(image, i + flow[1, i, j], j + flow[0, i, j])
            np.testing.assert_allclose(found[:, i, j], expected, atol=1e-9)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (4, 1)])
def test_warp_of_a_row_or_a_column(shape) -> None:
    image = torch.rand(1, 3, *shape)
    assert torch.allclose(warp(image, torch.zeros(1, 2, *shape)), image)
    assert torch.isfinite(warp(image, torch.full((1, 2, *shape), 9.0))).all()


@pytest.mark.parametrize("side", [1, 3, 5])
def test_local_filter(side) -> None:
    rng = np.random.default_rng(1)
    image, weights = rng.random((2, 6, 5)), rng.random((side * side, 6, 5))
    found = local_filter(torch.from_numpy(image)[None], torch.from_numpy(weights)[None])[0].numpy()
    half = side // 2
    for i in range(6):
        for j in range(5):
            total = np.zeros(2)
            for k in range(side * side):
                y = min(max(i + k // side - half, 0), 5)
                x = min(max(j + k % side - half, 0), 4)
                total += weights[k, i, j] * image[:, y, x]
            np.testing.assert_allclose(found[:, i, j], total, atol=1e-9)


def test_scale_space_between_its_copies() -> None:
    image, flow = torch.rand(1, 3, 24, 20), torch.randn(1, 2, 24, 20)
    sharp = scale_space(image, flow, torch.zeros(1, 1, 24, 20))
    assert torch.allclose(sharp, warp(image, flow), atol=1e-6)
    once = warp(blurred(image, 1.5), flow)
    mixed = scale_space(image, flow, torch.full((1, 1, 24, 20), 0.25))
    assert torch.allclose(mixed, 0.75 * sharp + 0.25 * once, atol=1e-6)
    last = scale_space(image, flow, torch.full((1, 1, 24, 20), float(BLURS - 1)))
    assert last.std() < 0.5 * sharp.std()


def test_blurring_keeps_what_is_plain_and_the_mean() -> None:
    assert torch.allclose(blurred(torch.full((1, 3, 30, 30), 0.3), 3.0), torch.tensor(0.3))
    spot = torch.zeros(1, 1, 41, 41)
    spot[0, 0, 20, 20] = 1
    found = blurred(spot, 2.0)[0, 0]
    assert float(found.sum()) == pytest.approx(1, abs=1e-4)
    places = torch.arange(41.0) - 20
    assert float((found.sum(0) * places**2).sum()) == pytest.approx(4.0, rel=0.05)
