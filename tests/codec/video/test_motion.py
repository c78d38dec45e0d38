"""Prediction begins at that by squares, and every branch is what its name says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.video.body import MotionBody  # noqa: E402
from covey.codec.video.config import BRANCHES, MotionConfig  # noqa: E402
from covey.codec.video.motion import spread  # noqa: E402
from covey.codec.video.warp import warp  # noqa: E402
from covey.types import UsageError  # noqa: E402

CONFIG = MotionConfig(width=8, latents=12, encoder=1, decoder=2, context=8, hyper=4, fusion=4)


@pytest.fixture(scope="module")
def frames():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(2, 3, 64, 64, generator=generator)
    before = torch.rand(2, 3, 64, 64, generator=generator)
    found = torch.randn(2, 2, 8, 8, generator=generator).mul(8).round() / 4
    return x, before, found, torch.tensor([2.0, 8.5])


@pytest.mark.parametrize("branch", BRANCHES)
def test_shapes_and_gradients(branch, frames) -> None:
    torch.manual_seed(0)
    body = MotionBody(replace(CONFIG, branch=branch))
    seen = body(*frames, torch.Generator().manual_seed(0))
    frame = seen.frame
    assert frame.image.shape == frames[0].shape
    assert frame.mask.shape == (2, 1, 64, 64)
    assert seen.bits.shape == (2,)
    if branch == "copy":
        assert torch.equal(frame.image, frames[1])
        assert not seen.bits.any()
        return
    (frame.image.square().mean() + seen.bits.mean() * 1e-5).backward()
    silent = [name for name, each in body.named_parameters() if each.grad is None]
    unused = {"synthesis.flow"} if branch == "filter" else set()
    assert {name.rsplit(".", 1)[0] for name in silent} <= unused | {"synthesis.scale"}


def test_it_starts_as_prediction_by_squares(frames) -> None:
    """Up to steps in which motion is coded: four sums, an eighth of a pixel each at the top."""
    torch.manual_seed(0)
    body = MotionBody(replace(CONFIG, branch="flow", refined=False))
    _, before, found, _ = frames
    t = torch.tensor([9.0, 9.0])
    seen = body(frames[0], before, found, t, torch.Generator().manual_seed(0))
    off = (seen.frame.flow - spread(found, 8)).abs()
    assert off.max() < 0.52
    assert off.mean() < 0.15
    assert (seen.frame.image - warp(before, spread(found, 8))).abs().mean() < 0.1


@pytest.mark.parametrize("branch", ["filter", "mean", "mask"])
def test_fusion(branch, frames) -> None:
    torch.manual_seed(0)
    body = MotionBody(replace(CONFIG, branch=branch, refined=False))
    frame = body(*frames, torch.Generator().manual_seed(0)).frame
    mask = {"filter": torch.zeros(1), "mean": torch.full((1,), 0.5)}.get(branch, frame.mask)
    expected = mask * frame.moved + (1 - mask) * frame.filtered
    assert torch.allclose(frame.image, expected, atol=1e-6)
    assert (frame.mask >= 0).all()
    assert (frame.mask <= 1).all()


def test_bits_rise_with_the_rate(frames) -> None:
    torch.manual_seed(0)
    body = MotionBody(CONFIG)
    x, before, found, _ = frames
    low, high = (body.analysis(x, before, found, torch.full((2,), t)) for t in (0.0, 9.0))
    assert high.abs().mean() > 2 * low.abs().mean()


@pytest.mark.parametrize("wrong", [{"branch": "none"}, {"taps": 4}, {"latents": 4}])
def test_sizes_that_cannot_be(wrong) -> None:
    with pytest.raises(UsageError):
        MotionConfig(**wrong)


def test_threads_change_nothing(frames) -> None:
    torch.manual_seed(0)
    body = MotionBody(CONFIG).eval()
    had = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            with torch.inference_mode():
                seen = body(*frames, torch.Generator().manual_seed(0))
            found.append(np.asarray(seen.frame.image))
    finally:
        torch.set_num_threads(had)
    assert np.abs(found[0] - found[1]).max() < 1e-5
