"""Training of image codecs, and what they learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from covey.codec.image.config import BodyConfig  # noqa: E402
from covey.codec.image.paper import PaperBody, PaperConfig  # noqa: E402
from covey.codec.image.transforms import principal_axes  # noqa: E402
from covey.codec.rate_index import LAMBDAS, PAPER_LAMBDAS, lambda_at  # noqa: E402
from covey.training.codec import (  # noqa: E402
    CodecPlan,
    drawn_rates,
    losses,
    new_body,
    train_codec,
    validated,
)
from covey.training.photographs import draw_squares  # noqa: E402
from covey.training.watch import Watch  # noqa: E402

SMALL = BodyConfig(width=12, latents=32, encoder=1, decoder=1, context=16, hyper=8)


def _photographs(count: int = 4) -> list[np.ndarray]:
    found = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        y, x = np.mgrid[: 150 + 20 * seed, :170] / 25
        phases = rng.normal(size=(4, 3)) * 2
        waves = sum(np.sin(a * x + b * y + c) for a, b, c in phases)
        colours = np.stack([waves, np.roll(waves, 9, 0), np.roll(waves, 5, 1)], -1)
        found.append(np.clip(128 + 40 * colours, 0, 255).astype(np.uint8))
    return found


def _plan(steps: int = 30, **options) -> CodecPlan:
    plan = CodecPlan(size=64, batch=4, watched=2, **options)
    schedule = replace(plan.schedule, steps=steps, every=10, warm_up=0.1, average=0.9)
    return replace(plan, schedule=schedule)


def test_squares() -> None:
    photographs = _photographs()
    found = draw_squares(photographs, 64, 20, np.random.default_rng(0))
    assert (found.shape, found.dtype) == ((20, 3, 64, 64), np.float32)
    assert 0 <= found.min() < found.max() <= 1
    again = draw_squares(photographs, 64, 20, np.random.default_rng(0))
    np.testing.assert_array_equal(found, again)
    marked = [np.full((100, 100, 3), 10, np.uint8), np.full((300, 100, 3), 200, np.uint8)]
    values = draw_squares(marked, 64, 400, np.random.default_rng(1)).mean((1, 2, 3))
    assert np.mean(values > 0.5) == pytest.approx(0.75, abs=0.07)  # by their pixels


def test_a_photograph_of_just_that_size() -> None:
    one = [np.arange(64 * 64 * 3).reshape(64, 64, 3).astype(np.uint8)]
    found = draw_squares(one, 64, 8, np.random.default_rng(0))
    for square in found:
        assert sorted(np.round(square[0].ravel() * 255)) == sorted(one[0][:, :, 0].ravel())


def test_rates_cover_all() -> None:
    found = np.sort(drawn_rates(9, np.random.default_rng(0)))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(np.floor(found), np.arange(9))


def test_principal_axes() -> None:
    rng = np.random.default_rng(0)
    rows = 0.5 + rng.normal(size=(500, 6)) * [5, 1, 3, 0.1, 2, 0.5]
    axes = principal_axes(rows.astype(np.float32), 3)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-5)
    assert np.abs(axes).argmax(axis=1).tolist() == [0, 2, 4]


def test_starts_as_a_transform_that_works() -> None:
    photographs = _photographs()
    body = new_body(photographs, SMALL, 0)
    x = torch.from_numpy(draw_squares(photographs, 64, 4, np.random.default_rng(3)))
    with torch.no_grad():
        top = body(x, torch.full((4,), 9.0)).image
    assert float((top - x).square().mean()) < 1e-3
    assert ((body.foresight.places >= 0) & (body.foresight.places <= 3)).all()


def test_losses_are_those_of_the_formula() -> None:
    body = new_body(_photographs(), SMALL, 0)
    x, t = torch.rand(2, 3, 64, 64), torch.tensor([1.5, 7.25])
    with torch.no_grad():
        coded = body(x, t, torch.Generator().manual_seed(0))
    for lambdas, power in ((LAMBDAS, 0.5), (PAPER_LAMBDAS, 0.0)):
        found = losses(coded, x, t, CodecPlan(lambdas=lambdas, power=power))
        for i in range(2):
            weight = lambda_at(float(t[i]), lambdas)
            error = float((coded.image[i] - x[i]).square().mean())
            rate = float(coded.bits[i]) / 64**2
            expected = weight**-power * (rate + weight * error)
            assert float(found[i]) == pytest.approx(expected, rel=1e-4)


def test_learns() -> None:
    photographs = _photographs()
    body = new_body(photographs, SMALL, 0)
    seen = []
    x = torch.from_numpy(draw_squares(photographs[:1], 64, 6, np.random.default_rng([0, 1])))
    before = validated(body, x, _plan()).loss
    train_codec(
        photographs[1:],
        photographs[:1],
        body,
        _plan(40),
        Watch(tell=lambda step, loss, found: seen.append((step, found))),
    )
    told = [found for _, found in seen if found is not None]
    assert len(told) == 4
    assert told[-1].loss < 0.9 * before
    bits = [point.bits for point in told[-1].points]
    assert bits == sorted(bits)
    assert "bpp:dB" in told[-1].told()


@pytest.mark.parametrize("paper", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_resumed_takes_the_same_steps(paper) -> None:
    photographs = _photographs()

    def begun():
        torch.manual_seed(1)
        return PaperBody(PaperConfig(4, 4)) if paper else new_body(photographs, SMALL, 0)

    kept = []
    body = begun()
    train_codec(photographs[1:], photographs[:1], body, _plan(20), Watch(keep=kept.append))
    assert [each.step for each in kept] == [10, 20]
    other = begun()
    train_codec(photographs[1:], photographs[:1], other, _plan(20), Watch(start=kept[0]))
    for name, value in other.state_dict().items():
        assert torch.equal(value, body.state_dict()[name]), name
