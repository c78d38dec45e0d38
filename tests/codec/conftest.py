"""A small codec of random weights."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture(scope="session")
def body():
    """Weights at random, biases by the rate too, so that everything matters."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("constriction")
    from covey.codec.image.body import Body
    from covey.codec.image.config import BodyConfig

    torch.manual_seed(5)
    body = Body(BodyConfig(width=12, latents=16, encoder=2, decoder=2, context=16, hyper=8))
    with torch.no_grad():
        for name, each in body.foresight.named_parameters():
            if name.endswith(("rate", "bias")):
                each.add_(0.4 * torch.randn(each.shape))
            if "mean.weight" in name:
                each.mul_(20)
        body.foresight.places.copy_(torch.arange(16.0) % 4)
        body.analysis.gain.weight.add_(0.1 * torch.randn(body.analysis.gain.weight.shape))
    return body


@pytest.fixture(scope="session")
def codec(body):
    """The same as it is kept."""
    from covey.codec.image.model import ImageCodec

    return ImageCodec.of(body, trained="not at all")


@pytest.fixture(scope="session")
def smooth():
    """(height, width) of pixels to a picture that is neither flat nor noise."""

    def make(height: int, width: int, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[:height, :width] / 40.0
        waves = [np.sin(a * x + b * y + c) for a, b, c in rng.normal(size=(3, 3)) * 2]
        noise = rng.normal(size=(height, width, 3)) * 6
        return np.clip(128 + 80 * np.stack(waves, -1) + noise, 0, 255).astype(np.uint8)

    return make
